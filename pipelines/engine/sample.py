"""A sample that is the same on every engine and however a table is cut: rows are drawn by a hash of their id, never by their place."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from pipelines.contract.errors import PartError
from pipelines.contract.hashing import encoded

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contract.parts import Table
    from pipelines.engine.base import Engine

_LOTS: Final = 1 << 63
_LOT: Final = pa.schema([("lot", pa.int64())])
MAX_ROWS: Final = 100_000  # lots that the driver sorts to find the first one that is out


def sample(engine: Engine, table: Table, folder: Path, *, seed: int, by: str, num_rows: int | None, fraction: float | None) -> Table:
    """What ``Engine.sample`` promises, in terms of ``map_batches``."""
    where = f"a sample of {table.name}"
    if by not in table.schema.names:
        raise PartError(f"{where} by {by!r}: there is no such column; name one of {table.schema.names}")
    draw = Draw(seed=seed, by=by, bound=_LOTS)
    if num_rows is not None and fraction is None:
        if not 0 <= num_rows <= MAX_ROWS:
            raise PartError(f"{where}: num_rows is {num_rows:,} and goes from 0 to {MAX_ROWS:,}; give a fraction instead")
        draw = replace(draw, bound=_bound(engine, table, folder, draw, num_rows))
    elif fraction is not None and num_rows is None:
        if not 0 <= fraction <= 1:
            raise PartError(f"{where}: fraction is {fraction} and goes from 0 to 1")
        draw = replace(draw, bound=round(fraction * _LOTS))
    else:
        raise PartError(f"{where}: give num_rows or fraction, and not both")
    return engine.map_batches(table, draw, {"rows": table.schema}, folder)["rows"].renamed(table.name)


def _bound(engine: Engine, table: Table, folder: Path, draw: Draw, num_rows: int) -> int:
    """The first lot that is out: lots are looked at below a bound that is likely to hold enough of them, and twice as far where it does not."""
    likely = num_rows + 6 * math.sqrt(num_rows) + 20  # six standard deviations
    bound = 0
    while bound < _LOTS and num_rows < table.num_rows:
        bound = min(_LOTS, max(2 * bound, math.ceil(likely / table.num_rows * _LOTS)))
        looked = replace(draw, bound=bound, is_look=True)
        lots = engine.map_batches(table, looked, {"lots": _LOT}, folder / f"below-{bound}", columns=[draw.by])["lots"]
        if lots.num_rows > num_rows:
            return int(sorted(engine.rows(lots, 10 * MAX_ROWS).column("lot").to_pylist())[num_rows])
    return _LOTS


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Rows whose lot is below the bound; in a first look, their lots alone."""

    seed: int
    by: str
    bound: int
    is_look: bool = False

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """The rows of a batch that are drawn."""
        key = encoded(self.seed)
        lots = [_lot(value, key) for value in batch.column(self.by).to_pylist()]
        if self.is_look:
            return {"lots": pa.RecordBatch.from_pydict({"lot": [lot for lot in lots if lot < self.bound]}, schema=_LOT)}
        return {"rows": batch.filter(pa.array([lot < self.bound for lot in lots], pa.bool_()))}


def _lot(value: object, key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(encoded(value), digest_size=8, key=key).digest(), "big") >> 1
