"""Parquet: one row, one document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sources.base import Fault, Record, Records, Unit, sources
from pipelines.sources.fields import Fields, Place, shown
from pipelines.sources.listing import Files, FoundFile
from pipelines.sources.row_batches import rows_at_once, unpacked_bytes, value_type
from pipelines.sources.unpacking import GRACE_BYTES, MAX_UNPACKED_RATIO, Unreadable, check_bounds, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PIECE_BYTES: Final = 4 << 20  # of values that are made records of together
_PIECE_ROWS: Final = 2048
_FEW_ROWS: Final = 32
_MAGIC: Final = b"PAR1"


@sources("parquet")
@dataclass(frozen=True, kw_only=True)
class Parquet(Files, Fields):
    """Rows of a file, or of every ``.parquet`` or ``.pq`` file below a folder; the offset of a record is its row number.

    Page checksums are verified where the file has them. A file cut short has lost its index, which stands at its end: nothing of it can be read.
    Large files are cut into ranges of row groups. What a row group gives is counted while it is read: a few bytes of a dictionary can stand for
    terabytes of text.
    """

    version: ClassVar[int] = 4
    own_patterns: ClassVar[tuple[str, ...]] = ("*.parquet", "*.pq")
    reads_packed: ClassVar[bool] = False
    max_unpacked_ratio: int = MAX_UNPACKED_RATIO  # a file that unpacks to more than this many times its size is no document but a bomb

    def __post_init__(self) -> None:
        """Rejects texts that are no names, and bounds below 1."""
        super().__post_init__()
        check_bounds(max_unpacked_ratio=self.max_unpacked_ratio)

    def cut(self, file: FoundFile, split_bytes: int) -> Iterator[Unit]:
        """Ranges of row groups of about ``split_bytes``; one unit for a small file, or for one whose index cannot be read."""
        sizes = self._sizes(file) if file.num_bytes > split_bytes else []
        if not sizes:
            yield Unit(name=file.name, num_bytes=file.num_bytes)
            return
        ends = [0, *accumulate(sizes)]
        cuts = [i for i, (a, b) in enumerate(pairwise(ends)) if i == 0 or a // split_bytes != b // split_bytes]
        for start, end in pairwise([*cuts, len(sizes)]):
            yield Unit(name=file.name, start=start, end=end, num_bytes=ends[end] - ends[start])

    def _sizes(self, file: FoundFile) -> list[int]:
        """Packed bytes of each row group."""
        try:
            with pq.ParquetFile(self.located(Unit(name=file.name))) as found:
                return [_packed_bytes(found.metadata, group) for group in range(found.num_row_groups)]
        except (OSError, pa.ArrowException):  # reading says what is wrong with it
            return []

    def read(self, unit: Unit) -> Iterator[Record | Fault]:
        """A record or a fault a row; after damage in a row group, one fault for its rest."""
        for met in self.read_columns(unit):
            if isinstance(met, Records):
                yield from met.one_by_one()
            else:
                yield met

    def read_columns(self, unit: Unit) -> Iterator[Records | Record | Fault]:
        """The same, with rows together wherever nothing is wrong with any of them."""
        path = self.located(unit)
        try:
            metadata = pq.read_metadata(path)
            with pq.ParquetFile(path, metadata=metadata, page_checksum_verification=True) as file:
                self._check(file, path)
                firsts = [0, *accumulate(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))]
                for group in range(file.num_row_groups)[unit.start : unit.end]:
                    yield from self._group(file, path, unit.name, group, firsts[group])
        except Unreadable as broken:
            if not unit.start:  # the whole file is at fault: once is enough
                yield Fault(file=unit.name, error=broken.error, message=broken.message)
        except (OSError, pa.ArrowException) as error:
            yield _fault_of(path, unit.name, 0, error)

    def _group(self, file: pq.ParquetFile, path: Path, name: str, group: int, number: int) -> Iterator[Records | Record | Fault]:
        rows, end = file.metadata.row_group(group).num_rows, number + file.metadata.row_group(group).num_rows
        packed = _packed_bytes(file.metadata, group)
        found, broken = self._pieces(file, path, group), None
        while broken is None:
            try:
                piece = next(found, None)
            except Unreadable as error:
                broken = Fault(file=name, error=error.error, message=f"{error.message}; rows were read up to {number}", offset=number)
            except (OSError, pa.ArrowException) as error:
                broken = _fault_of(path, name, number, error)
            else:
                if piece is None:
                    return
                yield from self._rows(piece, name, number)
                number += piece.num_rows
        yield _with_rest(broken, end - number, rows, packed)

    def _pieces(self, file: pq.ParquetFile, path: Path, group: int) -> Iterator[pa.RecordBatch]:
        """The rows of a row group, as many together as are worth the work; what was read before the file breaks is given first.

        Raises:
            Unreadable: they come to far more than the file's size.
            OSError, pa.ArrowException: the file is damaged.
        """
        left = _packed_bytes(file.metadata, group) * max(self.max_unpacked_ratio, GRACE_BYTES // max(path.stat().st_size, 1) + 1)
        num_rows = rows_at_once(path, file.metadata, group, self.names)
        held, size = list[pa.RecordBatch](), 0
        batches = file.iter_batches(batch_size=num_rows, row_groups=[group], columns=self.names, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                num_bytes = 0 if batch is None else sum(map(unpacked_bytes, batch.columns))
                left -= num_bytes
                if left < 0:
                    raise too_large(self.max_unpacked_ratio)
            except (Unreadable, OSError, pa.ArrowException):
                if held:
                    yield _together(held)
                raise
            if batch is not None:
                held.append(batch)
                size += num_bytes
            if held and (batch is None or size >= _PIECE_BYTES or len(held) * num_rows >= _PIECE_ROWS):
                yield _together(held)
                held, size = [], 0
            if batch is None:
                return

    def _rows(self, piece: pa.RecordBatch, name: str, number: int) -> Iterator[Records | Record | Fault]:
        """The rows of a piece; those around one with something wrong in it are looked at one by one."""
        records = self.read_batch(piece, name, "parquet", number)
        if records is not None:
            yield records
        elif piece.num_rows > _FEW_ROWS:
            half = piece.num_rows // 2
            yield from self._rows(piece.slice(0, half), name, number)
            yield from self._rows(piece.slice(half), name, number + half)
        else:
            for place, row in enumerate(_python_rows(piece), number):
                yield self._row(row, Place(name, "parquet", place, 1))

    def _row(self, row: dict[str, Any] | tuple[str, str], place: Place) -> Record | Fault:
        if isinstance(row, tuple):
            return Fault(file=place.file, error=row[0], message=row[1], offset=place.offset)
        return self.read_row(row, place)

    def _check(self, file: pq.ParquetFile, path: Path) -> None:
        """Raises Unreadable where the named columns are not all there, once each, or the file claims to unpack beyond the bound."""
        schema, metadata, size = file.schema_arrow, file.metadata, path.stat().st_size
        for name in self.names:
            found = _columns_named(schema, name)
            if not found:
                raise Unreadable("wrong_schema", f"no column {name!r}; the file has {shown(schema.names)}")
            if len(found) > 1:
                raise Unreadable("wrong_schema", f"{len(found)} columns are named {name!r}; rename all but one of them")
            if name in self.texts and not _holds_strings(found[0].type):
                raise Unreadable(
                    "wrong_schema", f"the column {name!r} holds {value_type(found[0].type)}, not strings; the file has {shown(schema.names)}"
                )
        groups = range(metadata.num_row_groups)
        if sum(metadata.row_group(i).total_byte_size for i in groups) > max(GRACE_BYTES, self.max_unpacked_ratio * size):
            raise too_large(self.max_unpacked_ratio)
        if sum(_packed_bytes(metadata, i) for i in groups) > size:  # row groups that share bytes could unpack the same ones for ever
            raise Unreadable("corrupt_parquet", "its row groups claim more bytes than the file has")


def _together(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    columns = [column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def _packed_bytes(metadata: pq.FileMetaData, group: int) -> int:
    found = metadata.row_group(group)
    return sum(found.column(i).total_compressed_size for i in range(found.num_columns))


def _columns_named(schema: pa.Schema | pa.StructType, name: str) -> list[pa.Field]:
    """The columns that a name means: those of that name, or, for ``a.b``, those of the name ``b`` in a struct ``a``."""
    fields = [schema.field(i) for i in range(len(schema.names) if isinstance(schema, pa.Schema) else schema.num_fields)]
    found = [field for field in fields if field.name == name]
    first, _, rest = name.partition(".")
    if found or not rest:
        return found
    return [inner for field in fields if field.name == first and pa.types.is_struct(field.type) for inner in _columns_named(field.type, rest)]


def _holds_strings(kind: pa.DataType) -> bool:
    value = value_type(kind)
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value))


def _python_rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | tuple[str, str]]:
    """Rows as Python values; class and message of the fault for one that cannot be had."""
    try:
        yield from batch.to_pylist()
    except (UnicodeDecodeError, OverflowError, ValueError):
        for i in range(batch.num_rows):
            yield _single(batch.slice(i, 1))


def _single(batch: pa.RecordBatch) -> dict[str, Any] | tuple[str, str]:
    try:
        return dict(batch.to_pylist()[0])
    except UnicodeDecodeError:
        return "invalid_utf8", "a string column holds bytes that are not UTF-8"
    except (OverflowError, ValueError):
        return "bad_value", "a date or number is outside of what can be read"


def _with_rest(fault: Fault, left: int, rows: int, num_bytes: int) -> Fault:
    """A fault in a row group that says how many of its rows it stands for, and about how many packed bytes they have."""
    message = f"{fault.message}; {left:,} rows of its row group were not read"
    return replace(fault, message=message, num_bytes=num_bytes * left // max(rows, 1))


def _fault_of(path: Path, unit: str, number: int, error: Exception) -> Fault:
    """The fault of a file that Arrow gives up on; Arrow's own message may quote values, so it is not passed on."""
    if isinstance(error, FileNotFoundError) or not path.is_file():
        return Fault(file=unit, error="unreadable_file", message=f"cannot be read ({type(error).__name__})")
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
        size = file.seek(0, 2)
        file.seek(max(0, size - len(_MAGIC)))
        tail = file.read()
    if head != _MAGIC:
        return Fault(file=unit, error="not_parquet", message="does not begin as a Parquet file does", num_bytes=size)
    if tail != _MAGIC:
        message = f"the file ends at byte {size} without the index that stands at a Parquet file's end; nothing of it can be read"
        return Fault(file=unit, error="truncated_parquet", message=message, num_bytes=size)
    message = f"damaged ({type(error).__name__}); rows were read up to {number}"
    return Fault(file=unit, error="corrupt_parquet", message=message, offset=number)
