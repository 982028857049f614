"""What a column may hold, and any engine's batch in these types.

Types are those that every engine has: string, binary, int32, int64, double, boolean, timestamp[us, UTC] and lists of strings, whole numbers and
floats of 32 or 64 bits (an embedding needs no more than 32). A column marked volatile (clock, machine, place) is not part of a table's content hash.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.errors import PartError

TIMESTAMP: Final = pa.timestamp("us", tz="UTC")
TOKENS: Final = pa.list_(pa.int32())
_SCALARS: Final = (pa.string(), pa.binary(), pa.int32(), pa.int64(), pa.float64(), pa.bool_(), TIMESTAMP)
_LISTS: Final = (TOKENS, pa.list_(pa.int64()), pa.list_(pa.float32()), pa.list_(pa.float64()), pa.list_(pa.string()))
_ALLOWED: Final = frozenset((*_SCALARS, *_LISTS))


def column(name: str, kind: pa.DataType, meaning: str, *, volatile: bool = False) -> pa.Field:
    """A column with its meaning, which docs and the app show."""
    return pa.field(name, kind, metadata={"meaning": meaning, "volatile": "1" if volatile else ""})


def check_types(schema: pa.Schema, where: str) -> None:
    """Raises PartError where a column has a type that one of the engines lacks."""
    for field in schema:
        if field.type not in _ALLOWED:
            raise PartError(f"{where}.{field.name}: type {field.type} is not one that every engine has: {sorted(map(str, _ALLOWED))}")


def volatile_columns(schema: pa.Schema) -> frozenset[str]:
    """Names of the columns that do not count as content."""
    return frozenset(f.name for f in schema if (f.metadata or {}).get(b"volatile"))


def conform(batch: pa.RecordBatch | pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    """Any engine's batch in the contract's types and column order, by name.

    Raises:
        PartError: a column is missing, or a value does not fit its type.
    """
    missing = [f.name for f in schema if f.name not in batch.schema.names]
    if missing:
        raise PartError(f"a batch lacks the columns {missing}; it has {batch.schema.names}")
    arrays = []
    for field in schema:
        values = batch.column(field.name)
        try:
            chunk = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        except pa.ArrowInvalid:
            raise PartError(f"column {field.name}: more than 2 GiB of text in one batch") from None
        try:
            arrays.append(chunk if chunk.type == field.type else pc.cast(chunk, field.type, safe=True))
        except pa.ArrowInvalid:
            raise PartError(f"column {field.name}: {chunk.type} does not fit {field.type}") from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
