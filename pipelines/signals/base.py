"""What a signal family is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import numpy as np
import pyarrow as pa

from pipelines.contract.registry import Registry

if TYPE_CHECKING:
    import numpy.typing as npt

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


def shares(parts: npt.NDArray[np.int64], wholes: npt.NDArray[np.int64]) -> pa.Array:
    """Each part of its whole as a column of signals; of nothing the share is 0.

    >>> shares(np.array([1, 3]), np.array([4, 0])).to_pylist()
    [0.25, 0.0]
    """
    return pa.array(np.divide(parts, wholes, out=np.zeros(len(parts)), where=wholes != 0))
