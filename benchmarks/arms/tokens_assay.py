"""The body of the step tokenize: texts to rows of shards."""

import pyarrow as pa
from ours import batch, batches_of
from protocol import WARM_UP, Arm, digest

from pipelines.shards.pretokens import character_ranges
from pipelines.steps.tokenize import EncodeTexts


def rows(one: pa.RecordBatch) -> pa.RecordBatch:
    same = [pa.array(["x"] * one.num_rows, pa.string()) for _ in range(2)]
    return pa.RecordBatch.from_arrays([*one.columns, *same], names=[*one.schema.names, "source", "split"])


arm = Arm("assay")
body = EncodeTexts((arm.folder / "tokenizer.json").read_text(), character_ranges())
body(rows(batch([{"doc_id": "0", "text": WARM_UP}])))
batches = [rows(one) for one in batches_of(arm.texts)]
with arm.timed():
    shards = [body(one)["shards"] for one in batches]
ids = [row.values for one in shards for row in one.column("input_ids")]
arm.finish(ids=[digest([one.to_numpy().astype("<i4").tobytes()]) for one in ids], num_tokens=sum(map(len, ids)))
