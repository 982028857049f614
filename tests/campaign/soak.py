"""Soak: the same run again and again. Only the first has work; the others must change nothing, and cost no disk."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from tiny_corpus import write_run_file

from campaign.runs import CampaignFailed, contents, run
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path


def soak(folder: Path, num_runs: int) -> dict[str, Any]:
    """Figures of ``num_runs`` runs.

    Raises:
        CampaignFailed: a later run did a step again, changed a table, or left data behind.
    """
    run_file, warehouse = write_run_file(folder), folder / "soaked"
    first = run(run_file, warehouse)
    expected, size, walls = contents(Warehouse(warehouse)), _data_bytes(warehouse), []
    for number in range(2, num_runs + 1):
        again = run(run_file, warehouse)
        walls.append(again.wall_s)
        if again.facts is None or again.facts["done_now"]:
            raise CampaignFailed(f"soak: run {number} did {again.facts and again.facts['done_now']} again")
        if contents(Warehouse(warehouse)) != expected or _data_bytes(warehouse) != size:
            raise CampaignFailed(f"soak: run {number} changed what run 1 had published, or left data behind; see {warehouse}")
    quick = {"again_median_s": round(statistics.median(walls), 1), "again_max_s": round(max(walls), 1)} if walls else {}
    return {"runs": num_runs, "first_s": round(first.wall_s, 1), **quick, "data_bytes": size}


def _data_bytes(warehouse: Path) -> int:
    return sum(path.stat().st_size for path in (warehouse / "data").rglob("*") if path.is_file())
