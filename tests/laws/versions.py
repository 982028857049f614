"""What each part and step is made of, as a hash, so that a law can tell a changed source with an unchanged version.

``python tests/laws/versions.py`` writes ``part_versions.json`` anew; do that when a version went up, or when a change gives the same results.
"""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

from evalsuite.base import metrics, models, tasks
from pipelines.cleaners.base import cleaners
from pipelines.detectors.base import detectors
from pipelines.signals.base import signals
from pipelines.sources.base import sources
from pipelines.steps.runner import all_steps

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("part_versions.json")
REGISTRIES = (sources, cleaners, signals, detectors, tasks, metrics, models)
# What cannot change a row (the ground floor is covered by content hashes and formats, engines by the comparison of engines).
OUTSIDE = ("pipelines.contract", "pipelines.engine", "pipelines.steps.base", "pipelines.steps.settings", "pipelines.steps.runner")


def module_path(name: str) -> Path | None:
    """The file of a module of ours, if there is one."""
    path = ROOT / (name.replace(".", "/") + ".py")
    return path if path.is_file() else None


def imports_of(tree: ast.Module) -> set[str]:
    """Names of modules that a module imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def bare(tree: ast.Module) -> str:
    """A module's code without docstrings and comments, which change nothing."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def closure_sha256(module: str, *, stop: tuple[str, ...] = ()) -> str:
    """Hash of a module and of everything of ours that it imports, near or far, and of the SQL that a step names."""
    waiting, seen = [module], {}
    while waiting:
        name = waiting.pop()
        path = module_path(name)
        if name in seen or path is None or name.startswith(OUTSIDE) or (name != module and name.startswith(stop)):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        waiting += sorted(imports_of(tree))
        seen[name] = bare(tree)
    text = "\n".join(f"{name}\n{code}" for name, code in sorted(seen.items()))
    queries = sorted((ROOT / "pipelines" / "sql").glob("*.sql"))
    used = [q.read_text(encoding="utf-8") for q in queries if f"'{q.stem}'" in seen.get(module, "")]
    return hashlib.sha256("\n".join([text, *used]).encode()).hexdigest()[:16]


def current() -> dict[str, dict[str, object]]:
    """Version and hash of every part and step."""
    found = {}
    for registry in REGISTRIES:
        for name in registry:
            found[f"{registry.kind} {name}"] = {"version": registry[name].version, "sha256": closure_sha256(f"{registry.package}.{name}")}  # type: ignore[attr-defined]
    parts = tuple(f"{registry.package}." for registry in REGISTRIES)
    for step in all_steps(None):  # type: ignore[arg-type]
        found[f"step {step.name}"] = {"version": step.version, "sha256": closure_sha256(type(step).__module__, stop=parts)}
    return dict(sorted(found.items()))


if __name__ == "__main__":
    LOCK.write_text(json.dumps(current(), indent=1) + "\n", encoding="utf-8")
