"""What near-duplicates add to a run on one worker: a run up to dedup less one up to clean, each into an empty warehouse.

So it counts wherever its work is done: sketches ride on an earlier step's pass over the text.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from protocol import WARM_UP, Arm

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.parts import read_table
from pipelines.contract.schema import DUPLICATES

RUN_FILE = """
name = "near"
[[sources]]
use = "parquet"
name = "near"
path = "{path}"
key = "id"
[clean]
cleaners = []
[measure]
families = []
[judge]
presets = []
[local]
workers = 1
"""


def given(texts: list[str], folder: Path) -> Path:
    """A run file and its texts; the place of a text is its key."""
    folder.mkdir()
    pq.write_table(pa.table({"id": [str(number) for number in range(len(texts))], "text": texts}), folder / "texts.parquet", row_group_size=1000)
    (folder / "near.toml").write_text(RUN_FILE.format(path=folder / "texts.parquet"))
    return folder / "near.toml"


def run(run_file: Path, until: str):
    """Removed texts, by their places, where the run goes that far."""
    settings = replace(load(run_file), warehouse=run_file.parent / until)
    runner, warehouse = runner_for(settings, "local", SilentReporter())
    return warehouse, runner.run(until).manifests


arm = Arm("assay")
place = arm.folder / "near_assay"
shutil.rmtree(place, ignore_errors=True)
place.mkdir()
small = given([WARM_UP, WARM_UP + " Amen.", WARM_UP], place / "small")
for step in ("clean", "dedup"):
    run(small, step)
whole = given(arm.texts, place / "whole")
with arm.timed("clean"):
    run(whole, "clean")
with arm.timed("dedup"):
    warehouse, made = run(whole, "dedup")
arm.loops = {"loop": arm.loops["dedup"] - arm.loops["clean"]}
keys = read_table(warehouse.table(made["ingest"], "documents", pa.schema([("doc_id", pa.string()), ("record_key", pa.string())]))).to_pylist()
places = {row["doc_id"]: int(row["record_key"]) for row in keys}
gone = read_table(warehouse.table(made["dedup"], DUPLICATES.name, DUPLICATES.schema))["doc_id"].to_pylist()
arm.finish(removed=sorted(places[doc_id] for doc_id in gone))
