"""Runs a run file and kills its own process group with SIGKILL at a named point: begin:STEP, before:STEP, after:STEP or before:version."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.warehouse import Warehouse


def die() -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)


class KillingReporter(SilentReporter):
    def __init__(self, point: str) -> None:
        self.point = point

    def started(self, step: str) -> None:
        if self.point == f"begin:{step}":
            die()


def main(run_file: str, point: str, engine: str = "local") -> None:
    put = Warehouse._put

    def killing_put(self: Warehouse, path: Path, text: str) -> bool:
        name = "version" if path.parent.name == "versions" else path.parent.name
        if point == f"before:{name}":
            die()
        done = put(self, path, text)
        if point == f"after:{name}":
            die()
        return done

    Warehouse._put = killing_put  # type: ignore[method-assign]
    runner, _ = runner_for(load(Path(run_file)), engine, KillingReporter(point))  # type: ignore[arg-type]
    runner.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
