"""``make campaign``: prints a table of what was done; exit code 1 where a promise did not hold."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaign.engines import compare_engines
from campaign.growth import growth_campaign
from campaign.kills import kill_campaign
from campaign.runs import CampaignFailed
from campaign.soak import soak

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_markdown(campaigns: dict[str, dict[str, Any]]) -> str:
    """A line a campaign, as docs/campaigns.md has them."""
    lines = [f"| {name} | {', '.join(f'{key} {_shown(value)}' for key, value in figures.items())} |" for name, figures in campaigns.items()]
    return "\n".join(["| campaign | figures |", "| --- | --- |", *lines])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=40, help="SIGKILLs at random times; 0 for none")
    parser.add_argument("--runs", type=int, default=20, help="times the same run is done; 0 for none")
    parser.add_argument("--corpus", type=Path, help="a folder that both engines curate")
    parser.add_argument("--growth", type=int, default=2_000_000, help="documents of the largest corpus that is grown to; 0 for none")
    parser.add_argument("--plot", type=Path, help="where the plot of growth is written, as SVG")
    parser.add_argument("--seed", type=int, default=11, help="of the times of kills")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    done: dict[str, dict[str, Any]] = {}
    folder = Path(tempfile.mkdtemp(prefix="assay-campaign-"))
    try:
        if asked.kills:
            done["kills"] = kill_campaign(_below(folder, "kills"), asked.kills, asked.seed)
        if asked.runs:
            done["soak"] = soak(_below(folder, "soak"), asked.runs)
        if asked.growth:
            done["growth"] = growth_campaign(_below(folder, "growth"), asked.growth, asked.plot)
        if asked.corpus:
            done["engines"] = compare_engines(_below(folder, "engines"), asked.corpus)
    except CampaignFailed as error:
        sys.stderr.write(f"campaign: {error}\n")
        return 1
    sys.stdout.write((json.dumps(done, sort_keys=True) if asked.json else as_markdown(done)) + "\n")
    shutil.rmtree(folder)  # after a failure it stays, to be looked at
    return 0


def _below(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
