"""scrub: cuts applied, personal data replaced; what comes out is the final text of every document that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.parts import laid_out
from pipelines.contract.schema import CORPUS, EDITS, FATES, PII_PASSED_OVER, PII_SPANS, QUARANTINE, SURVIVORS, VERDICTS
from pipelines.detectors.base import Detector, detectors
from pipelines.detectors.replacement import Replacement
from pipelines.detectors.scrub import WRITTEN
from pipelines.detectors.scrub import Scrub as ScrubTexts
from pipelines.steps.base import EVERY, LAST, Outcome, Pass, Work
from pipelines.steps.cuts import CUTS
from pipelines.steps.decontaminate import HANDED, LIVING, READ, living_sides
from pipelines.steps.settings import Curation, described, parts, versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.contract.parts import Table
    from pipelines.steps.base import Read

_ROW_GROUP_BYTES: Final = 32 << 20  # these files are what is published: a reader of a few columns or rows wants neither one row group nor hundreds
_PUBLISHED: Final = laid_out(CORPUS.schema, row_group_bytes=_ROW_GROUP_BYTES, is_content_defined=True)
FINALS: Final = {f"finals_{split}": _PUBLISHED for split in ("train", "heldout")}


@dataclass(frozen=True)
class FinishTexts:
    """Scrubs a batch and gives each final text the rest of its columns."""

    scrub: ScrubTexts

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Spans, what was passed over, edits, the ends of documents, survivors, and the final documents of either side."""
        given = dict(self.scrub(batch))
        finals = given.pop("finals")
        facts = batch.drop_columns(["text"])
        if finals.num_rows < batch.num_rows:
            facts = facts.take(pc.index_in(finals.column("doc_id"), value_set=batch.column("doc_id")))
        made = {"text": finals.column("text"), "url": self.scrub.addresses(facts.column("url"), facts.column("doc_id"))}
        rows = {name: made[name] if name in made else facts.column(name) for name in CORPUS.schema.names}
        whole = pa.RecordBatch.from_pydict(rows, schema=CORPUS.schema)
        sizes = pc.cast(pc.binary_length(whole.column("text")), pa.int64())
        given["survivors"] = pa.RecordBatch.from_arrays([whole.column("doc_id"), sizes], schema=SURVIVORS.schema)
        for split in ("train", "heldout"):
            given[f"finals_{split}"] = whole.filter(pc.equal(whole.column("split"), split))
        return given


def scrub_body(config: Curation) -> ScrubTexts:
    """The scrubber that a run asks for; the key of pseudonyms is read where it works, and only its id is ever written.

    Raises:
        ConfigError: a policy that cannot be.
    """
    made: dict[str, Detector] = parts(detectors, config.scrub.detectors, "scrub.detectors")
    replacement = replacement_of(config)
    replacement.check(entities_of(made))
    return ScrubTexts(detectors=made, replacement=replacement)


def replacement_of(config: Curation) -> Replacement:
    """What a run does about personal data."""
    options = config.scrub
    return Replacement(style=options.style, policies=options.policies, key_file=options.key_file)


def entities_of(made: Mapping[str, Detector]) -> tuple[str, ...]:
    """What some detectors look for, by name."""
    return tuple(sorted({entity for detector in made.values() for entity in detector.entities}))


class Scrub:
    """See the module."""

    name = "scrub"
    version = 6

    def params(self, config: Curation) -> Any:
        """Detectors, policies, the id of the key, and whose surrogates are written; never the key, nor where it lies."""
        body = scrub_body(config)
        options, replacement = config.scrub, body.replacement
        said = {"detectors": described(dict(body.detectors)), "style": options.style, "policies": dict(sorted(options.policies.items()))}
        return said | {"key_id": replacement.key_id, "faker": replacement.faker(entities_of(body.detectors))}

    def parts(self, config: Curation) -> dict[str, int]:
        """The detectors' versions."""
        return versions(parts(detectors, config.scrub.detectors, "scrub.detectors"))

    def reads(self, config: Curation) -> tuple[Read, ...]:  # noqa: ARG002
        """Texts, sides, cuts."""
        return (("clean", "texts"), ("split", "splits"), (LAST, "survivors"), ("decontaminate", "survivors"), (EVERY, CUTS))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:
        """Spans, what was passed over, edits, the ends of documents, survivors, final documents, and where in these something was written."""
        told = {s.name: s.schema for s in (PII_SPANS, PII_PASSED_OVER, EDITS, QUARANTINE, VERDICTS, FATES, SURVIVORS)}
        return told | ({"written": WRITTEN} if replacement_of(config).keeps_places else {}) | FINALS

    def passes(self, config: Curation) -> tuple[Pass, ...]:
        """One, over what decontaminate hands on."""
        outputs, columns = self.outputs(config), tuple(LIVING.names)
        return (Pass(name="finals", reads=("decontaminate", HANDED), make=_finish, outputs=outputs, columns=columns),)

    def run(self, work: Work) -> Outcome:
        """One pass over the documents that are still alive, both sides."""
        before = work.table(LAST, "survivors")
        is_next = before.paths == work.table("decontaminate", "survivors").paths  # no step between took anything out of what was handed on
        tables = (work.carried(*self.passes(work.config)) if is_next else None) or self._apart(work)
        account = work.account(before, tables["survivors"], fates=tables["fates"], edits=tables["edits"])
        return Outcome(tables=tables, account=account)

    def _apart(self, work: Work) -> dict[str, Table]:
        return work.map(work.table("clean", "texts"), _finish(work), self.outputs(work.config), columns=READ, beside=living_sides(work))


def _finish(work: Work) -> FinishTexts:
    return FinishTexts(scrub_body(work.config))
