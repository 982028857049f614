"""Gopher, C4 and FineWeb rules over real texts: ours beside datatrove, the same texts in the same run, decisions compared.

    python benchmarks/bench_signals.py [texts.parquet] [--max-mb 3] [--peer .venv-peers/bin/python]

Without a file the texts are what this Python environment says of itself. Every rule is measured on every text on both sides, so nobody saves time by
dropping early. Seconds are CPU seconds of one process, start-up and compilation left out; ours is timed twice, since words met before cost less.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.rules.preset import judge, load_preset
from pipelines.signals.base import signals
from pipelines.sources.base import Record
from pipelines.sources.installed import Installed
from pipelines.text.batch import DocumentBatch

FAMILIES = {"gopher_quality": "gopher", "gopher_repetition": "gopher", "c4": "c4", "fineweb_quality": "fineweb"}
BATCH = 500


def installed_texts(max_bytes: int) -> list[str]:
    source = Installed(max_bytes=max_bytes)
    return [record.text for unit in source.look().units for record in source.read(unit) if isinstance(record, Record)]


def first_bytes(texts: list[str], max_bytes: int) -> list[str]:
    taken, num_bytes = [], 0
    for text in texts:
        num_bytes += len(text.encode())
        if num_bytes > max_bytes:
            break
        taken.append(text)
    return taken


def ours(texts: list[str]) -> tuple[dict[str, list[bool]], float]:
    """Decisions by family, and CPU seconds."""
    rules = {name: [rule for rule in load_preset(preset).rules if rule.family == name] for name, preset in FAMILIES.items()}
    families = {name: signals[name]() for name in FAMILIES}
    kept = {name: [True] * len(texts) for name in FAMILIES}
    start = time.process_time()
    for first in range(0, len(texts), BATCH):
        batch = DocumentBatch.of(texts[first : first + BATCH])
        places = pa.array([str(first + i) for i in range(len(batch))])
        for name, family in families.items():
            for place in judge(rules[name], places, family.measure(batch)).column("doc_id").to_pylist():
                kept[name][int(place)] = False
    return kept, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parquet", nargs="?", type=Path, help="a file with a column text")
    parser.add_argument("--max-mb", type=float, default=3.0)
    parser.add_argument("--peer", type=Path, default=Path(".venv-peers/bin/python"), help="a Python that has datatrove")
    given = parser.parse_args()
    most = int(given.max_mb * 1e6)
    found = pq.read_table(given.parquet, columns=["text"]).column("text").to_pylist() if given.parquet else installed_texts(2 * most)
    texts = first_bytes(found, most)
    mb = sum(len(text.encode()) for text in texts) / 1e6
    ours(["Words to compile the kernels with, and to load what cuts words. " * 3])
    kept, cold_s = ours(texts)
    _, warm_s = ours(texts)
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(pa.table({"text": texts}), f"{folder}/texts.parquet")
        command = [given.peer, Path(__file__).with_name("peer_datatrove.py"), f"{folder}/texts.parquet"]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    peer = json.loads(told.stdout)
    peer_s = sum(peer[name]["cpu_s"] for name in FAMILIES)
    print(f"{len(texts)} texts, {mb:.1f} MB; datatrove {peer['version']}")
    print(f"ours, all four families, first pass    {mb / cold_s:8.2f} MB/s")
    print(f"ours, words met before                 {mb / warm_s:8.2f} MB/s")
    print(f"datatrove, four filters                {mb / peer_s:8.2f} MB/s")
    print(f"ratio, first pass                      {peer_s / cold_s:8.1f}")
    print(f"ratio, words met before                {peer_s / warm_s:8.1f}")
    for name in FAMILIES:
        differ = sum(a != b for a, b in zip(kept[name], peer[name]["kept"], strict=True))
        print(f"decisions that differ, {name:<18}{differ:6d} of {len(texts)}")


if __name__ == "__main__":
    main()
