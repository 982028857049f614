"""Arms as processes: CPU seconds and memory of the whole tree, in turns, each within its limit."""

from __future__ import annotations

import json
import math
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
ARMS = ROOT / "benchmarks" / "arms"
PEERS = ROOT / ".venv-peers"
_PAUSE_S = 0.1
# One thread each: CPU seconds are what is compared, and threads that wait for each other burn some. Nothing is looked for on the network.
_QUIET = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"),
    **dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1"),
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of one arm. ``told`` is what the arm wrote; None where it failed, and ``fault`` says how."""

    told: dict[str, Any] | None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0
    fault: str = ""


@dataclass
class Measured:
    """An arm's runs."""

    runs: list[Run] = field(default_factory=list)

    @property
    def fault(self) -> str:
        """Why there are no figures."""
        return next((run.fault for run in self.runs if run.fault), "")

    @property
    def told(self) -> dict[str, Any]:
        """What the arm said in its first run."""
        return self.runs[0].told or {}

    def loops(self) -> dict[str, float]:
        """Median CPU seconds of each loop."""
        return {name: statistics.median(run.told["loops"][name] for run in self.runs if run.told) for name in self.told.get("loops", {})}

    def median(self, name: str) -> float:
        """Of a figure of the whole process tree."""
        return statistics.median(getattr(run, name) for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """The most that any run held."""
        return max(run.peak_bytes for run in self.runs)


def python_of(environment: str) -> Path:
    """The interpreter of a peer's environment, or this one's for our own arms."""
    return PEERS / environment / "bin" / "python" if environment else Path(sys.executable)


def missing(environment: str) -> str:
    """Why a peer cannot run, in words; empty where it can."""
    if python_of(environment).exists():
        return ""
    reason = PEERS / f"{environment}.failed"
    said = reason.read_text(encoding="utf-8").strip().splitlines() if reason.exists() else []
    return f"not installed: {said[-1][:160]}" if said else "not installed: `make bench` does"


def run_arm(script: str, environment: str, texts: Path, limit_s: float) -> Run:
    """Runs an arm once in a process group of its own."""
    out = texts.with_name(f"{Path(script).stem}.json")
    out.unlink(missing_ok=True)
    command = [str(python_of(environment)), str(ARMS / script), str(texts), str(out)]
    # A peer must not import what is ours, nor ours what lies beside: the checkout goes to our own arms alone.
    surroundings = {**os.environ, **_QUIET, "PYTHONPATH": "" if environment else str(ROOT)}
    start = time.monotonic()
    with (texts.with_name(f"{Path(script).stem}.log")).open("wb") as log:
        process = subprocess.Popen(command, cwd=texts.parent, env=surroundings, start_new_session=True, stdout=log, stderr=subprocess.STDOUT)
        watch = TreeWatch(process.pid, limit_s)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # it is waited for: Popen must not do so again
        watch.end()
    wall_s = time.monotonic() - start
    if watch.is_late:
        return Run(told=None, fault=f"did not end within {limit_s:.0f} s")
    if process.returncode or not out.exists():
        return Run(told=None, fault=_last_line(texts.with_name(f"{Path(script).stem}.log")))
    told = json.loads(out.read_bytes())
    return Run(told=told, cpu_s=usage.ru_utime + usage.ru_stime, wall_s=wall_s, peak_bytes=max(watch.peak_bytes, told["peak_bytes"]))


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return (lines[-1][:160] if lines else "ended without a word").replace("|", "/")


class TreeWatch(threading.Thread):
    """Sees the memory of a process and all below it, or of all below this one, and ends the group when its time is over."""

    def __init__(self, pid: int | None = None, limit_s: float = math.inf) -> None:
        super().__init__(daemon=True)
        self.peak_bytes, self.is_late = 0, False
        self._pid, self._until = pid, time.monotonic() + limit_s
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(_PAUSE_S):
            self.peak_bytes = max(self.peak_bytes, _tree_bytes(self._pid))
            if self._pid is not None and time.monotonic() > self._until:
                self.is_late = True
                os.killpg(self._pid, signal.SIGKILL)
                return

    def end(self) -> None:
        self._over.set()
        self.join()


def _tree_bytes(pid: int | None) -> int:
    """Resident memory; pages that processes share count for each."""
    total = 0
    try:
        root = psutil.Process(pid)
        family = [*([] if pid is None else [root]), *root.children(recursive=True)]
    except psutil.Error:
        return 0
    for one in family:
        try:
            total += one.memory_info().rss
        except psutil.Error:  # it ended in between
            continue
    return total
