"""repeated_lines: lines that too many documents share are cut out of all of them. Done only where a run file has the section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import pyarrow as pa

from pipelines.contract.config import encode
from pipelines.contract.parts import scratch
from pipelines.contract.schema import EDITS, FATES, SURVIVORS, VERDICTS
from pipelines.dedup.lines import COUNTS, LINES, CutLines, HashLines
from pipelines.steps.base import LAST, Outcome, Work
from pipelines.steps.cuts import CUTS

if TYPE_CHECKING:
    from pipelines.contract.parts import Table
    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation

FREQUENT: Final = scratch(pa.schema([("high", pa.int64()), ("low", pa.int64())]))
SPANS: Final = scratch(pa.schema([("doc_id", pa.string()), ("start", pa.int64()), ("end", pa.int64())]))


class RepeatedLines:
    """See the module."""

    name = "repeated_lines"
    version = 1
    after: ClassVar[str] = "register"

    def is_wanted(self, config: Curation) -> bool:
        """Whether the run file has the section."""
        return config.repeated_lines is not None

    def params(self, config: Curation) -> Any:
        """The section as it is."""
        return encode(config.repeated_lines)

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """No registered part has a hand in it."""
        return {}

    def reads(self, config: Curation) -> tuple[Read, ...]:  # noqa: ARG002
        """Texts and who is alive."""
        return (("clean", "texts"), (LAST, "survivors"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Cuts, which are its edits too, verdicts, fates, survivors."""
        return {s.name: s.schema for s in (EDITS, VERDICTS, FATES, SURVIVORS)} | {CUTS: EDITS.schema}

    def run(self, work: Work) -> Outcome:
        """Hashes of lines; counts; the places of the frequent ones, a list a document. Text is read once and never moved."""
        before = work.table(LAST, "survivors")
        spans, counts = self._spans(work, before)
        verdicts = work.query("only_repeated_lines", VERDICTS.schema, {"spans": spans, "counts": counts}).renamed("verdicts")
        fates = work.query("fates_of_dropped", FATES.schema, {"verdicts": verdicts}).renamed("fates")
        living = work.query("spans_without_fates", SPANS, {"spans": spans, "fates": fates})
        order = [("start", "ascending")]
        cuts = work.engine.map_groups(living, CutLines(), {CUTS: EDITS.schema}, work.subfolder("cuts"), key="doc_id", order=order)[CUTS]
        edits = cuts.renamed("edits")
        after = work.query("survivors_after_edits", SURVIVORS.schema, {"survivors": before, "fates": fates, "edits": edits}).renamed("survivors")
        tables = {"edits": edits, CUTS: cuts, "verdicts": verdicts, "fates": fates, "survivors": after}
        return Outcome(tables=tables, account=work.account(before, after, fates=fates, edits=edits))

    def _spans(self, work: Work, before: Table) -> tuple[Table, Table]:
        """Where lines stand that are too frequent, and how many lines each document has."""
        options = work.config.repeated_lines
        assert options is not None
        schemas = {"lines": LINES, "counts": COUNTS}
        body = HashLines(min_characters=options.min_characters)
        hashed = work.map(work.table("clean", "texts"), body, schemas, columns=["doc_id", "text"], beside=before)
        frequent = work.query("frequent_lines", FREQUENT, {"lines": hashed["lines"]}, max_documents=options.max_documents)
        return work.query("frequent_line_spans", SPANS, {"lines": hashed["lines"], "frequent": frequent}), hashed["counts"]
