"""Parquet: one row, one document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sources.base import Fault, Record, sources
from pipelines.sources.fields import Fields, Place, shown
from pipelines.sources.listing import files_below, fingerprints, located
from pipelines.sources.unpacking import GRACE_BYTES, MAX_UNPACKED_RATIO, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROWS: Final = 256
_MAGIC: Final = b"PAR1"


@sources("parquet")
@dataclass(frozen=True, kw_only=True)
class Parquet(Fields):
    """Rows of a file, or of every ``.parquet`` file below a folder; the offset of a record is its row number.

    Page checksums are verified where the file has them. A file cut short has lost its index, which stands at its end: nothing of it can be read.
    """

    version: ClassVar[int] = 2
    path: Path  # a file, or a folder that is searched for files
    max_unpacked_ratio: int = MAX_UNPACKED_RATIO  # a file that unpacks to more than this many times its size is no document but a bomb

    def units(self) -> list[str]:
        """Files relative to the path, sorted."""
        return files_below(self.path, ("*.parquet",))

    def fingerprint(self) -> dict[str, str]:
        """Size and time of change of each file."""
        return fingerprints(self.path, self.units())

    def read(self, unit: str) -> Iterator[Record | Fault]:
        """A record or a fault a row; after damage, one fault for the rest."""
        number, path = 0, located(self.path, unit)
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                self._check(file, path)
                for batch in file.iter_batches(batch_size=_ROWS, columns=self._present(file)):
                    for row in _rows(batch):
                        yield self._row(row, Place(unit, "parquet", number, 1))
                        number += 1
        except Unreadable as broken:
            yield Fault(file=unit, error=broken.error, message=broken.message)
        except (OSError, pa.ArrowException) as error:
            yield _fault_of(path, unit, number, error)

    def _row(self, row: dict[str, Any] | tuple[str, str], place: Place) -> Record | Fault:
        if isinstance(row, tuple):
            return Fault(file=place.file, error=row[0], message=row[1], offset=place.offset)
        return self.read_row(row, place)

    def _present(self, file: pq.ParquetFile) -> list[str]:
        return [name for name in self.names if name in file.schema_arrow.names]

    def _check(self, file: pq.ParquetFile, path: Path) -> None:
        """Raises Unreadable where the named columns are not all there, or the file claims to unpack beyond the bound."""
        schema = file.schema_arrow
        missing = [name for name in self.names if name not in schema.names]
        if missing:
            raise Unreadable("wrong_schema", f"no column {', '.join(map(repr, missing))}; the file has {shown(schema.names)}")
        kind = schema.field(self.text).type
        value = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value)):
            raise Unreadable("wrong_schema", f"the column {self.text!r} holds {kind}, not strings; the file has {shown(schema.names)}")
        unpacked = sum(file.metadata.row_group(i).total_byte_size for i in range(file.num_row_groups))
        if unpacked > max(GRACE_BYTES, self.max_unpacked_ratio * path.stat().st_size):
            raise Unreadable(
                "unpacked_too_large", f"unpacks to more than {self.max_unpacked_ratio} times its size; raise max_unpacked_ratio if you trust it"
            )


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | tuple[str, str]]:
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
