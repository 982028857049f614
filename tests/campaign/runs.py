"""Runs in processes of their own, readers beside them, and what a warehouse holds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.contract.parts import read_table
from pipelines.contract.schema import CORPUS
from pipelines.contract.warehouse import Warehouse


class CampaignFailed(Exception):
    """Something that was promised did not hold; the message says what and where."""


def contents(warehouse: Warehouse) -> dict[str, str]:
    """Content hash of every table, and hash of every artifact, of the newest version."""
    found = warehouse.manifests()
    tables = {f"{step}/{name}": table.content_sha256 for step, m in found.items() for name, table in m.tables.items()}
    return tables | {f"{step}/{name}": artifact.sha256 for step, m in found.items() for name, artifact in m.artifacts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An ``assay run`` that ended; ``facts`` is what it printed, None where it was killed."""

    wall_s: float
    facts: dict[str, Any] | None


def run(run_file: Path, warehouse: Path, *, engine: str = "local", kill_after_s: float | None = None) -> Run:
    """Runs a run file in a process group of its own; with ``kill_after_s`` the whole group gets SIGKILL then, unless it was done before.

    Raises:
        CampaignFailed: the run ended with an error.
    """
    command = [sys.executable, "-m", "app.cli", "run", str(run_file), "--engine", engine, "--json"]
    environment, start = {**os.environ, "ASSAY_WAREHOUSE": str(warehouse)}, time.monotonic()
    process = subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        printed, said = process.communicate(timeout=kill_after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Run(wall_s=time.monotonic() - start, facts=None)
    if process.returncode:
        raise CampaignFailed(f"{run_file}: {(said.strip().splitlines() or ['ended without a word'])[-1]}")  # Spark says much before
    return Run(wall_s=time.monotonic() - start, facts=json.loads(printed))


@dataclass
class Reader(threading.Thread):
    """Reads the newest version again and again while others write and die; remembers every corpus it saw."""

    root: Path
    pause_s: float = 0.2
    seen: dict[int, set[tuple[str, int]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    num_reads: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Until ``over`` is set."""
        warehouse = Warehouse(self.root)
        while not self.over.wait(self.pause_s):
            try:
                version = warehouse.version()
                if version is not None:
                    corpus = warehouse.table(warehouse.manifests(version)["publish"], "corpus", CORPUS.schema)
                    self.seen.setdefault(version.number, set()).add((corpus.content_sha256, read_table(corpus).num_rows))
                    self.num_reads += 1
            except Exception as error:  # noqa: BLE001 - any failure of a reader is the finding
                self.failures.append(repr(error))

    def end(self) -> None:
        """Stops, and waits for the last read."""
        self.over.set()
        self.join()
