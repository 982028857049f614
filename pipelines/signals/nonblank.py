"""How much of a text is not white space. Runs with stages measure it after every stage but the first, to end what a stage left blank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import signals
from pipelines.text.white_space import nonblank_characters
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch


@signals("nonblank")
@dataclass(frozen=True, slots=True, kw_only=True)
class Nonblank:
    """Characters that are no white space; of a blank text 0."""

    version: ClassVar[int] = 1
    columns: ClassVar[pa.Schema] = pa.schema([column("nonblank_characters", pa.int64(), "characters that are no white space")])

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        offsets, data = utf8_buffers(batch.texts)
        found = nonblank_characters(data, offsets[:-1], offsets[1:])
        return pa.RecordBatch.from_arrays([pa.array(found)], names=self.columns.names)
