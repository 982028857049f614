"""FineWeb's recipe, ``runs/web.toml``, up to its rules: who is kept, and with which text."""

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from protocol import Arm

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.parts import read_table
from pipelines.contract.schema import SURVIVORS, TEXTS
from pipelines.steps.clean import STAGE_TEXTS

RECIPE = Path(__file__).resolve().parents[2] / "runs" / "web.toml"

arm = Arm("assay")
folder = arm.folder / "web_assay"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
pq.write_table(pa.table({"id": [f"{number:08d}" for number in range(len(arm.texts))], "text": arm.texts}), folder / "pages.parquet")
source = {"use": "parquet", "name": "pages", "path": str(folder / "pages.parquet"), "key": "id"}
settings = load(RECIPE)
settings = replace(settings, sources=(source,), warehouse=folder / "warehouse", local=replace(settings.local, workers=1))
runner, warehouse = runner_for(settings, "local", SilentReporter())
with arm.timed():
    made = runner.run("judge").manifests
first_stage = read_table(warehouse.table(made["clean"], "texts_stage_1", STAGE_TEXTS))
pq.write_table(first_stage, arm.folder / "web_extracted.parquet")  # what datatrove's filters are given, with the language found here
texts = read_table(warehouse.table(made["clean"], TEXTS.name, TEXTS.schema)).select(["doc_id", "text"])
survivors = read_table(warehouse.table(made["judge"], SURVIVORS.name, SURVIVORS.schema))["doc_id"]
arm.finish(left={row["doc_id"]: row["text"] for row in texts.filter(pc.is_in(texts["doc_id"], survivors)).to_pylist()})
