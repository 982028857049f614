"""Texts of benchmark items from a folder of files in whatever layout: JSON, JSON Lines, CSV, TSV; a folder below it is a benchmark."""

from __future__ import annotations

import csv
import gzip
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipelines.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Fields that hold what a model is asked, the first that there is; passages that a question is about are not read: they are on the web anyway.
_FIELDS: Final = ("question", "goal", "prompt", "premise", "sentence", "sent_more", "text", "context")
_SUFFIXES: Final = (".json", ".jsonl", ".jsonl.gz", ".csv", ".tsv")
_MOST_A_FILE: Final = 2000
_LEAST_WORDS: Final = 5


def read_items(folder: Path) -> pa.Table:
    """Items in the columns that an index is built from, each text once."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for path in sorted(path for path in folder.rglob("*") if path.name.endswith(_SUFFIXES)):
        name = path.relative_to(folder)
        for number, text in zip(range(_MOST_A_FILE), _texts(path), strict=False):
            num_words = count_words(text)
            if text not in seen and num_words >= _LEAST_WORDS:
                seen.add(text)
                rows.append(_row(name.parts[0], f"{name.as_posix()}:{number}", text, num_words))
    return pa.Table.from_pylist(rows)


def pairs(path: Path) -> Iterator[dict[str, str]]:
    """Items with passages that say the same in other words: a JSON object a line, with ``id``, ``kind``, ``language``, ``item`` and ``passage``."""
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def as_table(named: list[tuple[str, str]], benchmark: str) -> pa.Table:
    """Items of a benchmark from their ids and texts."""
    return pa.Table.from_pylist([_row(benchmark, name, text, count_words(text)) for name, text in named])


def _row(benchmark: str, item_id: str, text: str, num_words: int) -> dict[str, Any]:
    whole = {"match_whole": False, "role": "input", "has_answer": True}
    return {"benchmark": benchmark, "item_id": item_id, "part": "question", "text": text, "num_words": num_words, **whole}


def _texts(path: Path) -> Iterator[str]:
    data = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    whole = data.decode("utf-8-sig", "replace")
    if path.name.endswith(".json"):
        yield from _found(json.loads(whole))
    elif ".jsonl" in path.name:
        yield from (text for line in whole.splitlines() if line.strip() for text in _found(json.loads(line)))
    elif path.name.endswith(".csv"):
        yield from (text for row in csv.DictReader(whole.splitlines(keepends=True)) for text in _found(row))
    else:
        yield from (row[-1] if re.fullmatch(r"\S+\.txt", row[0]) else row[0] for row in csv.reader(whole.splitlines(), delimiter="\t") if row)


def _found(value: Any) -> Iterator[str]:
    """Texts in a value: of an object that has such a field, the field; else of all that is in it."""
    if isinstance(value, list):
        for one in value:
            yield from [one.strip()] if isinstance(one, str) else _found(one)
        return
    if not isinstance(value, dict):
        return
    names = {str(name).lower(): name for name in value if isinstance(value[name], str) and value[name].strip()}
    asked = next((names[name] for name in _FIELDS if name in names), None)
    if asked is not None:
        yield value[asked].strip()
        return
    for one in value.values():
        yield from _found(one)
