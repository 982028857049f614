"""The table: a row a loop of an arm, and what it was measured on."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.running import ROOT, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.running import Measured
    from benchmarks.stages import Contender, Stage

__all__ = ["Row", "Run", "report", "rows_of", "write"]

RESULTS: Final = ROOT / "benchmarks" / "RESULTS.md"
BEGIN, END = "<!-- written by make bench -->", "<!-- end of what make bench wrote -->"
HEAD: Final = ("work", "tool", "MB", "MB/s", "whole MB/s", "ours is", "splits", "peak MiB", "wanted MB/s", "outputs beside ours")


@dataclass(frozen=True, kw_only=True)
class Row:
    """``speed`` is MB of text per CPU-second of the loop, ``whole`` of the whole process tree."""

    stage: str
    title: str
    tool: str
    is_ours: bool
    loop: str = ""
    mb: float = 0.0
    speed: float = 0.0
    whole: float = 0.0
    peak_bytes: int = 0
    target: tuple[float, float] | None = None
    outputs: str = ""
    fault: str = ""
    is_of_text: bool = True


def rows_of(stage: Stage, one: Contender, result: Measured, outputs: str) -> Iterator[Row]:
    """A row for each loop that an arm timed; one that says why there is none."""
    is_ours = one is stage.contenders[0]
    tool = "**assay**" if is_ours and not one.environment and one.tool == "assay" else one.tool
    said = f"{tool}: {one.what}" if one.what else tool
    if result.fault:
        yield Row(stage=stage.name, title=stage.title, tool=said, is_ours=is_ours, fault=result.fault)
        return
    versions = ", ".join(f"{name} {number}" for name, number in result.told["versions"].items() if name != "assay")
    mb = result.told["mb"]
    for number, (loop, cpu_s) in enumerate(result.loops().items()):
        yield Row(
            stage=stage.name,
            title=stage.title,
            tool=f"{said} ({versions})" if versions else said,
            is_ours=is_ours,
            loop=loop if len(result.loops()) > 1 else "",
            mb=mb,
            speed=mb / max(cpu_s, 1e-9),
            whole=mb / result.median("cpu_s"),
            peak_bytes=result.peak_bytes,
            target=stage.targets.get(loop),
            outputs=outputs if number == 0 else "",
            is_of_text=stage.is_of_text,
        )


def report(rows: list[Row], texts: list[str], where: str) -> str:
    """The text between the markers."""
    split = next((row.speed for row in rows if row.stage == "unit" and not row.fault), 0.0)
    lines = [_about(texts, where), "", _line(HEAD), _line(["---"] * len(HEAD))]
    for row in rows:
        first = next((one.speed for one in rows if one.stage == row.stage and one.is_ours and not one.fault), 0.0)
        lines.append(_line(_cells(row, first, split)))
    return "\n".join(lines)


def _cells(row: Row, ours: float, split: float) -> list[str]:
    work = f"{row.title}{f', {row.loop}' if row.loop else ''}"
    if row.fault:
        return [work, row.tool, *[""] * 7, f"could not run: {row.fault}"]
    ratio = f"x {ours / row.speed:,.1f}" if ours and not row.is_ours else ""
    wanted = f"{row.target[0]:g} / {row.target[1]:g}" if row.target and row.is_ours else ""
    figures = [f"{row.mb:.1f}", _figure(row.speed), _figure(row.whole), ratio, _figure(split / row.speed) if split and row.is_of_text else ""]
    return [work, row.tool, *figures, f"{row.peak_bytes / (1 << 20):,.0f}", wanted, row.outputs]


def _figure(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _about(texts: list[str], where: str) -> str:
    mb = sum(len(text.encode()) for text in texts) / 1e6
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    machine = f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, CPython {platform.python_version()}"
    return f"{today}, commit {commit}. {machine}. Texts: {where}, {len(texts):,} documents, {mb:.1f} MB."


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        named = [line for line in facts.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        if named:
            return named[0].partition(":")[2].strip()
    return platform.processor() or platform.machine()


def write(text: str) -> None:
    """Puts the table between the markers of the file."""
    before, _, rest = RESULTS.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    RESULTS.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
