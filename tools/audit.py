"""Known holes of the run-time packages, as pip-audit finds them in the index's own list: ``python -m tools.audit``.

Where the list cannot be reached this says so in one line and passes. An index that answers, but knows none of the packages, is one that cannot be
reached: pip-audit itself then says that there are no holes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from packaging.version import Version

from tools.licences import run_time_packages

AUDITOR: Final = "pip-audit==2.10.1"  # in an environment of its own, which uv makes and keeps: it brings a pip that is not ours
LIMIT_S: Final = 300
ACCEPTED: Final[dict[str, str]] = {}  # ids of holes that do not reach assay, with the reason


def report_of(packages: dict[str, str]) -> dict[str, Any] | None:
    """pip-audit's report on packages by name and version; None where it could not be had."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "packages.txt"
        wanted.write_text("".join(f"{name}=={found}\n" for name, found in packages.items()), encoding="utf-8")
        uv = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--quiet", "--from", AUDITOR, "pip-audit"]
        options = ["--requirement", str(wanted), "--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
        try:
            done = subprocess.run([*uv, *options], check=False, capture_output=True, text=True, timeout=LIMIT_S)
            found: dict[str, Any] = json.loads(done.stdout)
        except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
            return None
    return found


def verdict(report: dict[str, Any] | None) -> tuple[int, list[str]]:
    """Exit code, and lines for people."""
    entries = report["dependencies"] if report else []
    looked_up = [entry for entry in entries if "skip_reason" not in entry]
    if not looked_up:
        return 0, ["holes: not looked for: the index's list of known holes cannot be reached from here"]
    holes = [(entry, hole) for entry in looked_up for hole in entry["vulns"] if hole["id"] not in ACCEPTED]
    lines = [f"holes: {entry['name']} {entry['version']}: {hole['id']}; mended in {_mended(hole)}: run make lock" for entry, hole in holes]
    unknown = len(entries) - len(looked_up)
    aside = f"; {unknown} are not in the list" if unknown else ""
    return (1, lines) if holes else (0, [f"holes: none known in {len(looked_up)} run-time packages{aside}"])


def main() -> int:
    """Returns 1 where a hole is known."""
    code, lines = verdict(report_of({name: Version(version(name)).public for name in run_time_packages()}))
    (sys.stderr if code else sys.stdout).writelines(f"{line}\n" for line in lines)
    return code


def _mended(hole: dict[str, Any]) -> str:
    return ", ".join(hole.get("fix_versions") or ()) or "no version so far"


if __name__ == "__main__":
    sys.exit(main())
