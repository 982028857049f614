"""boilerplate: n-grams of registered items that so many documents of the train side share that they are evidence of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from pipelines.contamination.decontaminate import CountNgrams
from pipelines.contract.config import encode
from pipelines.contract.parts import scratch
from pipelines.contract.registry import OWN
from pipelines.contract.schema import BOILERPLATE, SURVIVORS
from pipelines.steps.base import EVERY, LAST, Outcome, Work
from pipelines.steps.cuts import CUTS
from pipelines.steps.decontaminate import LIVING, definition_of, index_of, living_sides
from pipelines.steps.settings import versions

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation

MET: Final = scratch(BOILERPLATE.schema)
COLUMNS: Final = ("doc_id", "text")


class Boilerplate:
    """See the module."""

    name = "boilerplate"
    version = 1
    after: ClassVar[str] = "register"

    def is_wanted(self, config: Curation) -> bool:
        """Where the run file sets a number of documents."""
        return config.decontaminate.max_documents is not None

    def params(self, config: Curation) -> Any:
        """What is looked for, and how often is too often."""
        options = config.decontaminate
        definition = definition_of(options)
        numbers = {"ngram_words": options.ngram_words, "min_words": options.min_words, "max_documents": options.max_documents}
        return {**numbers, "parts": list(options.parts), "definition": encode(definition) if definition is not None else OWN}

    def parts(self, config: Curation) -> dict[str, int]:
        """The definition, where it is not assay's."""
        definition = definition_of(config.decontaminate)
        return {} if definition is None else versions({"definition": definition})

    def reads(self, config: Curation) -> tuple[Read, ...]:  # noqa: ARG002
        """Items, texts, sides, and what was cut before."""
        return (("register", "benchmark_items"), (LAST, "survivors"), ("clean", "texts"), ("split", "splits"), (EVERY, CUTS))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """The n-grams, and the survivors as they came."""
        return {spec.name: spec.schema for spec in (BOILERPLATE, SURVIVORS)}

    def run(self, work: Work) -> Outcome:
        """One pass that counts, then a sum. A document is in one batch, so the counts of batches add up."""
        options, survivors = work.config.decontaminate, work.table(LAST, "survivors")
        assert options.max_documents is not None
        body = CountNgrams(index_of(work).exact_only(), options.ngram_words)
        work.warm(body, LIVING, [*COLUMNS, "split"])
        met = work.map(work.table("clean", "texts"), body, {"met": MET}, columns=COLUMNS, beside=living_sides(work))["met"]
        found = work.query("boilerplate", BOILERPLATE.schema, {"met": met}, max_documents=options.max_documents)
        return Outcome(tables={"boilerplate": found, "survivors": survivors}, account=work.unchanged(survivors))
