"""What an engine is: four verbs with one meaning. Kernels never see an engine, and steps never see Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.contract.parts import Table

    Rows = Mapping[str, pa.RecordBatch | pa.Table]


FILE: Final = b"file"  # in the metadata of a batch's schema: the part file that its rows are from, where a worker read it itself


class Body(Protocol):
    """A pure function over rows: same rows, same result, whatever the batch they come in. It must pickle: a frozen dataclass in a module."""

    def __call__(self, batch: pa.RecordBatch, /) -> Rows | Iterator[Rows]:
        """The rows that a batch (``map_batches``) or a whole group (``map_groups``) adds to each output table, at once or in pieces."""
        ...


@dataclass(frozen=True, kw_only=True)
class Rider:
    """What is done with the rows of the table ``rides`` besides writing it. A table that the host does not declare is handed on, and not written.

    Attributes:
        name: stands before the names of its tables; of all riders of a verb each has its own.
        rides: the table of the host whose rows it takes.
        schema: that table's.
        columns: those that the body sees; all where there are none.
        beside: a table that the host gives with these rows, and its schema: its columns are added by doc_id, null where it has no row.
    """

    name: str
    rides: str
    schema: pa.Schema
    body: Body
    outputs: Mapping[str, pa.Schema]
    folder: Path
    columns: tuple[str, ...] | None = None
    beside: tuple[str, pa.Schema] | None = None
    riders: tuple[Rider, ...] = ()


class Engine(Protocol):
    """Runs steps. Every verb writes part files below ``folder``, runs its work once, and returns tables that name the files of that one run."""

    name: str

    def map_batches(
        self,
        table: Table,
        body: Body,
        outputs: Mapping[str, pa.Schema],
        folder: Path,
        *,
        columns: Sequence[str] | None = None,
        beside: Table | None = None,
        riders: tuple[Rider, ...] = (),
    ) -> dict[str, Table]:
        """``body`` over every batch of a table. With ``beside``, only rows whose doc_id is there, its columns added: an inner join by doc_id.

        ``riders`` go over the rows of the tables that the body gives; theirs are among those that come back, as RIDER/TABLE.
        """
        ...

    def map_groups(
        self,
        table: Table,
        body: Body,
        outputs: Mapping[str, pa.Schema],
        folder: Path,
        *,
        key: str,
        order: Sequence[tuple[str, str]],
    ) -> dict[str, Table]:
        """``body`` over the rows of each key, sorted by ``order``: pairs of a column and "ascending" or "descending"."""
        ...

    def query(self, name: str, tables: Mapping[str, Table], schema: pa.Schema, folder: Path, **params: float | str) -> Table:
        """``pipelines/sql/NAME.sql`` over named tables. Parameters are the columns of a table ``params`` with one row."""
        ...

    def sample(
        self, table: Table, folder: Path, *, seed: int, num_rows: int | None = None, fraction: float | None = None, by: str = "doc_id"
    ) -> Table:
        """Rows drawn by a hash of the column ``by`` and the seed: the same on every engine and however the table is cut.

        ``num_rows`` gives exactly so many where no value of ``by`` occurs twice (rows of one value are drawn together or not at all), and the whole
        of a table that has no more. A larger sample holds a smaller one of the same seed. ``num_rows`` reads the ids once more than ``fraction``.

        Raises:
            PartError: neither or both are given, a bound is passed, or there is no such column.
        """
        ...

    def rows(self, table: Table, limit: int = 100_000) -> pa.Table:
        """A small table in memory, the only way to see rows in the driver.

        Raises:
            PartError: the table has more than ``limit`` rows.
        """
        ...

    def on_progress(self, report: Callable[[int, int], None] | None) -> None:
        """Asks to be told pieces done and pieces in all of the verb that runs."""
        ...

    def cpu_s(self) -> float:
        """CPU seconds that workers outside this process have used so far, as far as they have reported."""
        ...

    def riders_cpu_s(self) -> Mapping[str, float]:
        """CPU seconds of the riders so far, by name, wherever they worked: part of what their hosts used."""
        ...

    def peak_rss_bytes(self) -> int:
        """Highest resident memory of a worker outside this process so far; 0 if none has reported."""
        ...

    def rest(self) -> None:
        """Lets go of what idle workers of this machine hold until they are needed again: the driver is about to need the memory itself."""
        ...

    def close(self) -> None:
        """Gives back processes and sessions."""
        ...
