"""A whole curation on each engine, into empty warehouses, contents compared; and once more, to find nothing to do.

    python benchmarks/bench_engines.py [RUN.toml]

Wall seconds of the whole command, start-up included.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.contract.warehouse import Warehouse


def run(run_file: Path, engine: str, warehouse: Path) -> float:
    """Wall seconds of ``assay run``."""
    start = time.monotonic()
    command = [sys.executable, "-m", "app.cli", "run", str(run_file), "--engine", engine, "--json"]
    environment = {**os.environ, "ASSAY_WAREHOUSE": str(warehouse)}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def contents(root: Path) -> dict[str, str]:
    found = Warehouse(root).manifests()
    tables = {f"{step}/{name}": entry.content_sha256 for step, m in found.items() for name, entry in m.tables.items()}
    return tables | {f"{step}/{name}": entry.sha256 for step, m in found.items() for name, entry in m.artifacts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_file", nargs="?", type=Path, default=Path("runs/demo.toml"))
    run_file = parser.parse_args().run_file
    with tempfile.TemporaryDirectory() as folder:
        made, walls = {}, {}
        for engine in ("local", "spark"):
            root = Path(folder) / engine
            walls[engine] = run(run_file, engine, root)
            again_s = run(run_file, engine, root)
            made[engine] = contents(root)
            print(f"{engine:<6}{walls[engine]:8.1f} s{again_s:8.1f} s when all is done", flush=True)
    print(f"wall, spark to local                {walls['spark'] / walls['local']:8.2f}")
    print(f"{len(made['local'])} tables and artifacts equal    {made['local'] == made['spark']}")
    if made["local"] != made["spark"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
