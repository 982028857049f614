"""FineWeb's recipe, ``runs/web.toml``, beside datatrove's own filters in the order of its ``examples/fineweb.py``: who is kept, and with which text.

    python benchmarks/bench_fineweb.py PAGES... [--peer .venv-peers/bin/python]

Pages are WARC files, or Parquet files with columns id, text and kind, of which the rows of the kind "html" are taken. Both sides get the same texts
as extracted here, and the language that assay found: datatrove's model is a download. Exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.parts import read_table
from pipelines.contract.schema import SURVIVORS, TEXTS
from pipelines.steps.clean import STAGE_TEXTS

RECIPE = Path(__file__).resolve().parents[1] / "runs" / "web.toml"


def sources(pages: list[Path], folder: Path) -> tuple[dict[str, Any], ...]:
    found: list[dict[str, Any]] = []
    for number, path in enumerate(pages):
        one: dict[str, Any] = {"use": "warc", "name": f"pages_{number}", "path": str(path)}
        if path.suffix == ".parquet":
            rows = pq.read_table(path, columns=["id", "text", "kind"])
            pq.write_table(rows.filter(pc.equal(rows["kind"], "html")), folder / f"{number}.parquet")
            one |= {"use": "parquet", "path": str(folder / f"{number}.parquet"), "key": "id"}
        found.append(one)
    return tuple(found)


def ours(pages: list[Path], folder: Path) -> tuple[pa.Table, dict[str, str]]:
    """The texts as extracted, and the kept ones as the last stage left them."""
    settings = replace(load(RECIPE), sources=sources(pages, folder), warehouse=folder / "warehouse")
    runner, warehouse = runner_for(settings, "local", SilentReporter())
    made = runner.run("judge").manifests
    extracted = read_table(warehouse.table(made["clean"], "texts_stage_1", STAGE_TEXTS))
    texts = read_table(warehouse.table(made["clean"], TEXTS.name, TEXTS.schema)).select(["doc_id", "text"])
    kept = read_table(warehouse.table(made["judge"], SURVIVORS.name, SURVIVORS.schema))["doc_id"]
    return extracted, {row["doc_id"]: row["text"] for row in texts.filter(pc.is_in(texts["doc_id"], kept)).to_pylist()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--peer", type=Path, default=Path(".venv-peers/bin/python"), help="a Python that has datatrove")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        extracted, kept = ours(given.pages, folder)
        pq.write_table(extracted, folder / "extracted.parquet")
        command = [given.peer, Path(__file__).with_name("peer_fineweb.py"), folder / "extracted.parquet"]
        told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    theirs: dict[str, str] = told["kept"]
    only_ours, only_theirs = len(kept.keys() - theirs.keys()), len(theirs.keys() - kept.keys())
    other_text = sum(kept[doc_id] != theirs[doc_id] for doc_id in kept.keys() & theirs.keys())
    rewritten = sum(
        text != kept.get(doc_id, text) for doc_id, text in zip(extracted["doc_id"].to_pylist(), extracted["text"].to_pylist(), strict=True)
    )
    print(f"{extracted.num_rows} pages; datatrove {told['version']} keeps {len(theirs)}, assay {len(kept)}, of which {rewritten} are rewritten")
    print(f"kept by assay only {only_ours}, by datatrove only {only_theirs}; kept by both with another text {other_text}")
    return int(bool(only_ours or only_theirs or other_text))


if __name__ == "__main__":
    sys.exit(main())
