"""What an engine is: four verbs with one meaning. Kernels never see an engine, and steps never see Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from pipelines.contract.parts import Table


class Body(Protocol):
    """A pure function over rows: same rows, same result, whatever the batch they come in. It must pickle: a frozen dataclass in a module."""

    def __call__(self, batch: pa.RecordBatch) -> Mapping[str, pa.RecordBatch | pa.Table]:
        """The rows that a batch (``map_batches``) or a whole group (``map_groups``) adds to each output table."""
        ...


Order = "Sequence[tuple[str, str]]"


class Engine(Protocol):
    """Runs steps. Every verb writes part files below ``folder`` and returns tables that name them."""

    name: str

    def map_batches(
        self, table: Table, body: Body, outputs: Mapping[str, pa.Schema], folder: Path, *, columns: Sequence[str] | None = None, beside: Table | None = None
    ) -> dict[str, Table]:
        """``body`` over every batch of a table. With ``beside``, only rows whose doc_id is there, its columns added: an inner join by doc_id."""
        ...

    def map_groups(
        self, table: Table, key: str, order: Sequence[tuple[str, str]], body: Body, outputs: Mapping[str, pa.Schema], folder: Path
    ) -> dict[str, Table]:
        """``body`` over the rows of each key, sorted by ``order`` (column, "ascending" or "descending")."""
        ...

    def query(self, name: str, tables: Mapping[str, Table], schema: pa.Schema, folder: Path, **params: int | float | str) -> Table:
        """One ``pipelines/sql/NAME.sql`` over named tables."""
        ...

    def rows(self, table: Table, limit: int = 100_000) -> pa.Table:
        """A small table in memory, the only way to see rows in the driver; more than ``limit`` rows is an error."""
        ...

    def close(self) -> None:
        """Gives back processes and sessions."""
        ...
