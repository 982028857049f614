"""What some stages give their arms beside texts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

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


def tokenizer(texts: list[str], folder: Path) -> None:
    """A tokenizer learned from the texts."""
    (folder / "tokenizer.json").write_text(learn(texts, _VOCABULARY), encoding="utf-8")
