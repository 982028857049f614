"""Kill campaign: SIGKILL at random times, with readers beside. A round ends when a run gets through; its tables must be an undisturbed run's."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING, Any

from tiny_corpus import documents, write_run_file

from campaign.runs import CampaignFailed, Reader, contents, run
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

NUM_READERS = 2
NUM_DOCUMENTS = 400


def kill_campaign(folder: Path, num_kills: int, seed: int = 11) -> dict[str, Any]:
    """Figures of ``num_kills`` kills.

    Raises:
        CampaignFailed: a table differs from the undisturbed run's, or a reader met a version that was not whole.
    """
    old = write_run_file(folder / "old", rows=documents(20, seed=1))
    new = write_run_file(folder / "new", rows=documents(NUM_DOCUMENTS))
    run(old, folder / "before")
    undisturbed = run(new, folder / "undisturbed")
    expected, random_ = contents(Warehouse(folder / "undisturbed")), random.Random(seed)
    figures: dict[str, Any] = {"kills": 0, "runs": 0, "rounds": 0, "reads": 0, "undisturbed_s": round(undisturbed.wall_s, 1)}
    while figures["kills"] < num_kills:
        times = [random_.uniform(0.5, undisturbed.wall_s) for _ in range(num_kills - figures["kills"])]
        _round(folder, new, times, figures)
        if contents(Warehouse(folder / "disturbed")) != expected:
            raise CampaignFailed(f"kills: after round {figures['rounds']} the tables are not those of an undisturbed run; see {folder}")
        shutil.rmtree(folder / "disturbed")
    return {**figures, "tables_equal": len(expected)}


def _round(folder: Path, run_file: Path, times: list[float], figures: dict[str, Any]) -> None:
    """Runs in a warehouse that already has a version, each killed at the next of the times, until one gets through."""
    warehouse = folder / "disturbed"
    shutil.copytree(folder / "before", warehouse, symlinks=True)
    readers = [Reader(warehouse) for _ in range(NUM_READERS)]
    for reader in readers:
        reader.start()
    try:
        is_through = False
        while not is_through:
            is_through = run(run_file, warehouse, kill_after_s=times.pop() if times else None).facts is not None
            figures["runs"] += 1
            figures["kills"] += not is_through
    finally:
        for reader in readers:
            reader.end()
    figures["rounds"] += 1
    figures["reads"] += sum(reader.num_reads for reader in readers)
    torn = [failure for reader in readers for failure in reader.failures]
    torn += [f"version {number} was seen as {corpora}" for reader in readers for number, corpora in reader.seen.items() if len(corpora) > 1]
    if torn:
        raise CampaignFailed(f"kills: a reader met what is not whole: {torn[0]}; see {folder}")
