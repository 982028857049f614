"""ingest: sources into ``documents``, into ``quarantine`` what could not be read, and into ``skipped`` what is no document."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipelines.contract.config import encode, part
from pipelines.contract.errors import ConfigError, QuarantineExceeded
from pipelines.contract.parts import PartWriter, Table, attempts_of, of_attempts, scratch, tables_of
from pipelines.contract.schema import DOCUMENTS, QUARANTINE, SKIPPED, SURVIVORS
from pipelines.sources.base import Listing, Source, sources
from pipelines.steps.base import Account, Outcome, Work
from pipelines.steps.inputs import barren, check_listings, check_unchanged, files_sha256, gave_nothing
from pipelines.steps.reading import HOLDING, TALLY, UNITS, FindRepeats, ReadUnits, SetRepeatsAside, share_row, shares, skipped_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.steps.settings import Curation

MAX_HOLDING: Final = 1_000_000  # batches with a repeat of a key
READ: Final = scratch(pa.schema([("source", pa.string()), ("num_documents", pa.int64())]))
FAULTS: Final = scratch(pa.schema([
    ("source", pa.string()), ("error", pa.string()), ("num_faults", pa.int64()), ("origin_file", pa.string()), ("message", pa.string()),
]))  # fmt: skip
BOOKS: Final = scratch(pa.schema([
    (name, pa.int64()) for name in ("docs_in", "docs_kept", "docs_quarantined", "bytes_in", "bytes_kept", "bytes_quarantined")
]))  # fmt: skip
REPEATED: Final = scratch(pa.schema([("doc_id", pa.string())]))
FIRST_PLACE: Final = scratch(pa.schema([("doc_id", pa.string()), ("first_file", pa.string()), ("first_offset", pa.int64())]))


class Ingest:
    """See the module. Remembers how the files looked when its key was made, to say at the end whether they still look so."""

    name = "ingest"
    version = 2

    def __init__(self) -> None:
        """Has looked at nothing yet."""
        self._looked: tuple[Curation, dict[str, Listing]] | None = None

    def sources(self, config: Curation) -> dict[str, Source]:
        """The run's sources by their names; a source without a name is called what it is."""
        found: dict[str, Source] = {}
        for number, table in enumerate(config.sources):
            where = f"{config.name}: sources[{number}]"
            name = table.get("name", table.get("use"))
            _, made = part(sources, {k: v for k, v in table.items() if k != "name"}, where)
            if not isinstance(name, str) or name in found:
                raise ConfigError(f"{where}: each source needs a name of its own, got {name!r}")
            found[name] = made
        if not found:
            raise ConfigError(f"{config.name}: sources: a run needs at least one [[sources]] table")
        return found

    def params(self, config: Curation) -> Any:
        """Each source's parameters and a hash of how all its files look: a changed file, or one more that is passed by, is a changed key."""
        made = self.sources(config)
        listings = _listings(config, made)
        self._looked = (config, listings)
        return {name: {**encode(source), "files": files_sha256(listings[name])} for name, source in made.items()}

    def parts(self, config: Curation) -> dict[str, int]:
        """The sources' versions; those of the parts that they work with are among the parameters."""
        return {f"source {name}": source.version for name, source in self.sources(config).items()}

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        """Nothing: ingest is first."""
        return ()

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Documents, survivors, quarantine, and what was passed by."""
        return {s.name: s.schema for s in (DOCUMENTS, SURVIVORS, QUARANTINE, SKIPPED)}

    def run(self, work: Work) -> Outcome:
        """Reads every unit once, makes sure that no file changed meanwhile, then sets records with a repeated key aside.

        Raises:
            InputError: a source gave no document, or a file changed while it was read.
        """
        config, made = work.config, self.sources(work.config)
        before = self._looked[1] if self._looked is not None and self._looked[0] is config else _listings(config, made)
        check_listings(config.name, made, before)
        tables = work.map(_shares_table(work, before), ReadUnits(made), {**self.outputs(config), "tally": TALLY})
        check_unchanged(config.name, before, _listings(config, made))
        tally, passed_by = tables.pop("tally"), _with_unopened(work, tables.pop("skipped"), before)
        read = work.engine.rows(work.query("sources_read", READ, {"tally": tally})).to_pylist()
        for name in barren(read, before):
            faults = work.engine.rows(work.query("faults_by_class", FAULTS, {"quarantine": tables["quarantine"]}))
            raise gave_nothing(config.name, name, before[name], faults.to_pylist())
        tables = _without_repeats(work, tables)
        given = {"tally": tally, "survivors": tables["survivors"], "quarantine": tables["quarantine"]}
        books = work.engine.rows(work.query("ingest_account", BOOKS, given), 1).to_pylist()[0]
        tables["skipped"] = work.query("skipped", SKIPPED.schema, {"passed_by": passed_by.renamed("passed_by")})
        return Outcome(tables=tables, account=Account(**books))


def _listings(config: Curation, made: Mapping[str, Source]) -> dict[str, Listing]:
    return {name: source.look(config.ingest.split_bytes) for name, source in made.items()}


def _without_repeats(work: Work, tables: dict[str, Table]) -> dict[str, Table]:
    """The tables with repeats of a key in quarantine: the part files that hold one are written anew, and what rides on them rides again."""
    documents = tables["documents"]
    if not work.query("repeated_keys", REPEATED, {"documents": documents}).num_rows:
        return tables
    firsts = work.query("first_places", FIRST_PLACE, {"documents": documents})
    found = work.map(documents, FindRepeats(), {"holding": HOLDING}, columns=["doc_id", "origin_file", "origin_offset"], beside=firsts)["holding"]
    holding = {None if name is None else Path(name).stem for name in work.engine.rows(found, MAX_HOLDING).column("file").to_pylist()}
    again = attempts_of(documents) if None in holding else attempts_of(documents) & holding
    outputs = {spec.name: spec.schema for spec in (DOCUMENTS, SURVIVORS, QUARANTINE)}
    given = work.map(of_attempts(documents, again), SetRepeatsAside(), outputs, beside=firsts)
    rest = {name: of_attempts(tables[name], attempts_of(documents) - again) for name in ("documents", "survivors")}
    return {**{name: _both(table, given[name]) for name, table in rest.items()}, "quarantine": _both(tables["quarantine"], given["quarantine"])}


def _with_unopened(work: Work, records: Table, listings: Mapping[str, Listing]) -> Table:
    """What was passed by in files, and the files that were not opened."""
    with PartWriter(work.subfolder("unopened"), {"skipped": SKIPPED.schema}) as writer:
        for name, listing in listings.items():
            rows = [(s.file, s.reason, s.num_records, s.num_bytes) for s in listing.skipped]
            writer.write({"skipped": skipped_rows(name, rows)})
    return _both(records, tables_of(writer.files, {"skipped": SKIPPED.schema})["skipped"])


def _both(one: Table, other: Table) -> Table:
    return Table(name=one.name, schema=one.schema, files=one.files + other.files)


def _shares_table(work: Work, listings: Mapping[str, Listing]) -> Table:
    """Shares of the units, one row group each, so that each can go to a worker of its own."""
    with PartWriter(work.subfolder("units"), {"units": UNITS}, row_group_bytes=1) as writer:
        for name, listing in listings.items():
            rows = [share_row(name, units) for units in shares(listing.units)]
            writer.write({"units": pa.RecordBatch.from_pylist(rows, schema=UNITS)})
    return tables_of(writer.files, {"units": UNITS})["units"]


def check_quarantine(account: Account, quarantine: pa.Table, limit: float, where: str) -> None:
    """Raises QuarantineExceeded where more than ``limit`` of the records were set aside; the message counts the faults by class."""
    if account.docs_in and account.docs_quarantined / account.docs_in > limit:
        classes = Counter(quarantine.column("error").to_pylist()).most_common(3)
        first = quarantine.sort_by([("origin_file", "ascending"), ("origin_offset", "ascending")]).slice(0, 1).to_pylist()[0]
        raise QuarantineExceeded(
            f"{where}: {account.docs_quarantined:,} of {account.docs_in:,} records were set aside ({account.docs_quarantined / account.docs_in:.1%}, "
            f"limit {limit:.1%}): {', '.join(f'{n:,} {kind}' for kind, n in classes)}; the first is in {first['origin_file']}: {first['message']}; "
            "mend the input, or raise [ingest] max_quarantine_ratio; the table quarantine names each (assay sql --run latest)"
        )
