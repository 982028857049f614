"""Part files: the one way in which rows reach the disk, and the one way in which they are read back.

A worker writes files under names that no other attempt can use and hands back what they are; a file counts only once a manifest names it.
Tables that a step only works with, and that no manifest will name, are scratch: neither hashed nor waited for until they are on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contract.columns import conform, volatile_columns
from pipelines.contract.content import content_hash
from pipelines.contract.errors import CorruptFile, PartError, explained
from pipelines.contract.hashing import MASK, file_sha256

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

ROW_GROUP_BYTES: Final = 4 << 20
_WRITE_BYTES: Final = 1 << 20  # of one call of Python's for a file's bytes; Parquet writes page by page
_ROW_GROUP_BYTES: Final = b"row_group_bytes"
_CONTENT_DEFINED: Final = b"content_defined_pages"
_SCRATCH: Final = b"is_scratch"
_WAY_OUT: Final = "run `assay verify`, then run the step again"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFile:
    """A Parquet file as a worker hands it back. ``content`` is the order-free hash of its rows; of scratch it is empty, as ``sha256`` is."""

    table: str
    path: str
    num_rows: int
    num_bytes: int
    num_row_groups: int
    sha256: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A set of rows on disk: a schema and an explicit list of files, never a pattern."""

    name: str
    schema: pa.Schema
    files: tuple[PartFile, ...] = ()

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return sum(f.num_rows for f in self.files)

    @property
    def content_sha256(self) -> str:
        """Hash of the rows' content, whatever their order and however they are cut into files.

        Raises:
            PartError: the table is scratch, which nothing hashed.
        """
        if not all(f.content for f in self.files):
            raise PartError(f"the table {self.name!r} was written as scratch and has no content hash; this is a fault of assay")
        total = sum(int(f.content, 16) for f in self.files) & MASK
        return hashlib.sha256(f"{self.num_rows}:{total:032x}".encode()).hexdigest()

    @property
    def paths(self) -> list[str]:
        """Files in a fixed order."""
        return sorted(f.path for f in self.files)

    def only(self, *columns: str) -> Table:
        """The same rows with some of their columns; readers leave the others in the files."""
        return Table(name=self.name, schema=pa.schema([self.schema.field(name) for name in columns]), files=self.files)

    def renamed(self, name: str) -> Table:
        """The same rows under another name."""
        return Table(name=name, schema=self.schema, files=self.files)


def union(name: str, tables: Iterable[Table], schema: pa.Schema) -> Table:
    """The rows of several tables of one schema as one table; of none, an empty one."""
    return Table(name=name, schema=schema, files=tuple(file for table in tables for file in table.files))


def laid_out(schema: pa.Schema, *, row_group_bytes: int = ROW_GROUP_BYTES, is_content_defined: bool = False) -> pa.Schema:
    """The schema with a wish for how its files are cut, which goes wherever the schema goes and which writers follow; no content, no file holds it.

    ``is_content_defined`` ends pages where the values say so, so that files of equal rows share most of their bytes: for tables that are published.
    """
    wish = {_ROW_GROUP_BYTES: b"%d" % row_group_bytes, **({_CONTENT_DEFINED: b"1"} if is_content_defined else {})}
    return schema.with_metadata({**(schema.metadata or {}), **wish})


def scratch(schema: pa.Schema) -> pa.Schema:
    """The schema of a table that its step only works with: writers see the mark, and no manifest may name the table."""
    return schema.with_metadata({**(schema.metadata or {}), _SCRATCH: b"1"})


class PartWriter:
    """Writes the tables of one attempt of one worker; use as a context manager, then ask for ``files``."""

    def __init__(self, folder: Path, schemas: Mapping[str, pa.Schema], row_group_bytes: int = ROW_GROUP_BYTES, *, attempt: str = "") -> None:
        """Nothing is created before the first row arrives. ``attempt`` names the files, where those of several writers belong together."""
        self._folder = folder
        self._schemas = dict(schemas)
        self._row_group_bytes = row_group_bytes
        self._attempt = attempt or new_attempt()
        self._open: dict[str, _OpenPart] = {}
        self.files: list[PartFile] = []

    def write(self, batches: Mapping[str, pa.RecordBatch | pa.Table]) -> None:
        """Adds rows to the tables named.

        Raises:
            PartError: a table was not declared, or a batch does not fit its schema.
            WarehouseError: the disk is full, or the folder cannot be written.
        """
        with self._explained():
            for name, batch in batches.items():
                if name not in self._schemas:
                    raise PartError(f"a step wrote the table {name!r}, which it did not declare; declared: {sorted(self._schemas)}")
                if batch.num_rows == 0:
                    continue
                if name not in self._open:
                    self._open[name] = _OpenPart(self._folder / name, name, self._schemas[name], self._row_group_bytes, self._attempt)
                self._open[name].add(conform(batch, self._schemas[name]))

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        """Closes every file; after an error the files stay behind unnamed and are swept later."""
        try:
            if kind is None:
                with self._explained():
                    self.files += [part.close() for part in self._open.values()]
        finally:
            for part in self._open.values():
                part.abandon()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise explained(error, self._folder) from None


class _OpenPart:
    def __init__(self, folder: Path, table: str, schema: pa.Schema, row_group_bytes: int, attempt: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.table = table
        self.path = folder / f"part-{attempt}.parquet"
        self.schema = schema
        asked = schema.metadata or {}
        self.limit = int(asked.get(_ROW_GROUP_BYTES, row_group_bytes))
        self.is_scratch = _SCRATCH in asked
        self.file = _WrittenFile(self.path, is_hashed=not self.is_scratch)
        self.sink = pa.BufferedOutputStream(pa.PythonFile(self.file, mode="w"), _WRITE_BYTES)
        self.writer = pq.ParquetWriter(
            self.sink, schema.remove_metadata(), compression="zstd", write_page_checksum=True, store_schema=False, write_statistics=True,
            use_dictionary=False,  # ids and texts hardly repeat; what does, zstd shortens: on every table smaller, faster to write and to read
            use_content_defined_chunking=_CONTENT_DEFINED in asked,
        )  # fmt: skip
        self.held: list[pa.RecordBatch] = []
        self.held_bytes = self.num_rows = self.num_row_groups = self.content = 0
        self.hashed = [f.name for f in schema if f.name not in volatile_columns(schema)]

    def add(self, batch: pa.RecordBatch) -> None:
        if not self.is_scratch:
            self.content = (self.content + content_hash(batch.select(self.hashed))) & MASK
        self.num_rows += batch.num_rows
        for piece in by_bytes([batch], self.limit):
            self.held.append(piece)
            self.held_bytes += piece.nbytes
            if self.held_bytes >= self.limit:
                self.flush()

    def flush(self) -> None:
        if self.held:
            table = pa.Table.from_batches(self.held)
            self.writer.write_table(table, row_group_size=max(1, table.num_rows))
            self.num_row_groups += 1
            self.held, self.held_bytes = [], 0

    def close(self) -> PartFile:
        self.flush()
        self.writer.close()
        self.sink.flush()
        if not self.is_scratch:
            self.file.sync()
        self.sink.close()
        return PartFile(
            table=self.table, path=str(self.path), num_rows=self.num_rows, num_bytes=self.file.num_bytes,
            num_row_groups=self.num_row_groups, sha256=self.file.sha256, content="" if self.is_scratch else f"{self.content:032x}",
        )  # fmt: skip

    def abandon(self) -> None:
        """Lets go of the file, whatever was written; of one that was closed there is nothing to do."""
        self.file.is_dropped = True  # what Arrow still holds goes nowhere: a full disk would refuse it once more
        with contextlib.suppress(OSError, pa.ArrowException):  # what a broken writer says at the end is not what went wrong
            self.writer.close()
        self.sink.close()


class _WrittenFile:
    """A new file that hashes its bytes on their way to the disk, so that nobody reads them back for that. Arrow writes to it."""

    def __init__(self, path: Path, *, is_hashed: bool) -> None:
        self._file = path.open("xb", buffering=0)
        self._digest = hashlib.sha256() if is_hashed else None
        self.num_bytes = 0
        self.is_dropped = False

    @property
    def closed(self) -> bool:
        return self._file.closed

    @property
    def sha256(self) -> str:
        return "" if self._digest is None else self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        if self.is_dropped:
            return
        if self._digest is not None:
            self._digest.update(data)
        left = memoryview(data)
        while left:  # one call may write less than it is given
            written = self._file.write(left)
            self.num_bytes += written
            left = left[written:]

    def flush(self) -> None:
        """Nothing is held here."""

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def new_attempt() -> str:
    """A name that no other attempt of any worker has."""
    return uuid.uuid4().hex


def attempts_of(table: Table) -> frozenset[str]:
    """The attempts that wrote a table's files."""
    return frozenset(Path(path).stem for path in table.paths)


def of_attempts(table: Table, attempts: Collection[str]) -> Table:
    """The part of a table that some attempts wrote."""
    return Table(name=table.name, schema=table.schema, files=tuple(file for file in table.files if Path(file.path).stem in attempts))


def by_bytes(batches: Iterable[pa.RecordBatch], limit: int) -> Iterator[pa.RecordBatch]:
    """Cuts a stream of batches so that no piece is over ``limit`` bytes, but for single rows that are."""
    for batch in batches:
        rows = max(1, batch.num_rows * limit // max(batch.nbytes, 1))
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def tables_of(files: Iterable[PartFile], schemas: Mapping[str, pa.Schema]) -> dict[str, Table]:
    """The tables that a set of part files makes up; a table without a file is empty, not absent."""
    found = list(files)
    return {
        name: Table(name=name, schema=schema, files=tuple(sorted((f for f in found if f.table == name), key=lambda f: f.path)))
        for name, schema in schemas.items()
    }


def check_file(file: PartFile) -> None:
    """Reads a file and compares it with what its writer said of it; of scratch its writer said nothing.

    Raises:
        CorruptFile: it is missing or differs.
    """
    if not file.sha256:
        return
    try:
        is_whole = file_sha256(file.path) == file.sha256
    except OSError as error:
        raise _unreadable(file.path, error) from None
    if not is_whole:
        raise CorruptFile(f"{file.path}: its bytes are not those that were written; {_WAY_OUT}")


def read_row_groups(
    path: str, row_groups: list[int] | None, schema: pa.Schema, limit: int, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Batches of at most ``limit`` bytes from some row groups of one file, page checksums verified.

    Raises:
        CorruptFile: the file is missing, is no Parquet or fails its checksums.
    """
    wanted = pa.schema([f for f in schema if columns is None or f.name in columns])
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            groups = list(range(file.num_row_groups)) if row_groups is None else row_groups
            for batch in file.iter_batches(batch_size=1024, row_groups=groups, columns=wanted.names):
                yield from by_bytes([conform(batch, wanted)], limit)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: Exception) -> CorruptFile:
    return CorruptFile(f"{path}: cannot be read as Parquet ({type(error).__name__}); {_WAY_OUT}")


def read_table(table: Table, columns: list[str] | None = None) -> pa.Table:
    """A whole table in memory. For tables that are known to be small; steps on documents use an engine."""
    wanted = pa.schema([f for f in table.schema if columns is None or f.name in columns])
    batches = [b for path in table.paths for b in read_row_groups(path, None, table.schema, 64 << 20, columns)]
    return pa.Table.from_batches(batches, schema=wanted)
