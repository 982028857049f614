"""The step clean: ftfy's repairs as edits, the language of each text, hashes."""

import pyarrow as pa
from ours import batch, batches_of
from protocol import WARM_UP, Arm, digest

from pipelines.cleaners.base import cleaners
from pipelines.steps.clean import CleanTexts

CARRIED = ("source", "kind", "origin", "url", "license")


def rows(one: pa.RecordBatch) -> pa.RecordBatch:
    nothing = [pa.nulls(one.num_rows, pa.string()) for _ in CARRIED]
    return pa.RecordBatch.from_arrays([*one.columns, *nothing], names=[*one.schema.names, *CARRIED])


arm = Arm("assay")
body = CleanTexts({"texts": {"ftfy": cleaners["ftfy"]()}})
body(rows(batch([{"doc_id": "0", "text": WARM_UP}])))
batches = [rows(one) for one in batches_of(arm.texts)]
with arm.timed():
    cleaned = [body(one) for one in batches]
texts = [text for tables in cleaned for text in tables["texts"].column("text").to_pylist()]
languages = [language for tables in cleaned for language in tables["texts"].column("language").to_pylist()]
arm.finish(texts=[digest([text.encode()]) for text in texts], languages=languages)
