"""Bodies for engine tests; in a module of their own, so that worker processes can import them."""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTHS = pa.schema([("doc_id", pa.string()), ("length", pa.int64()), ("cuts", pa.list_(pa.int64()))])
WORDS = pa.schema([("doc_id", pa.string()), ("word", pa.string())])
GROUPS = pa.schema([("length", pa.int64()), ("first", pa.string()), ("count", pa.int64())])
THIRDS = pa.schema([("doc_id", pa.string()), ("written", pa.list_(pa.int64()))])


@dataclass(frozen=True)
class KeepWithSizes:
    """Every row, and beside each whose text has a number of bytes that three divides, how many."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        sizes = pc.binary_length(batch.column("text"))
        rows = zip(batch.column("doc_id").to_pylist(), sizes.to_pylist(), strict=True)
        thirds = [{"doc_id": doc_id, "written": [size]} for doc_id, size in rows if size % 3 == 0]
        return {"kept": batch, "thirds": pa.RecordBatch.from_pylist(thirds, schema=THIRDS)}


@dataclass(frozen=True)
class Measure:
    """Two tables from one pass; the side's column comes along."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        ids, texts = batch.column("doc_id").to_pylist(), batch.column("text").to_pylist()
        words = [{"doc_id": i, "word": word} for i, text in zip(ids, texts, strict=True) for word in text.split()]
        lengths = {"doc_id": ids, "length": [len(t) for t in texts], "cuts": batch.column("cuts")}
        return {"lengths": pa.RecordBatch.from_pydict(lengths, schema=LENGTHS), "words": pa.RecordBatch.from_pylist(words, schema=WORDS)}


@dataclass(frozen=True)
class First:
    """Says which row of a group came first."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        row = {"length": batch.column("length")[0].as_py(), "first": batch.column("doc_id")[0].as_py(), "count": batch.num_rows}
        return {"groups": pa.RecordBatch.from_pylist([row], schema=GROUPS)}


@dataclass(frozen=True)
class Fail:
    """Fails as a body must not, with a text in the message."""

    is_expected: bool

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        if self.is_expected:
            raise InputError("a.jsonl: cannot be used; mend it")
        raise ValueError(batch.column("text")[0].as_py())


@dataclass(frozen=True)
class Passed:
    """Gives the rows as they are, under a name."""

    name: str

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        return {self.name: batch}


@dataclass(frozen=True)
class Halve:
    """A step of a fixed point: halves the lengths."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        halves = {"doc_id": batch.column("doc_id"), "length": pc.divide(batch.column("length"), 2), "cuts": batch.column("cuts")}
        return {"lengths": pa.RecordBatch.from_pydict(halves, schema=LENGTHS)}


@dataclass(frozen=True)
class FailOnce:
    """Writes rows, then fails as ``how`` says, once for all attempts of all workers: a file remembers."""

    how: str
    marker: Path

    def __call__(self, batch: pa.RecordBatch) -> Iterator[dict[str, pa.RecordBatch]]:
        yield {"words": pa.RecordBatch.from_pydict({"doc_id": batch.column("doc_id"), "word": batch.column("text")}, schema=WORDS)}
        try:
            self.marker.touch(exist_ok=self.how == "always")
        except FileExistsError:
            return
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC if self.how == "always" else errno.EIO, "secret-word")


@dataclass(frozen=True)
class Open:
    """Opens a file of the input."""

    path: Path

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:  # noqa: ARG002
        self.path.read_bytes()
        return {}


@dataclass(frozen=True)
class KillJava:
    """Ends the process of that number."""

    pid: int

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:  # noqa: ARG002
        os.kill(self.pid, signal.SIGKILL)
        return {}


@dataclass(frozen=True)
class Burn:
    """Uses some processor time."""

    seconds: float

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:  # noqa: ARG002
        end = time.process_time() + self.seconds
        while time.process_time() < end:
            pass
        return {}


@dataclass(frozen=True)
class HandOn:
    """Gives the rows under two names, in two pieces: a table, and what is only handed on."""

    def __call__(self, batch: pa.RecordBatch) -> Iterator[dict[str, pa.RecordBatch]]:
        half = batch.num_rows // 2
        yield {"kept": batch.slice(0, half)}
        yield {"kept": batch.slice(half), "on": batch}
