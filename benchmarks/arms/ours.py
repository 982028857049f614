"""What our own arms share: the texts as batches of the size in which steps see them."""

from __future__ import annotations

import pyarrow as pa

_BATCH_BYTES = 4 << 20  # as the engine reads them


def batches_of(texts: list[str]) -> list[pa.RecordBatch]:
    """Rows ``doc_id`` and ``text``."""
    made, held, num_bytes = [], [], 0
    for number, text in enumerate(texts):
        held.append({"doc_id": f"{number:032x}", "text": text})
        num_bytes += len(text.encode())
        if num_bytes >= _BATCH_BYTES:
            made.append(batch(held))
            held, num_bytes = [], 0
    return [*made, batch(held)] if held else made


def batch(rows: list[dict[str, str]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, pa.schema([("doc_id", pa.string()), ("text", pa.string())]))
