"""datatrove's filters over the texts of a Parquet file, each over each text. Runs in the peers' environment; prints JSON.

.venv-peers/bin/python benchmarks/peer_datatrove.py texts.parquet
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

FILTERS = {
    "gopher_quality": GopherQualityFilter(),
    "gopher_repetition": GopherRepetitionFilter(),
    "c4": C4QualityFilter(),
    "fineweb_quality": FineWebQualityFilter(),
}


def main() -> None:
    texts = pq.read_table(sys.argv[1], columns=["text"]).column("text").to_pylist()
    for one in FILTERS.values():  # loads its models
        one.filter(Document(text="A first text. It warms up. It is short. Nothing more. Good bye.", id="0"))
    report = {"version": version("datatrove")}
    for name, one in FILTERS.items():
        start = time.process_time()
        kept = [one.filter(Document(text=text, id="0")) is True for text in texts]
        report[name] = {"cpu_s": time.process_time() - start, "kept": kept}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
