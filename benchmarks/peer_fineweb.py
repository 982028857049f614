"""datatrove's filters in the order of its ``examples/fineweb.py``, over the texts of a Parquet file. Runs in the peers' environment; prints JSON.

.venv-peers/bin/python benchmarks/peer_fineweb.py texts.parquet
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

# Its LanguageFilter needs a model that no package carries, so its rule is applied to what assay found with lid.176 in the compressed form.
MIN_SCORE = 0.65


def main() -> None:
    filters = [GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter()]
    kept = {}
    for row in pq.read_table(sys.argv[1]).to_pylist():
        document = Document(text=row["text"], id=row["doc_id"])
        is_english = row["language"] == "en" and row["language_score"] > MIN_SCORE
        if is_english and all(one.filter(document) is True for one in filters):
            kept[row["doc_id"]] = document.text
    sys.stdout.write(json.dumps({"version": version("datatrove"), "kept": kept}))


if __name__ == "__main__":
    main()
