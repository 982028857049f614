"""The step dedup as a run does it, on one worker: sketches, candidates, the walk with exact Jaccard, tables on disk with their hashes."""

import hashlib
import shutil
from pathlib import Path

import pyarrow as pa
from ours import batches_of
from protocol import WARM_UP, Arm

from pipelines.contract.parts import PartWriter, read_table, tables_of
from pipelines.contract.schema import SURVIVORS
from pipelines.contract.warehouse import Warehouse
from pipelines.engine.local import LocalEngine
from pipelines.engine.options import LocalOptions
from pipelines.steps.base import LAST, Inputs, Work
from pipelines.steps.dedup import Dedup
from pipelines.steps.settings import Curation

SCHEMA = pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("sha256", pa.string()), ("num_bytes", pa.int64())])


def given_work(texts: list[str], folder: Path) -> Work:
    """The step's inputs on disk, as earlier steps leave them."""
    shutil.rmtree(folder, ignore_errors=True)
    schemas = {"texts": SCHEMA, "survivors": SURVIVORS.schema}
    with PartWriter(folder / "given", schemas) as writer:
        for one in batches_of(texts):
            utf8 = [text.encode() for text in one.column("text").to_pylist()]
            columns = [pa.array([hashlib.sha256(data).hexdigest() for data in utf8], pa.string()), pa.array([len(data) for data in utf8], pa.int64())]
            rows = pa.RecordBatch.from_arrays([*one.columns, *columns], schema=SCHEMA)
            writer.write({"texts": rows, "survivors": rows.select(["doc_id", "num_bytes"])})
    tables = tables_of(writer.files, schemas)
    return Work(
        config=Curation(name="bench", sources=()),
        warehouse=Warehouse(folder / "warehouse"),
        engine=LocalEngine(LocalOptions(workers=1), folder / "spill"),
        folder=folder / "made",
        inputs=Inputs(of_steps={("clean", "texts"): (tables["texts"],), (LAST, "survivors"): (tables["survivors"],)}),
    )


arm = Arm("assay")
Dedup().run(given_work([WARM_UP, WARM_UP + " Amen.", WARM_UP], arm.folder / "near_assay"))
work = given_work(arm.texts, arm.folder / "near_assay")
with arm.timed():
    outcome = Dedup().run(work)
gone = read_table(outcome.tables["duplicates"])["doc_id"].to_pylist()
arm.finish(removed=sorted(int(doc_id, 16) for doc_id in gone))
