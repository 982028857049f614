"""What a step is: it reads tables of earlier steps, wires kernels to an engine, and accounts for every document and byte."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

import pyarrow as pa

from pipelines.contract.errors import LedgerError
from pipelines.contract.manifest import Artifact
from pipelines.contract.parts import Table, scratch
from pipelines.contract.reference import Ref
from pipelines.contract.schema import EDITS, FATES, LEDGER, SURVIVORS
from pipelines.engine.base import Body
from pipelines.engine.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.contract.warehouse import Warehouse
    from pipelines.engine.base import Engine, Rider
    from pipelines.steps.settings import Curation

    Read = tuple[str, str] | Ref

EVERY: Final = "*"  # in the place of a step that is read from: every earlier one that writes the table
LAST: Final = ""  # the last earlier one that writes it
_SAMPLE: Final = {"doc_id": "0" * 32, "text": "one two three, and four five six seven", "split": "train"}
STRAYS: Final = scratch(pa.schema([("num_strays", pa.int64())]))
ACCOUNT: Final = tuple(f.name for f in LEDGER.schema if f.name not in {"step", "cpu_s", "wall_s", "peak_rss_bytes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A step's books, in documents and bytes. ``check`` is promise 1: nothing vanishes."""

    docs_in: int
    docs_kept: int
    bytes_in: int
    bytes_kept: int
    docs_dropped: int = 0
    docs_quarantined: int = 0
    bytes_cut: int = 0
    bytes_added: int = 0
    bytes_dropped: int = 0
    bytes_quarantined: int = 0

    def check(self, step: str) -> None:
        """Raises LedgerError where documents or bytes do not balance."""
        docs_out = self.docs_kept + self.docs_dropped + self.docs_quarantined
        if self.docs_in != docs_out:
            raise LedgerError(f"{step}: {self.docs_in:,} documents came in, but {docs_out:,} are accounted for; this is a fault of assay")
        came = self.bytes_in + self.bytes_added
        went = self.bytes_kept + self.bytes_cut + self.bytes_dropped + self.bytes_quarantined
        if came != went:
            raise LedgerError(f"{step}: {came:,} bytes came in or were added, but {went:,} are accounted for; this is a fault of assay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step made."""

    tables: Mapping[str, Table]
    account: Account
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()  # what a user should know though the step is done: a line each, shown by every run that finds it done too


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The tables that a step reads: of earlier steps by (step, table) as the step names them, and of other warehouses."""

    of_steps: Mapping[tuple[str, str], tuple[Table, ...]]
    of_warehouses: Mapping[Ref, Table] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)  # content hash of each, under the name that the manifest has for it


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A body over all rows of one table. ``make`` is asked for the body when it is needed, with the inputs that the step has by then.

    The table may be one that its step only hands on: then the rows exist nowhere else, and a step whose pass did not ride makes them itself.

    Attributes:
        name: of the pass among those of the step.
        reads: step and table.
        columns: those of the table that the body sees.
        beside: a table that the same step makes of the same documents, of which some may have no row; the body sees its columns too.
    """

    name: str
    reads: tuple[str, str]
    make: Callable[[Work], Body]
    outputs: Mapping[str, pa.Schema]
    columns: tuple[str, ...]
    beside: Beside | None = None


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A table beside the one that a pass reads: rows that ride have it from memory, a step that reads for itself has it from ``query``.

    Attributes:
        name: of the table, by the step whose table the pass reads.
        query: of ``pipelines/sql``, over the two tables as ``rows`` and ``beside``: for each doc_id of the rows the columns of the other, or null.
    """

    name: str
    schema: pa.Schema
    query: str


@dataclass(frozen=True, kw_only=True)
class Aboard:
    """A pass that rides, and the step whose work it is."""

    step: str
    its: Pass
    host: str  # names of the host's tables begin so: empty for those of the verb itself
    params: Any


class Rides(Protocol):
    """What a step's verbs ask of ``pipelines.steps.passes``."""

    def riders(self, step: str, outputs: Mapping[str, pa.Schema]) -> tuple[tuple[Rider, ...], list[Aboard]]:
        """What rides on the tables that a step writes."""
        ...

    def keep(self, aboard: Sequence[Aboard], made: Mapping[str, Table]) -> None:
        """Takes what rode from a verb's tables."""
        ...

    def is_ridden(self, step: str, table: str) -> bool:
        """Whether a pass would ride on a table of a step."""
        ...

    def take(self, step: str, its: Pass, table: Table | None) -> Mapping[str, Table] | None:
        """What a pass made of the very rows of a table while it rode, if it did."""
        ...


class Work:
    """One attempt at a step: its inputs, its engine, a folder of its own. Verbs are called through it, so that each gets a fresh subfolder."""

    def __init__(self, *, step: str, config: Curation, warehouse: Warehouse, engine: Engine, folder: Path, inputs: Inputs, riding: Rides) -> None:
        """Inputs are those that the step reads, found; ``riding`` knows what rides on what the step writes, and what rode for it."""
        self.step = step
        self.config = config
        self.warehouse = warehouse
        self.engine = engine
        self.folder = folder
        self._inputs = inputs
        self._riding = riding
        self._verbs = 0

    def table(self, step: str, name: str) -> Table:
        """A table that an earlier step published; of the last one that did for ``LAST``."""
        return self._inputs.of_steps[step, name][-1]

    def every(self, name: str) -> list[Table]:
        """The tables of a name of every earlier step that writes one, in the order of the steps; the step reads ``(EVERY, name)``."""
        return list(self._inputs.of_steps[EVERY, name])

    def referred(self, name: str) -> list[Table]:
        """The tables of a name in other warehouses, in the order in which the step reads them."""
        return [table for ref, table in self._inputs.of_warehouses.items() if ref.table == name]

    @property
    def contents(self) -> Mapping[str, str]:
        """Content hash of everything that the step reads, as its manifest names it."""
        return self._inputs.contents

    def subfolder(self, name: str) -> Path:
        """A folder that no other verb of this attempt writes to."""
        self._verbs += 1
        return self.folder / f"{self._verbs:02d}-{name}"

    def map(
        self,
        table: Table,
        body: Body,
        outputs: Mapping[str, pa.Schema],
        *,
        columns: Sequence[str] | None = None,
        beside: Table | None = None,
        hands_on: Mapping[str, pa.Schema] | None = None,
    ) -> dict[str, Table]:
        """``Engine.map_batches``, with all that rides on its tables, and on what the body only hands on and nobody writes."""
        folder = self.subfolder(type(body).__name__.lower())
        riders, aboard = self._riding.riders(self.step, {**outputs, **(hands_on or {})})
        made = self.engine.map_batches(table, body, outputs, folder, columns=columns, beside=beside, riders=riders)
        self._riding.keep(aboard, made)
        return {name: made[name] for name in outputs}

    def is_ridden(self, table: str) -> bool:
        """Whether a pass of a later step rides on a table of this one."""
        return self._riding.is_ridden(self.step, table)

    def carried(self, its: Pass) -> dict[str, Table] | None:
        """What a pass made while it rode on what an earlier step handed on; None where the step has to do it now."""
        found = self._riding.take(self.step, its, None)
        return None if found is None else dict(found)

    def over(self, its: Pass) -> dict[str, Table]:
        """The tables of a pass: what it made while it rode on an earlier step, else a map of the table that it reads."""
        table = self.table(*its.reads)
        carried = self._riding.take(self.step, its, table)
        if carried is not None:
            return dict(carried)
        body = its.make(self)
        self.warm(body, table.schema, its.columns, its.beside)
        if its.beside is None:
            return self.map(table, body, its.outputs, columns=its.columns)
        given = {"finals": table, "written": self.table(its.reads[0], its.beside.name)}
        return self.map(table, body, its.outputs, columns=its.columns, beside=self.query(its.beside.query, its.beside.schema, given))

    def warm(self, body: Body, schema: pa.Schema, columns: Sequence[str] | None = None, beside: Beside | None = None) -> None:
        """Calls a body with one row in the driver, so that kernels are compiled and cached before several workers would compile the same.

        Raises:
            AssayError: the body cannot do its work; said as a worker would say it.
        """
        own = [schema.field(name) for name in columns or schema.names]
        wanted = pa.schema([*own, *(field for field in (beside.schema if beside else ()) if field.name != "doc_id")])
        with guarded(body, self.folder):
            result = body(pa.RecordBatch.from_pylist([{name: _SAMPLE.get(name) for name in wanted.names}], schema=wanted))
            for _ in () if isinstance(result, Mapping) else result:
                pass

    def query(self, name: str, schema: pa.Schema, tables: Mapping[str, Table], **params: float | str) -> Table:
        """``Engine.query``."""
        return self.engine.query(name, tables, schema, self.subfolder(name), **params)

    def without(self, survivors: Table, fates: Table) -> Table:
        """The survivors that have no fate yet."""
        return self.query("survivors_without_fates", SURVIVORS.schema, {"survivors": survivors, "fates": fates}).renamed("survivors")

    def account(self, before: Table, after: Table, *, fates: Table | None = None, edits: Table | None = None) -> Account:
        """Books from four tables that were written apart: who came, who went on, whose end this was, what was edited."""
        no_fates, no_edits = (Table(name=spec.name, schema=spec.schema) for spec in (FATES, EDITS))
        given = {"before": before, "after": after, "fates": fates or no_fates, "edits": edits or no_edits}
        schema = LEDGER.schema
        wanted = scratch(schema.empty_table().select(list(ACCOUNT)).schema)
        row: dict[str, Any] = self.engine.rows(self.query("account", wanted, given), 1).to_pylist()[0]
        return Account(**row)

    def unchanged(self, survivors: Table, *products: Table, expected: Table | None = None) -> Account:
        """Books of a step that ends no document: each of those who came is in everything that the step made, exactly once, and nobody else is.

        ``expected`` holds who should be there, where that is not the survivors: a step may work for more documents, or for fewer.
        """
        books = self.account(survivors, survivors)
        strays = max((self._strays(product, expected or survivors) for product in products), default=0)
        return replace(books, docs_kept=books.docs_kept - strays)

    def _strays(self, product: Table, expected: Table) -> int:
        made = self.query("strays", STRAYS, {"product": product, "expected": expected})
        return int(self.engine.rows(made, 1).column("num_strays")[0].as_py())


class Step(Protocol):
    """A step. Its key is its name, ``params``, ``parts`` and the content of the tables it ``reads``."""

    name: str
    version: int

    def params(self, config: Curation) -> Any:
        """The part of the configuration that the step reads, as JSON."""
        ...

    def parts(self, config: Curation) -> dict[str, int]:
        """Versions of the parts that have a hand in the result."""
        ...

    def reads(self, config: Curation) -> tuple[Read, ...]:
        """The tables it reads, as (step, table); ``EVERY`` and ``LAST`` stand for steps that it need not know."""
        ...

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:
        """The tables it writes, the ledger apart."""
        ...

    def run(self, work: Work) -> Outcome:
        """Does the work."""
        ...


@runtime_checkable
class OptionalStep(Step, Protocol):
    """A step that a run may do without. ``after`` names the step that it follows."""

    after: ClassVar[str]

    def is_wanted(self, config: Curation) -> bool:
        """Whether the run file asks for it."""
        ...


@runtime_checkable
class PassingStep(Protocol):
    """A step with passes that may ride."""

    def passes(self, config: Curation) -> tuple[Pass, ...]:
        """Its passes over tables of earlier steps."""
        ...
