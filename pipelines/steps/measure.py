"""measure: every signal of every clean text, once; a table a family. Of the text that an earlier stage left, the signals that it is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.contract.errors import PartError
from pipelines.contract.schema import SURVIVORS
from pipelines.signals.base import SignalFamily
from pipelines.steps.base import Outcome, Pass, Work
from pipelines.steps.settings import Curation, described, versions
from pipelines.steps.stages import Round, rounds
from pipelines.text.batch import FACTS, DocumentBatch

if TYPE_CHECKING:
    from pipelines.contract.parts import Table


def table_schema(family: type[SignalFamily] | SignalFamily) -> pa.Schema:
    """Columns of a family's table: doc_id and its signals."""
    return pa.schema([column("doc_id", pa.string(), "the document"), *family.columns])


@dataclass(frozen=True)
class MeasureTexts:
    """Measures families, by the names of their tables, in one pass over the texts."""

    families: Mapping[str, SignalFamily]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """A record batch for each family, with doc_id first."""
        documents = DocumentBatch.from_rows(batch)
        given = {}
        for table, family in self.families.items():
            measured = family.measure(documents)
            if measured.num_rows != batch.num_rows:
                raise PartError(f"signal family of {table!r}: {measured.num_rows} rows for {batch.num_rows} texts")
            arrays = [batch.column("doc_id"), *measured.columns]
            given[table] = pa.RecordBatch.from_arrays(arrays, names=["doc_id", *measured.schema.names])
        return given


class Measure:
    """See the module."""

    name = "measure"
    version = 1

    def params(self, config: Curation) -> Any:
        """The families' parameters."""
        stages = {stage.texts: described(stage.families) for stage in rounds(config)}
        return stages if config.stages else stages["texts"]

    def parts(self, config: Curation) -> dict[str, int]:
        """The families' versions."""
        return {name: version for stage in rounds(config) for name, version in versions(stage.families).items()}

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:
        """Texts of every stage and who is alive."""
        return (*(("clean", stage.texts) for stage in rounds(config)), ("clean", "survivors"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:
        """A table a family and stage, and the survivors as they came."""
        tables = {stage.signals(name): table_schema(family) for stage in rounds(config) for name, family in stage.families.items()}
        return {"survivors": SURVIVORS.schema} | tables

    def passes(self, config: Curation) -> tuple[Pass, ...]:
        """One a stage, for all its families, over what clean writes."""
        return tuple(_pass(stage) for stage in rounds(config) if stage.families)

    def run(self, work: Work) -> Outcome:
        """Its passes."""
        tables: dict[str, Table] = {}
        for its in self.passes(work.config):
            tables |= work.over(its)
        texts, survivors = work.table("clean", "texts"), work.table("clean", "survivors")
        return Outcome(tables={**tables, "survivors": survivors}, account=work.unchanged(survivors, *tables.values(), expected=texts))


def _pass(stage: Round) -> Pass:
    families = {stage.signals(name): family for name, family in stage.families.items()}
    outputs = {table: table_schema(family) for table, family in families.items()}
    columns = ("doc_id", "text", *FACTS)
    return Pass(name=stage.texts, reads=("clean", stage.texts), make=lambda _: MeasureTexts(families), outputs=outputs, columns=columns)
