"""decontaminate: items of benchmarks met in the train side, and what is done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipelines.contamination.cut import CutRule
from pipelines.contamination.decontaminate import Action
from pipelines.contamination.decontaminate import Decontaminate as DecontaminateTexts
from pipelines.contamination.ngrams import NgramIndex
from pipelines.contract.config import encode
from pipelines.contract.schema import CONTAMINATION, EDITS, FATES, SURVIVORS, TEXTS, VERDICTS
from pipelines.steps.base import EVERY, LAST, Outcome, Work
from pipelines.steps.cuts import CUTS, cut_lists

if TYPE_CHECKING:
    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation
    from pipelines.steps.settings import Decontaminate as Options

MAX_ITEMS: Final = 5_000_000
SIDES: Final = pa.schema([("doc_id", pa.string()), ("split", pa.string()), ("cuts", pa.list_(pa.int64()))])


def index_of(work: Work) -> NgramIndex:
    """The index over all registered items."""
    options = work.config.decontaminate
    items = work.engine.rows(work.table("register", "benchmark_items"), MAX_ITEMS)
    keys = [(name, "ascending") for name in ("benchmark", "item_id", "part")]
    return NgramIndex.build(items.sort_by(keys), ngram_words=options.ngram_words, min_words=options.min_words)


def actions_of(work: Work) -> dict[str, Action]:
    """What is done about each registered benchmark that has items."""
    options = work.config.decontaminate
    names = set(work.engine.rows(work.table("register", "benchmark_items"), MAX_ITEMS).column("benchmark").to_pylist())
    return {name: options.actions.get(name, options.action) for name in sorted(names)}


def cut_rule(options: Options) -> CutRule:
    """How much goes with a run of benchmark text."""
    return CutRule(window_characters=options.window_characters, min_piece_characters=options.min_piece_characters, max_cuts=options.max_cuts)


class Decontaminate:
    """See the module."""

    name = "decontaminate"
    version = 2

    def params(self, config: Curation) -> Any:
        """The section as it is."""
        return encode(config.decontaminate)

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """No registered part has a hand in it."""
        return {}

    def reads(self, config: Curation) -> tuple[Read, ...]:  # noqa: ARG002
        """Items, texts, sides, and what was cut before."""
        items = (("register", "benchmark_items"), (LAST, "survivors"))
        return (*items, ("clean", "texts"), ("split", "splits"), (EVERY, CUTS))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Contamination, cuts, which are its edits too, verdicts, fates, survivors."""
        return {s.name: s.schema for s in (CONTAMINATION, EDITS, VERDICTS, FATES, SURVIVORS)} | {CUTS: EDITS.schema}

    def run(self, work: Work) -> Outcome:
        """One pass over the train side."""
        before = work.table(LAST, "survivors")
        given = {"survivors": before, "splits": work.table("split", "splits"), "cut_lists": cut_lists(work)}
        train = work.query("train_survivors", SIDES, given)
        body = DecontaminateTexts(index=index_of(work), action_by_benchmark=actions_of(work), rule=cut_rule(work.config.decontaminate))
        work.warm(body, pa.schema([*(TEXTS.schema.field(name) for name in ("doc_id", "text")), *SIDES.remove(0)]))
        schemas = {"contamination": CONTAMINATION.schema, CUTS: EDITS.schema, "verdicts": VERDICTS.schema, "fates": FATES.schema}
        found = work.map(work.table("clean", "texts"), body, schemas, columns=["doc_id", "text"], beside=train)
        edits = found[CUTS].renamed("edits")
        given = {"survivors": before, "fates": found["fates"], "edits": edits}
        after = work.query("survivors_after_edits", SURVIVORS.schema, given).renamed("survivors")
        tables = {**found, "edits": edits, "survivors": after}
        return Outcome(tables=tables, account=work.account(before, after, fates=found["fates"], edits=edits))
