"""What some stages give their arms beside texts."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contract.schema import BENCHMARK_ITEMS
from pipelines.shards.tokenizer import learn
from pipelines.text.words import count_words

if TYPE_CHECKING:
    from pathlib import Path

_ITEM_WORDS = 50
_EVERY = 20  # one text in so many lends an item
_STRANGERS = 1000  # items that no text holds: words of texts in another order
_MILLION = 1_000_000
_VOCABULARY = 4096


def nothing(texts: list[str], folder: Path) -> None:
    """Texts are all that is read."""


def items(texts: list[str], folder: Path) -> None:
    """Registered items: runs of 50 words of every twentieth text, and as many words in an order that no text has."""
    draw = random.Random(1)
    runs = [words[:_ITEM_WORDS] for text in texts[::_EVERY] if len(words := text.split()) >= _ITEM_WORDS]
    strangers = [draw.sample(draw.choice(runs), _ITEM_WORDS) for _ in range(_STRANGERS if runs else 0)]
    parts = [" ".join(words) for words in runs + strangers]
    rows = [
        {"benchmark": "bench", "item_id": str(number), "part": "question", "text": part, "num_words": count_words(part), "match_whole": False}
        for number, part in enumerate(parts)
    ]
    pq.write_table(pa.Table.from_pylist(rows, BENCHMARK_ITEMS.schema), folder / "items.parquet")


def million(texts: list[str], folder: Path) -> None:
    """A million registered items of 8 to 72 words, 40 on average: words of the texts in an order that no text has."""
    draw = np.random.default_rng(1)
    words = np.array([word for text in texts for word in text.split()], object)
    lengths = draw.integers(8, 73, _MILLION)
    drawn = words[draw.integers(0, len(words), lengths.sum())]
    borders = np.concatenate([[0], lengths.cumsum()])
    parts = [" ".join(drawn[start:end]) for start, end in itertools.pairwise(borders)]
    same = {"benchmark": "bench", "part": "question", "match_whole": False, "role": "input", "has_answer": True}
    columns = {name: pa.array([value]).take(pa.array(np.zeros(_MILLION, np.int64))) for name, value in same.items()}
    made = {**columns, "item_id": pa.array(range(_MILLION)).cast(pa.string()), "text": pa.array(parts), "num_words": pa.array(lengths)}
    pq.write_table(pa.table({name: made[name] for name in BENCHMARK_ITEMS.schema.names}), folder / "items.parquet")


def tokenizer(texts: list[str], folder: Path) -> None:
    """A tokenizer learned from the texts."""
    (folder / "tokenizer.json").write_text(learn(texts, _VOCABULARY), encoding="utf-8")
