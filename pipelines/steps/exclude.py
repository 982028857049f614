"""exclude: documents whose clean text another corpus kept already end here, so that a second crawl brings only what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.contract.parts import union
from pipelines.contract.reference import Ref
from pipelines.contract.schema import DUPLICATES, FATES, SURVIVORS, TEXTS, VERDICTS
from pipelines.steps.base import LAST, Outcome, Work

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation


class Exclude:
    """See the module. The other corpora are warehouses; their versions are recorded, their content is in the key."""

    name = "exclude"
    version = 1
    after: ClassVar[str] = "judge"

    def is_wanted(self, config: Curation) -> bool:
        """Where the run file names another corpus."""
        return bool(config.exclude.corpora)

    def params(self, config: Curation) -> Any:  # noqa: ARG002
        """Nothing: what the other corpora hold is among the inputs."""
        return {}

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """No registered part has a hand in it."""
        return {}

    def reads(self, config: Curation) -> tuple[Read, ...]:
        """Texts of those who are alive; of the others, texts and who was kept."""
        corpora = config.exclude.corpora
        refs = (Ref(warehouse=c.warehouse, version=c.version, table=spec.name) for c in corpora for spec in (TEXTS, FATES))
        return (("clean", "texts"), (LAST, "survivors"), *refs)

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Copies with their partners, verdicts, fates, survivors."""
        return {s.name: s.schema for s in (DUPLICATES, VERDICTS, FATES, SURVIVORS)}

    def run(self, work: Work) -> Outcome:
        """Queries over ids and hashes; no text is read."""
        before = work.table(LAST, SURVIVORS.name)
        mine = {"texts": work.table("clean", "texts"), "survivors": before}
        # A corpus at a time: a second crawl gives its documents the ids of the first, so texts of one would meet fates of another.
        corpora = zip(work.referred(TEXTS.name), work.referred(FATES.name), strict=True)
        theirs = ({"elsewhere_texts": texts, "elsewhere_fates": fates} for texts, fates in corpora)
        copies = union("copies", [work.query("copies_elsewhere", DUPLICATES.schema, {**mine, **held}) for held in theirs], DUPLICATES.schema)
        duplicates = work.query("lowest_copies_elsewhere", DUPLICATES.schema, {"copies": copies}).renamed("duplicates")
        verdicts = work.query("verdicts_of_copies_elsewhere", VERDICTS.schema, {"duplicates": duplicates}).renamed("verdicts")
        fates = work.query("fates_of_dropped", FATES.schema, {"verdicts": verdicts}).renamed("fates")
        after = work.without(before, fates)
        tables = {"duplicates": duplicates, "verdicts": verdicts, "fates": fates, "survivors": after}
        return Outcome(tables=tables, account=work.account(before, after, fates=fates))
