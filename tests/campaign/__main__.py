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
from campaign.planted import as_table_of_classes, planted_campaign
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
    parser.add_argument("--benchmarks", type=Path, help="a folder of benchmark files whose items are planted and looked for")
    parser.add_argument("--planted-in", type=Path, help="a folder of Parquet files with a column text in which they are planted")
    parser.add_argument("--plants", type=int, default=400, help="items that are planted")
    parser.add_argument("--documents", type=int, default=sys.maxsize, help="documents that are looked through, from the first on")
    parser.add_argument("--pairs", type=Path, help="items and passages that say the same, a JSON object a line, which are planted too")
    parser.add_argument("--peers", type=Path, help="a folder of environments with other projects, whose definitions look too")
    parser.add_argument("--seed", type=int, default=11, help="of the times of kills and of what is planted")
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
        if asked.benchmarks:
            done["planted"] = _planted(asked)
    except CampaignFailed as error:
        sys.stderr.write(f"campaign: {error}\n")
        return 1
    sys.stdout.write((json.dumps(done, sort_keys=True) if asked.json else _tables(done)) + "\n")
    shutil.rmtree(folder)  # after a failure it stays, to be looked at
    return 0


def _planted(asked: argparse.Namespace) -> dict[str, Any]:
    if asked.planted_in is None:
        raise CampaignFailed("--benchmarks: items are planted in a corpus; name it by --planted-in FOLDER")
    return planted_campaign(
        asked.benchmarks, asked.planted_in,
        num_items=asked.plants, most_documents=asked.documents, seed=asked.seed, pairs_file=asked.pairs, peers=asked.peers,
    )  # fmt: skip


def _below(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _tables(done: dict[str, dict[str, Any]]) -> str:
    """Figures of all campaigns but that of planted items, whose table is by class."""
    planted = done.pop("planted", None)
    return "\n\n".join([*([as_markdown(done)] if done else []), *([as_table_of_classes(planted)] if planted else [])])


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
