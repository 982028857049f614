"""A whole run into an empty warehouse: every family measured, no rule, near-duplicates, n-grams cut, personal data replaced, shards, published."""

import json
import os
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from protocol import Arm

from pipelines.contract.warehouse import Warehouse

RUN_FILE = """
name = "bench"
[[sources]]
use = "parquet"
name = "bench"
path = {path}
key = "id"
[measure]
families = ["gopher_quality", "gopher_repetition", "c4", "fineweb_quality", "language"]
[judge]
presets = []
[decontaminate]
action = "cut"
[eval]
tasks = ["humaneval"]
[local]
workers = 2
[spark]
master = "local[2]"
"""


def curate(arm: Arm, engine: str) -> None:
    """Runs, and hands over what every table holds."""
    folder = arm.folder / f"curation_{engine}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    texts = pa.table({"id": [str(number) for number in range(len(arm.texts))], "text": arm.texts})
    pq.write_table(texts, folder / "texts.parquet", row_group_size=1000)
    (folder / "run.toml").write_text(RUN_FILE.format(path=json.dumps(str(folder / "texts.parquet"))))
    command = [sys.executable, "-m", "app.cli", "run", str(folder / "run.toml"), "--engine", engine, "--json"]
    surroundings = {**os.environ, "ASSAY_WAREHOUSE": str(folder / "warehouse")}
    for loop in ("whole run", "nothing to do"):
        with arm.timed(loop):
            done = subprocess.run(command, env=surroundings, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(done.stderr)
    found = Warehouse(folder / "warehouse").manifests()
    tables = {f"{step}/{name}": table.content_sha256 for step, made in found.items() for name, table in made.tables.items()}
    artifacts = {f"{step}/{name}": made.sha256 for step, manifest in found.items() for name, made in manifest.artifacts.items()}
    arm.finish(contents=tables | artifacts)


if __name__ == "__main__":
    curate(Arm("assay"), "local")
