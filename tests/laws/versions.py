"""What each part, step and preset is made of, as a hash, so that a law can tell a changed source with an unchanged version.

Keys of steps hold versions, not sources and not SQL: this law is what makes them safe. ``python tests/laws/versions.py`` writes
``part_versions.json`` anew; do that when a version went up, or when a change gives the same results.
"""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from functools import cache
from pathlib import Path

from evalsuite.base import metrics, models, tasks
from pipelines.cleaners.base import cleaners
from pipelines.contamination.definitions.base import definitions
from pipelines.detectors.base import detectors
from pipelines.signals.base import signals
from pipelines.sources.base import sources
from pipelines.sources.extractors.base import extractors
from pipelines.steps.runner import all_steps

ROOT = Path(__file__).resolve().parents[2]
SQL = ROOT / "pipelines" / "sql"
PRESETS = ROOT / "pipelines" / "rules"
LOCK = Path(__file__).with_name("part_versions.json")
REGISTRIES = (sources, extractors, cleaners, signals, definitions, detectors, tasks, metrics, models)
# What cannot change a row (the ground floor is covered by content hashes and formats, engines by the comparison of engines). The SQL that these
# modules name counts all the same.
OUTSIDE = (
    "pipelines.contract",
    "pipelines.engine",
    "pipelines.steps.base",
    "pipelines.steps.passes",
    "pipelines.steps.settings",
    "pipelines.steps.runner",
)
# Keys of training and of evaluation hold one constant each, which stands for these modules and all that they import.
BODIES = {
    "MODEL_VERSION": ("modelcore.training", "modelcore.hugging_face", "modelcore.checkpoint"),
    "EVAL_VERSION": ("evalsuite.scoring", "evalsuite.registration", "evalsuite.heldout"),
}


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


def queries_of(tree: ast.Module) -> set[str]:
    """Names of the SQL files that a module asks an engine for: strings in what ``query`` and ``iterate`` are given, and what is named so."""
    named = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and (getattr(call.func, "attr", None) or getattr(call.func, "id", None)) in {"query", "iterate"}:
            inside = [node for argument in call.args for node in ast.walk(argument)]
            named |= {node.value for node in inside if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        if isinstance(call, ast.keyword) and call.arg == "query" and isinstance(call.value, ast.Constant):
            named.add(call.value.value)
    return {name for name in named if (SQL / f"{name}.sql").is_file()}


@cache
def read(path: Path) -> tuple[str, frozenset[str], frozenset[str]]:
    """Of a module: its bare code, what it imports, and the SQL that it names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports, queries = imports_of(tree), queries_of(tree)
    return bare(tree), frozenset(imports), frozenset(queries)


def bare(tree: ast.Module) -> str:
    """A module's code without docstrings and comments, which change nothing."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def bare_sql(name: str) -> str:
    """A query without its header and comments."""
    lines = (SQL / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


def closure(modules: tuple[str, ...], *, stop: tuple[str, ...] = ()) -> tuple[dict[str, str], set[str]]:
    """Modules of ours that some modules import, near or far, with their code; and the SQL that any of them names."""
    waiting, code, queries, seen = list(modules), {}, set(), set()
    while waiting:
        name = waiting.pop()
        path = module_path(name)
        if name in seen or path is None or (name not in modules and name.startswith(stop)):
            continue
        seen.add(name)
        text, imports, named = read(path)
        queries |= named
        if not name.startswith(OUTSIDE):
            waiting += sorted(imports)
            code[name] = text
    return code, queries


def closure_sha256(*modules: str, stop: tuple[str, ...] = ()) -> str:
    """Hash of modules, of everything of ours that they import, near or far, and of the SQL that any of these name."""
    code, queries = closure(modules, stop=stop)
    parts = [f"{name}\n{text}" for name, text in sorted(code.items())] + [f"{name}.sql\n{bare_sql(name)}" for name in sorted(queries)]
    return _short("\n".join(parts))


def preset_sha256(path: Path) -> str:
    """Hash of a preset's rules: what its file says, comments and version apart."""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    return _short(json.dumps({key: value for key, value in said.items() if key not in {"version", "source"}}, sort_keys=True))


@cache
def constant(name: str) -> int:
    """The whole number that one module of ours assigns to a name.

    Raises:
        LookupError: no module does, or several do.
    """
    found = []
    for package in ("modelcore", "evalsuite", "app"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
                if isinstance(target, ast.Name) and target.id == name and node.value is not None:
                    found.append(ast.literal_eval(node.value))
    if len(found) != 1:
        raise LookupError(f"{name}: assigned in {len(found)} modules; expected one")
    return found[0]


def current() -> dict[str, dict[str, object]]:
    """Version and hash of every part, step and preset, and of the bodies of training and evaluation."""
    found: dict[str, dict[str, object]] = {}
    parts = tuple(f"{registry.package}." for registry in REGISTRIES)
    for registry in REGISTRIES:
        for name in registry:
            found[f"{registry.kind} {name}"] = {"version": registry[name].version, "sha256": closure_sha256(f"{registry.package}.{name}")}  # type: ignore[attr-defined]
    for step in all_steps(None):  # type: ignore[arg-type]
        found[f"step {step.name}"] = {"version": step.version, "sha256": closure_sha256(type(step).__module__, stop=parts)}
    for path in sorted(PRESETS.glob("*.toml")):
        version = tomllib.loads(path.read_text(encoding="utf-8"))["version"]
        found[f"preset {path.stem}"] = {"version": version, "sha256": preset_sha256(path)}
    for name, modules in BODIES.items():
        found[name] = {"version": constant(name), "sha256": closure_sha256(*modules, stop=parts)}
    return dict(sorted(found.items()))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    LOCK.write_text(json.dumps(current(), indent=1) + "\n", encoding="utf-8")
