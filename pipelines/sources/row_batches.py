"""Batches of Parquet rows in portions whose values fit in memory.

A string column is read as a dictionary: its values stand in memory once, however many rows name them. What the rows would take as Python values is
counted first, and no more of them than fit are converted at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow.parquet as pq

PORTION_BYTES: Final = 16 << 20
_OF_BYTES: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
_LISTS: Final = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)


def dictionary_columns(metadata: pq.FileMetaData, names: Iterable[str]) -> list[str]:
    """Paths of the columns below ``names`` that hold one string a row, or bytes that could be strings."""
    wanted = tuple(names)
    columns = [metadata.schema.column(i) for i in range(metadata.num_columns)]
    return [
        column.path
        for column in columns
        if column.physical_type == "BYTE_ARRAY" and column.converted_type in {"UTF8", "NONE"} and not column.max_repetition_level
        if any(column.path == name or column.path.startswith(f"{name}.") for name in wanted)
    ]


def sizes(batch: pa.RecordBatch) -> list[int]:
    """About how many bytes each row has once every value stands for itself."""
    columns = [_sizes(column).to_pylist() for column in batch.columns]
    return [sum(row) for row in zip(*columns, strict=True)]


def portions(batch: pa.RecordBatch, row_bytes: list[int], max_bytes: int = PORTION_BYTES) -> Iterator[pa.RecordBatch]:
    """The rows of a batch in order, at most ``max_bytes`` of them at a time, or one."""
    start, held = 0, 0
    for number, size in enumerate(row_bytes):
        if number > start and held + size > max_bytes:
            yield batch.slice(start, number - start)
            start, held = number, 0
        held += size
    yield batch.slice(start)


def value_type(kind: pa.DataType) -> pa.DataType:
    """The type of a column's values, whether or not they stand in a dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _sizes(column: pa.Array) -> pa.Array:
    kind = value_type(column.type)
    if pa.types.is_struct(kind):
        total = pa.array([0] * len(column), pa.int64())
        for field in column.flatten():
            total = pc.add(total, _sizes(field))
        return total
    if any(is_kind(kind) for is_kind in _LISTS):  # shared out evenly: a list is no text, and no more than its bytes matter
        inner = sum(_sizes(column.flatten()).to_pylist())
        return pa.array([(inner + column.nbytes) // max(len(column), 1)] * len(column), pa.int64())
    if not any(is_kind(kind) for is_kind in _OF_BYTES):
        return pa.array([column.nbytes // max(len(column), 1)] * len(column), pa.int64())
    is_dictionary = pa.types.is_dictionary(column.type)
    lengths = pc.take(pc.binary_length(column.dictionary), column.indices) if is_dictionary else pc.binary_length(column)
    return pc.fill_null(lengths.cast(pa.int64()), 0)
