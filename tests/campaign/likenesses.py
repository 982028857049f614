"""How many paraphrases and translations the semantic tier finds in real documents, and how many false alarms it gives.

    python -m campaign.likenesses CORPUS.parquet [--documents 4000]

Each passage of ``semantic_pairs.jsonl``, which we wrote ourselves, is planted in the middle of a document of its own; the items are looked for in all
documents together, so that a planted passage competes with everything else for its item's few candidates. A false alarm is a finding elsewhere than
in a passage of the item, or in a hard negative: text that shares the item's words and says something else.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contamination.semantic import Nearest, SemanticIndex, SemanticRule, ranked
from pipelines.contract.schema import BENCHMARK_ITEMS
from pipelines.text.sentence_embeddings import Encoder, static_embeddings

PAIRS: Final = Path(__file__).with_name("semantic_pairs.jsonl")
THRESHOLDS: Final = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
_BATCH: Final = 256


def measured(corpus: Path, num_documents: int) -> dict[str, Any]:
    """Counts by threshold, kind and language; speed in megabytes a CPU second beside ``str.split`` in the same process."""
    told = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    texts = [text for text in pq.read_table(corpus, columns=["text"]).column("text").to_pylist() if len(text) > 1000][:num_documents]
    texts = [planted(text, told[i]["passage"]) if i < len(told) else text for i, text in enumerate(texts)]
    sought = items(list(dict.fromkeys(pair["item"] for pair in told)))
    static, rule = static_embeddings(), SemanticRule()
    index, encoder, nearest = SemanticIndex(sought, static, rule), Encoder(), Nearest(rule.nominees)
    index.candidates(["warm"], pa.array(texts[:1]))
    start = time.process_time()
    for first in range(0, len(texts), _BATCH):
        nearest.add(index.candidates([str(i) for i in range(first, min(first + _BATCH, len(texts)))], pa.array(texts[first : first + _BATCH])))
    scanned = time.process_time()
    candidates = index.narrowed(nearest.all())
    found = ranked(sought, candidates, encoder.of_texts, THRESHOLDS[0]).to_pylist()
    compared = time.process_time()
    for text in texts:
        text.split()
    split = time.process_time() - compared
    size = sum(len(text.encode()) for text in texts) / 1e6
    speed = {"scan": size / (scanned - start), "with_encoder": size / (compared - start), "str_split": size / split}
    shape = {"megabytes": size, "items": sought.num_rows, "candidates": len(candidates), "encoder_s": compared - scanned}
    return {**shape, "mb_per_cpu_s": speed, "by_threshold": {str(least): counted(found, told, sought, least) for least in THRESHOLDS}}


def planted(text: str, passage: str) -> str:
    """The text with the passage as a paragraph of its own in the middle."""
    middle = text.rfind(" ", 0, len(text) // 2) + 1
    return f"{text[:middle]}\n\n{passage}\n\n{text[middle:]}"


def items(texts: list[str]) -> pa.Table:
    """Items as they are registered."""
    bare = {**dict.fromkeys(BENCHMARK_ITEMS.schema.names), "benchmark": "pairs", "part": "question"}
    return pa.Table.from_pylist([{**bare, "item_id": str(i), "text": text} for i, text in enumerate(texts)], schema=BENCHMARK_ITEMS.schema)


def counted(found: list[dict[str, Any]], told: list[dict[str, str]], sought: pa.Table, least: float) -> dict[str, Any]:
    """Passages found of each kind and language, and findings elsewhere."""
    texts = sought.column("text").to_pylist()
    met, elsewhere = set(), 0
    for row in (row for row in found if row["similarity"] >= least):
        number = int(row["doc_id"])
        if number < len(told) and told[number]["item"] == texts[int(row["item_id"])]:
            met.add(number)
        else:
            elsewhere += 1
    kinds = Counter(f"{told[number]['kind']}.{told[number]['language']}" for number in met)
    of = Counter(f"{pair['kind']}.{pair['language']}" for pair in told)
    return {**{kind: f"{kinds[kind]} of {of[kind]}" for kind in sorted(of)}, "elsewhere": elsewhere}


def main() -> None:
    """Prints what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--documents", type=int, default=4000)
    asked = parser.parse_args()
    print(json.dumps(measured(asked.corpus, asked.documents), indent=1))  # noqa: T201 - what the script is for


if __name__ == "__main__":
    main()
