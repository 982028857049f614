"""A corpus of one's own on both engines, into empty warehouses: every table equal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from campaign.runs import CampaignFailed, contents, run
from pipelines.contract.parts import read_table
from pipelines.contract.schema import LEDGER
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

# The sources that may be meant by a folder, with files that tell so; each reads the whole folder.
KINDS = {
    "jsonl": ("*.jsonl", "*.jsonl.gz", "*.jsonl.zst", "*.ndjson"),
    "parquet": ("*.parquet",),
    "warc": ("*.warc", "*.warc.gz", "*.wet", "*.wet.gz"),
    "text": ("*.txt", "*.md", "*.rst"),
}


def compare_engines(folder: Path, corpus: Path) -> dict[str, Any]:
    """Figures of a corpus on both engines.

    Raises:
        CampaignFailed: the folder holds nothing that a source reads, or a table differs.
    """
    run_file = folder / "large.toml"
    run_file.write_text(large_run_file(corpus), encoding="utf-8")
    walls = {engine: run(run_file, folder / engine, engine=engine).wall_s for engine in ("local", "spark")}
    local, spark = (contents(Warehouse(folder / engine)) for engine in walls)
    unlike = sorted(name for name in local.keys() | spark.keys() if local.get(name) != spark.get(name))
    if unlike:
        raise CampaignFailed(f"engines: {', '.join(unlike)} differ between local and spark; see {folder}")
    warehouse = Warehouse(folder / "local")
    (books,) = read_table(warehouse.table(warehouse.manifests()["ingest"], "ledger", LEDGER.schema)).to_pylist()
    seconds = {f"{engine}_s": round(wall, 1) for engine, wall in walls.items()}
    return {"documents": books["docs_in"], "bytes": books["bytes_in"], **seconds, "tables_equal": len(local)}


def large_run_file(corpus: Path) -> str:
    """A run file that reads everything below a folder; what cannot be read is set aside, however much it is.

    Raises:
        CampaignFailed: nothing below the folder is what a source reads.
    """
    found = [kind for kind, patterns in KINDS.items() if any(next(corpus.rglob(pattern), None) for pattern in patterns)]
    if not found:
        raise CampaignFailed(f"{corpus}: no file below it is JSON Lines, Parquet, WARC or text")
    sources = "".join(f'[[sources]]\nuse = "{kind}"\nname = "{kind}"\npath = {json.dumps(str(corpus))}\n' for kind in found)
    return f'name = "large"\n{sources}[ingest]\nmax_quarantine_ratio = 1.0\n[decontaminate]\naction = "cut"\n[spark]\nmaster = "local[*]"\n'
