"""What every arm does: texts from a Parquet file, CPU seconds of what is compared, its outputs as JSON. Needs nothing but pyarrow and Python 3.11.

    PYTHON benchmarks/arms/STAGE_TOOL.py TEXTS.parquet OUTPUT.json

An arm is one process of one tool in that tool's own environment. What it does before and after ``timed`` (imports, models, compilation, what is
written down) is in the runner's "whole" figure and not in the "loop" figure.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pyarrow.parquet as pq

WARM_UP = "A first text, which warms up. It is short. Write to nobody, or call later. Nothing more is said here. Good bye to all."


class Arm:
    """One run of one tool."""

    def __init__(self, *distributions: str) -> None:
        """Reads the texts; the versions of the distributions go into the table."""
        self.path, self._out = Path(sys.argv[1]), Path(sys.argv[2])
        self.folder = self.path.parent  # where the stage put what else its arms read
        self.texts: list[str] = pq.read_table(self.path, columns=["text"]).column("text").to_pylist()
        self.num_bytes = sum(len(text.encode()) for text in self.texts)
        self.loops: dict[str, float] = {}  # CPU seconds by name
        self._versions = {name: version(name) for name in distributions}

    @contextmanager
    def timed(self, loop: str = "loop", passes: int = 1):
        """Takes the CPU seconds of this process and of the children that it waits for; of one of so many equal passes."""
        before = _cpu_s()
        yield
        self.loops[loop] = (_cpu_s() - before) / passes

    def finish(self, **outputs) -> None:
        """Hands over; ``outputs`` is what the stage compares."""
        amount = {"documents": len(self.texts), "mb": self.num_bytes / 1e6, "peak_bytes": _peak_bytes()}
        self._out.write_text(json.dumps({"versions": self._versions, "loops": self.loops, **amount, "outputs": outputs}))


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_bytes() -> int:
    """Most memory that this process held, by the kernel's books; 0 where it has none. ``ru_maxrss`` would count the process that started it, too."""
    books = Path("/proc/self/status")
    lines = books.read_text().splitlines() if books.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def digest(values) -> str:
    """One short name for a long output that must be equal."""
    found = hashlib.blake2b(digest_size=16)
    for value in values:
        found.update(value)
    return found.hexdigest()
