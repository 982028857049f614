"""The texts that arms read: what this Python environment says of itself, the column ``text`` of Parquet files, or the pages of web archives."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sources.base import Record, sources
from pipelines.sources.installed import Installed

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.sources.base import Source


def texts_of(place: Path | None, max_bytes: int) -> list[str]:
    """Texts in a fixed pseudo-random order, so that each prefix is a fair sample; about ``max_bytes`` of them."""
    if place is None:
        found = _of_source(Installed(max_bytes=3 * max_bytes, max_documents=1_000_000))  # the cap counts files, of which texts are a part
    else:
        files = sorted(place.rglob("*.parquet")) if place.is_dir() else [place] * (place.suffix == ".parquet")
        found = [text for file in files for text in pq.read_table(file, columns=["text"]).column("text").to_pylist() if text is not None]
        found = found or _of_source(sources["warc"](path=place))
    random.Random(1).shuffle(found)
    return prefix(found, max_bytes)


def _of_source(source: Source) -> list[str]:
    return [record.text for unit in source.look().units for record in source.read(unit) if isinstance(record, Record)]


def prefix(texts: list[str], max_bytes: float) -> list[str]:
    """The first texts that together have at most so many bytes; at least one."""
    num_bytes = 0
    for number, text in enumerate(texts):
        num_bytes += len(text.encode())
        if num_bytes > max_bytes and number:
            return texts[:number]
    return texts


def write(texts: list[str], path: Path) -> None:
    """A file as arms read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), path, row_group_size=1000)
