"""The content hash of Arrow rows: what ``rows`` defines value by value, a column at a time."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.hashing import DIGEST_BYTES, MASK, NAN, encoded, rows_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAN: Final = pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(NAN)])[0]  # pa.scalar would import pandas, a second for every command
_SHORT_BYTES: Final = 1024
_BYTES: Final = pa.large_binary()  # 64-bit offsets: a batch's columns together may pass 2 GiB


def content_hash(batch: pa.RecordBatch) -> int:
    """Sum of the rows' 128-bit hashes: the same for any order and any cut of the same rows."""
    if sys.byteorder == "big" or not batch.num_columns:  # Arrow's buffers are not what the definition writes
        return rows_hash(zip(*map(_values, batch.columns), strict=True))
    rows = _joined(*map(_encoded, batch.columns))
    hashed, whole = hashlib.blake2b, int.from_bytes
    return sum([whole(hashed(row, digest_size=DIGEST_BYTES).digest(), "big") for row in _each(rows)]) & MASK


def _each(rows: pa.Array) -> Iterable[bytes | memoryview]:
    """The bytes of each row: of short ones a copy, which costs less than a view does; of long ones a view."""
    if rows.nbytes < _SHORT_BYTES * len(rows):
        return cast("list[bytes]", rows.to_pylist())
    offsets = memoryview(rows.buffers()[1]).cast("q")[rows.offset : rows.offset + len(rows) + 1]
    data = memoryview(rows.buffers()[2] or b"")
    return (data[start:end] for start, end in pairwise(offsets))


def _values(column: pa.Array) -> list[object]:
    return list((column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist())


def _encoded(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_boolean(kind):
        made = pc.if_else(column, _scalar(b"T"), _scalar(b"F"))
    elif pa.types.is_integer(kind) or pa.types.is_timestamp(kind):
        made = _joined(_scalar(b"i"), _eights(column.cast(pa.int64())))
    elif pa.types.is_floating(kind):
        made = _joined(_scalar(b"d"), _eights(_canonical(column)))
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        sizes = _eights(pc.binary_length(column).cast(pa.int64()))
        made = _joined(_scalar(b"s" if pa.types.is_string(kind) else b"b"), sizes, column.cast(pa.binary()).cast(_BYTES))
    elif pa.types.is_list(kind) and _is_number(kind.value_type) and not column.flatten().null_count:
        made = _packed(column)
    else:
        made = pa.array(map(encoded, _values(column)), _BYTES)
    return made.fill_null(b"N")


def _packed(column: pa.ListArray) -> pa.Array:
    """Lists of numbers without nulls: their values are bytes already, eight to an element."""
    is_float = pa.types.is_floating(column.type.value_type)
    values = column.values
    eights = _canonical(values) if is_float else values.cast(pa.int64())
    offsets = pc.multiply(column.offsets.cast(pa.int64()), pa.scalar(8, pa.int64()))
    held = pa.Array.from_buffers(_BYTES, len(column), [None, offsets.buffers()[1], _data(eights)], 0, offsets.offset)
    sizes = pc.list_value_length(column).cast(pa.int64())
    tags = pc.if_else(pc.equal(sizes, 0), _scalar(b"l"), _scalar(b"D" if is_float else b"I"))
    return _joined(tags, _eights(sizes), held)  # a null list has a null size, and so a null row here


def _canonical(values: pa.Array) -> pa.Array:
    wide = values.cast(pa.float64())
    return pc.add(pc.if_else(pc.is_nan(wide), _NAN, wide), 0.0)


def _eights(values: pa.Array) -> pa.Array:
    """Eight bytes a number."""
    return values.view(pa.binary(8)).cast(_BYTES)


def _data(values: pa.Array) -> pa.Buffer:
    buffer = values.buffers()[1]
    return buffer.slice(8 * values.offset) if buffer is not None and buffer.size else pa.py_buffer(b"\0")  # Arrow refuses a buffer that is nowhere


def _joined(*columns: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*columns, _scalar(b""))


@cache
def _scalar(value: bytes) -> pa.Scalar:
    return pa.scalar(value, _BYTES)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
