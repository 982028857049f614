"""Batches of Parquet rows whose values fit in memory, however few bytes of the file stand for them.

A page of plain values holds them all, but a dictionary holds each once: a few bytes behind it may name a long one a million times. How long a value
can be, the head of the dictionary's page says; as many rows are read together as fit if all of them name values of that length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

    import pyarrow.parquet as pq

_BATCH_BYTES: Final = 128 << 20  # of values, at most
_MOST_ROWS: Final = 1024
_OF_BYTES: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
_LISTS: Final = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
# The head of a page in Thrift's compact form begins with its type and its unpacked size, 32-bit integers that are fields 1 and 2.
_NEXT_FIELD_I32: Final = 0x15
_DICTIONARY_PAGE: Final = 2
_HEAD_BYTES: Final = 16
_LAST_OF_VARINT: Final = 0x80


def rows_at_once(path: Path, metadata: pq.FileMetaData, group: int, names: Iterable[str]) -> int:
    """How many rows of a row group may be read together: a power of two, the largest with which their values are sure to fit, or one."""
    wanted, found = tuple(names), metadata.row_group(group)
    longest = 0
    with path.open("rb") as file:
        for column in map(found.column, range(found.num_columns)):
            if any(column.path_in_schema == name or column.path_in_schema.startswith(f"{name}.") for name in wanted):
                longest += column.total_uncompressed_size // max(found.num_rows, 1)
                longest += _dictionary_bytes(file, column) if column.physical_type == "BYTE_ARRAY" else 0
    fitting = min(_BATCH_BYTES // max(longest, 1), _MOST_ROWS)
    return 1 << max(fitting.bit_length() - 1, 0)


def _dictionary_bytes(file: BinaryIO, column: pq.ColumnChunkMetaData) -> int:
    """Unpacked bytes of a column's dictionary; of the whole column where its head does not say."""
    if not column.has_dictionary_page:
        return 0
    file.seek(column.dictionary_page_offset)
    head = file.read(_HEAD_BYTES)
    kind, place = _field(head, 0)
    size, _ = _field(head, place)
    return size if kind == _DICTIONARY_PAGE and size >= 0 else int(column.total_uncompressed_size)


def _field(head: bytes, place: int) -> tuple[int, int]:
    """The next field of a head, an integer, and the place after it; -1 where it is no such field."""
    if place >= len(head) or head[place] != _NEXT_FIELD_I32:
        return -1, len(head)
    found = shift = 0
    for number, byte in enumerate(head[place + 1 :], place + 2):
        found |= (byte & ~_LAST_OF_VARINT) << shift
        shift += 7
        if byte < _LAST_OF_VARINT:
            return found >> 1 ^ -(found & 1), number
    return -1, len(head)


def value_type(kind: pa.DataType) -> pa.DataType:
    """The type of a column's values, whether or not they stand in a dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def unpacked_bytes(column: pa.Array) -> int:
    """About how many bytes the rows of a column have once every value stands for itself."""
    kind = value_type(column.type)
    if pa.types.is_struct(kind):
        return sum(map(unpacked_bytes, column.flatten()))
    if any(is_kind(kind) for is_kind in _LISTS):  # a list is no text, and no more than its bytes matter
        return unpacked_bytes(column.flatten()) + int(column.nbytes)
    if not any(is_kind(kind) for is_kind in _OF_BYTES):
        return int(column.nbytes)
    is_dictionary = pa.types.is_dictionary(column.type)
    lengths = pc.take(pc.binary_length(column.dictionary), column.indices) if is_dictionary else pc.binary_length(column)
    return pc.sum(lengths.cast(pa.int64())).as_py() or 0
