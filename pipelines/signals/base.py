"""What a signal family is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.text.batch import DocumentBatch


class SignalFamily(Protocol):
    """Measures each text of a batch. Fields are its parameters; ``columns`` are its signals, each a number (or a word).

    A law of every family: the value of a text does not depend on the texts around it; empty text is a case; nothing raises.
    """

    version: ClassVar[int]
    columns: ClassVar[pa.Schema]

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """One row a text, in order, with exactly the columns of ``columns``."""
        ...


signals: Final[Registry[SignalFamily]] = Registry("signal family", "pipelines.signals")
