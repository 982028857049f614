"""measure: every signal of every clean text, once; a table a family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.contract.errors import PartError
from pipelines.contract.schema import SURVIVORS, column
from pipelines.signals.base import SignalFamily, signals
from pipelines.steps.base import Outcome, Work
from pipelines.steps.settings import Curation, described, parts, versions
from pipelines.text.batch import DocumentBatch


def table_schema(family: type[SignalFamily] | SignalFamily) -> pa.Schema:
    """Columns of a family's table: doc_id and its signals."""
    return pa.schema([column("doc_id", pa.string(), "the document"), *family.columns])


@dataclass(frozen=True)
class MeasureTexts:
    """Measures all families of a batch in one pass over its texts."""

    families: Mapping[str, SignalFamily]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """A record batch for each family, with doc_id first."""
        texts = DocumentBatch(batch.column("text"))
        given = {}
        for name, family in self.families.items():
            measured = family.measure(texts)
            if measured.num_rows != batch.num_rows:
                raise PartError(f"signal family {name!r}: {measured.num_rows} rows for {batch.num_rows} texts")
            arrays = [batch.column("doc_id"), *measured.columns]
            given[f"signals_{name}"] = pa.RecordBatch.from_arrays(arrays, names=["doc_id", *measured.schema.names])
        return given


class Measure:
    """See the module."""

    name = "measure"
    version = 1

    def families(self, config: Curation) -> dict[str, SignalFamily]:
        """The run's signal families."""
        return parts(signals, config.measure.families, "measure.families")

    def params(self, config: Curation) -> Any:
        """The families' parameters."""
        return described(self.families(config))

    def parts(self, config: Curation) -> dict[str, int]:
        """The families' versions."""
        return versions(self.families(config))

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        """Texts and who is alive."""
        return (("clean", "texts"), ("clean", "survivors"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:
        """A table a family, and the survivors as they came."""
        return {"survivors": SURVIVORS.schema} | {f"signals_{name}": table_schema(f) for name, f in self.families(config).items()}

    def run(self, work: Work) -> Outcome:
        """One pass for all families."""
        families = self.families(work.config)
        schemas = {name: schema for name, schema in self.outputs(work.config).items() if name != "survivors"}
        body = MeasureTexts(families)
        work.warm(body)
        texts, survivors = work.table("clean", "texts"), work.table("clean", "survivors")
        tables = work.map(texts, body, schemas, columns=["doc_id", "text"]) if families else {}
        return Outcome(tables={**tables, "survivors": survivors}, account=work.unchanged(survivors, *tables.values(), expected=texts))
