"""decontaminate: items of benchmarks met in the train side, and what is done about it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contamination.boilerplate import Boilerplate, boilerplate_of
from pipelines.contamination.cut import CutRule
from pipelines.contamination.decontaminate import Decontaminate as DecontaminateTexts
from pipelines.contamination.defined import DefinedRule, DefinedSource, shared_defined_index
from pipelines.contamination.definitions.base import definitions
from pipelines.contamination.definitions.gpt3 import Gpt3
from pipelines.contamination.index_files import IndexSource, shared_index
from pipelines.contamination.inexact import InexactRule
from pipelines.contamination.ngrams import NgramIndex
from pipelines.contamination.parts import ROLES, PartRule
from pipelines.contamination.rules import ActionRules, Index
from pipelines.contract.config import encode, part
from pipelines.contract.errors import ConfigError, PartError
from pipelines.contract.parts import PartWriter, Table, scratch, tables_of
from pipelines.contract.registry import OWN, did_you_mean
from pipelines.contract.schema import BENCHMARK_ITEMS, BOILERPLATE, CONTAMINATION, EDITS, FATES, ITEM_STATUSES, SURVIVORS, TEXTS, VERDICTS
from pipelines.steps.base import EVERY, LAST, Outcome, Work
from pipelines.steps.cuts import CUTS, cut_lists
from pipelines.steps.settings import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipelines.contamination.definitions.base import Definition
    from pipelines.engine.base import Engine
    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation
    from pipelines.steps.settings import Decontaminate as Options

MAX_ITEMS: Final = 5_000_000
HANDED: Final = "living"  # what goes on, as the scrubber sees it
SIDES: Final = scratch(pa.schema([("doc_id", pa.string()), ("split", pa.string()), ("cuts", pa.list_(pa.int64()))]))
CHECKS: Final = scratch(pa.schema([*(BENCHMARK_ITEMS.schema.field(name) for name in ("benchmark", "item_id")), ("is_checked", pa.bool_())]))
READ: Final = ("doc_id", "text", "source", "kind", "language", "url", "license")  # of a text, by whoever takes it from here to its final form
LIVING: Final = pa.schema([*(TEXTS.schema.field(name) for name in READ), *SIDES.remove(0)])


@dataclass(frozen=True)
class HandOn:
    """Decontaminates documents, and where somebody asks for them hands on those that stay, with all that is cut out of them by now."""

    body: DecontaminateTexts
    is_asked: bool

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """What the body gives, and ``living``."""
        made = dict(self.body(batch))
        if self.is_asked:
            made[HANDED] = _with_cuts(batch, made[CUTS]).filter(pc.invert(pc.is_in(batch.column("doc_id"), value_set=made["fates"].column("doc_id"))))
        return made


def _with_cuts(batch: pa.RecordBatch, more: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with each document's cuts, earlier and new ones, as one list sorted by start."""
    if not more.num_rows:
        return batch
    new = defaultdict(list)
    for doc_id, *cut in zip(*(more.column(name).to_pylist() for name in ("doc_id", "start", "end", "new_length")), strict=True):
        new[doc_id].append(tuple(cut))
    lists = [
        [n for cut in sorted([*_triples(flat or ()), *new[doc_id]]) for n in cut] if doc_id in new else flat
        for doc_id, flat in zip(batch.column("doc_id").to_pylist(), batch.column("cuts").to_pylist(), strict=True)
    ]
    return batch.set_column(batch.schema.get_field_index("cuts"), "cuts", pa.array(lists, pa.list_(pa.int64())))


def _triples(flat: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return (tuple(flat[i : i + 3]) for i in range(0, len(flat), 3))


def definition_of(options: Options) -> Definition | None:
    """Whose definition of contamination counts; None: assay's.

    Raises:
        ConfigError: nobody has one of this name.
    """
    return None if options.definition == OWN else part(definitions, options.definition, "decontaminate.definition")[1]


def index_of(work: Work) -> Index:
    """The index over all registered items.

    Raises:
        PartError: there are more items than one machine should hold.
    """
    options, items = work.config.decontaminate, work.table("register", "benchmark_items")
    if items.num_rows > MAX_ITEMS:
        raise PartError(f"decontaminate: {items.num_rows:,} registered parts; an index holds at most {MAX_ITEMS:,}: name fewer tasks under [eval]")
    definition = definition_of(options)
    if definition is not None:
        return shared_defined_index(DefinedSource(items=items, definition=definition, parts=options.parts))
    folder = work.warehouse.root / "scratch" / "indexes"  # it lives as long as the run, and workers of all machines see it
    rule = part_rule(options)
    return shared_index(IndexSource(items=items, rule=rule, folder=folder, inexact=InexactRule() if options.inexact else None))


def living_sides(work: Work) -> Table:
    """Who is alive, on which side, with all cuts so far: what stands beside the texts from here on."""
    given = {"survivors": work.table(LAST, "survivors"), "splits": work.table("split", "splits"), "cut_lists": cut_lists(work)}
    return work.query("living_sides", SIDES, given)


def rules_of(work: Work) -> ActionRules:
    """What is done about runs of each registered benchmark that has items."""
    options, counted = work.config.decontaminate, work.every(BOILERPLATE.name)
    names = pc.unique(work.engine.rows(work.table("register", "benchmark_items").only("benchmark"), MAX_ITEMS).column("benchmark")).to_pylist()
    return ActionRules(
        action_by_benchmark={name: options.actions.get(name, options.action) for name in sorted(names)},
        inexact_action=options.inexact_action,
        min_coverage=options.min_coverage,
        ngram_words=options.ngram_words,
        boilerplate=boilerplate_of(counted[0]) if counted else Boilerplate(),
    )


def looking_rule(options: Options) -> PartRule | DefinedRule:
    """Which parts are looked for, by the definition that counts."""
    definition = definition_of(options)
    return part_rule(options) if definition is None else DefinedRule(definition=definition, parts=options.parts)


@dataclass(frozen=True)
class Known:
    """Which parts were looked for, by a rule and by the index that was made of what it chose: there too many parts may share all that a part has."""

    rule: PartRule | DefinedRule
    index: Index

    def looked_for(self, items: pa.Table) -> pa.BooleanArray:
        """For each row of a table in the schema BENCHMARK_ITEMS whether it was."""
        chosen = self.rule.looked_for(items)
        if not isinstance(self.index, NgramIndex) or not self.index.passed_over.any():
            return chosen
        rows = pc.indices_nonzero(chosen)
        order = pc.sort_indices(items.take(rows), sort_keys=[(name, "ascending") for name in ("benchmark", "item_id", "part")])
        known = chosen.to_numpy(zero_copy_only=False).copy()
        known[rows.take(order).to_numpy()[self.index.passed_over]] = False
        return pa.array(known)


def part_rule(options: Options) -> PartRule:
    """Which parts are looked for by assay's definition."""
    return PartRule(ngram_words=options.ngram_words, min_words=options.min_words, parts=options.parts)


def cut_rule(options: Options) -> CutRule:
    """How much goes with a run of benchmark text; GPT-3's definition splits as the evaluation harness does."""
    definition = definition_of(options)
    rule = CutRule(window_characters=options.window_characters, min_piece_characters=options.min_piece_characters, max_cuts=options.max_cuts)
    return replace(rule, splitting="janitor", ngram_words=definition.ngram_words) if isinstance(definition, Gpt3) else rule


class Decontaminate:
    """See the module."""

    name = "decontaminate"
    version = 4

    def params(self, config: Curation) -> Any:
        """The section as it is."""
        definition = definition_of(config.decontaminate)
        return encode(config.decontaminate) | ({} if definition is None else {"definition": encode(definition)})

    def parts(self, config: Curation) -> dict[str, int]:
        """The definition, where it is not assay's."""
        definition = definition_of(config.decontaminate)
        return {} if definition is None else versions({"definition": definition})

    def reads(self, config: Curation) -> tuple[Read, ...]:  # noqa: ARG002
        """Items, texts, sides, and what was cut before."""
        items = (("register", "benchmark_items"), (LAST, "survivors"))
        return (*items, ("clean", "texts"), ("split", "splits"), (EVERY, CUTS), (EVERY, BOILERPLATE.name))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Contamination, what it says of every item, cuts, which are its edits too, verdicts, fates, survivors."""
        specs = (CONTAMINATION, ITEM_STATUSES, EDITS, VERDICTS, FATES, SURVIVORS)
        return {s.name: s.schema for s in specs} | {CUTS: EDITS.schema}

    def run(self, work: Work) -> Outcome:
        """One pass over both sides: the train side is looked at, and what stays of either is handed on."""
        before = work.table(LAST, "survivors")
        items = work.engine.rows(work.table("register", "benchmark_items"), MAX_ITEMS)
        warnings = unmatched_parts(items, work.config.decontaminate.parts)
        living = living_sides(work)
        index = index_of(work)
        looks = DecontaminateTexts(index=index, rules=rules_of(work), cut=cut_rule(work.config.decontaminate))
        body = HandOn(looks, is_asked=work.is_ridden(HANDED))
        work.warm(body, LIVING)
        schemas = {"contamination": CONTAMINATION.schema, CUTS: EDITS.schema, "verdicts": VERDICTS.schema, "fates": FATES.schema}
        found = work.map(work.table("clean", "texts"), body, schemas, columns=READ, beside=living, hands_on={HANDED: LIVING})
        edits = found[CUTS].renamed("edits")
        given = {"survivors": before, "fates": found["fates"], "edits": edits}
        after = work.query("survivors_after_edits", SURVIVORS.schema, given).renamed("survivors")
        statuses = item_statuses(
            work.engine, work.subfolder("statuses"), items, Known(looking_rule(work.config.decontaminate), index), found["contamination"]
        )
        tables = {**found, "edits": edits, "survivors": after, "item_statuses": statuses}
        return Outcome(tables=tables, account=work.account(before, after, fates=found["fates"], edits=edits), warnings=warnings)


def unmatched_parts(items: pa.Table, asked: Sequence[str]) -> tuple[str, ...]:
    """A line for each name in ``parts`` that no registered item has.

    Raises:
        ConfigError: there are items and none has such a part, so that nothing would be looked for.
    """
    held = sorted({name for column in ("part", "role") for name in pc.unique(items.column(column)).drop_null().to_pylist()})
    lines = [f"parts: no registered item has {name!r}; {did_you_mean(name, held)}" for name in asked if held and name not in {*held, *ROLES}]
    if lines and not set(held) & set(asked):
        raise ConfigError(f"decontaminate: nothing would be looked for; {lines[0]}")
    return tuple(lines)


def item_statuses(engine: Engine, folder: Path, items: pa.Table, rule: PartRule | Known, contamination: Table) -> Table:
    """What is known of each registered item."""
    rows = pa.table([*(items.column(name) for name in CHECKS.names[:2]), rule.looked_for(items)], schema=CHECKS)
    with PartWriter(folder / "checks", {"checks": CHECKS}) as writer:
        writer.write({"checks": rows})
    given = {"contamination": contamination, **tables_of(writer.files, {"checks": CHECKS})}
    return engine.query("item_statuses", given, ITEM_STATUSES.schema, folder / "item_statuses")
