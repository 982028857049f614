"""tokenize: a tokenizer learned from the train side, and both sides as token ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.config import encode as as_json
from pipelines.contract.errors import InputError
from pipelines.contract.parts import Table, scratch
from pipelines.contract.schema import CORPUS, SHARDS, SURVIVORS
from pipelines.shards.pretokens import character_ranges
from pipelines.shards.tokenizer import encoder, learn
from pipelines.steps.base import Outcome, Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.steps.settings import Curation

SAMPLE: Final = scratch(pa.schema([("doc_id", pa.string()), ("position", pa.int64())]))
SAMPLE_TEXTS: Final = scratch(pa.schema([("position", pa.int64()), ("text", pa.string())]))


@dataclass(frozen=True)
class TakeTexts:
    """The texts of a sample with their place in it."""

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Position and text."""
        return {"sample_texts": batch.select(["position", "text"])}


@dataclass(frozen=True)
class EncodeTexts:
    """Final texts as token ids."""

    tokenizer_json: str
    ranges: tuple[tuple[int, int], ...]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """A row of ``shards`` for each document."""
        ids = encoder(self.tokenizer_json, self.ranges).encode(batch.column("text"))
        rows = {
            "doc_id": batch.column("doc_id"),
            "source": batch.column("source"),
            "split": batch.column("split"),
            "input_ids": ids,
            "num_tokens": pc.cast(pc.list_value_length(ids), pa.int64()),
        }
        return {"shards": pa.RecordBatch.from_pydict(rows)}


class Tokenize:
    """See the module."""

    name = "tokenize"
    version = 2

    def params(self, config: Curation) -> Any:
        """The section as it is."""
        return as_json(config.tokenize)

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """No registered part has a hand in it."""
        return {}

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        """Final documents and their sides."""
        return (("scrub", "finals_train"), ("scrub", "finals_heldout"), ("scrub", "survivors"), ("split", "splits"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Shards and the survivors as they came."""
        return {"shards": SHARDS.schema, "survivors": SURVIVORS.schema}

    def run(self, work: Work) -> Outcome:
        """Learns from a bounded sample in the order of doc_id, then encodes everything."""
        survivors, train = work.table("scrub", "survivors"), work.table("scrub", "finals_train")
        if train.num_rows == 0:
            raise InputError(f"{work.config.name}: no document is left on the train side; loosen the [judge] presets, or give more text")
        sample = self._sample(work, survivors, train)
        work.engine.rest()  # the library takes about a gigabyte for a sample of 64 MB
        learned = learn(sample, work.config.tokenize.vocab_size)
        path = work.subfolder("tokenizer") / "tokenizer.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(learned, encoding="utf-8")
        finals = Table(name="finals", schema=CORPUS.schema, files=train.files + work.table("scrub", "finals_heldout").files)
        columns = ["doc_id", "text", "source", "split"]
        shards = work.map(finals, EncodeTexts(learned, character_ranges()), {"shards": SHARDS.schema}, columns=columns)
        artifacts = {"tokenizer.json": work.warehouse.artifact(path)}
        return Outcome(tables={**shards, "survivors": survivors}, account=work.unchanged(survivors, shards["shards"]), artifacts=artifacts)

    def _sample(self, work: Work, survivors: Table, train: Table) -> Iterator[str]:
        options = work.config.tokenize
        given = {"survivors": survivors, "splits": work.table("split", "splits")}
        sample = work.query("tokenizer_sample", SAMPLE, given, max_bytes=options.sample_bytes)
        texts = work.map(train, TakeTexts(), {"sample_texts": SAMPLE_TEXTS}, columns=["doc_id", "text"], beside=sample)["sample_texts"]
        rows = work.engine.rows(texts, 10_000_000)
        places = pc.sort_indices(rows.column("position"))
        return (str(rows.column("text")[place.as_py()]) for place in places)
