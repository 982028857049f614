"""Language of a text: lid.176 (Joulin et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.signals.base import signals

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch


@signals("language")
@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Most likely language and how likely, as ``clean`` found them; a text without letters is ("und", 0.0)."""

    version: ClassVar[int] = 1
    columns: ClassVar[pa.Schema] = pa.schema(
        [
            column("language", pa.string(), "most likely language (ISO 639 code of lid.176)"),
            column("language_score", pa.float64(), "probability of that language, in [0, 1]"),
        ]
    )

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        found = batch.languages
        return pa.RecordBatch.from_arrays([pa.array([f[i] for f in found], t) for i, t in enumerate(self.columns.types)], names=self.columns.names)
