"""The pages of ``docs/`` that repeat facts of the code. ``--write`` makes them, ``--check`` fails where one is stale."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.queries import as_markdown
from evalsuite.base import metrics, models, tasks
from pipelines.cleaners.base import cleaners
from pipelines.contract.schema import TABLES
from pipelines.detectors.base import detectors
from pipelines.rules.preset import load_preset
from pipelines.rules.preset import names as presets
from pipelines.signals.base import signals
from pipelines.sources.base import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pyarrow as pa

    from pipelines.contract.registry import Registry

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
_NOTE: Final = "Made from the code by `make docs`; do not edit by hand."
_REGISTRIES: Final[tuple[Registry[Any], ...]] = (sources, cleaners, signals, detectors, tasks, metrics, models)


def tables_page() -> str:
    """``docs/tables.md``: every table with its grain and columns, then every signal."""
    parts = [
        f"# Tables\n\n{_NOTE}\n\nEvery table is Parquet; `assay sql` asks them all. Spans are half-open UTF-8 byte offsets.",
        "A column marked *volatile* (clock, machine, place) is no part of a table's content hash.\n",
    ]
    for spec in TABLES.values():
        raw = " Raw text: shown only with `--raw`, whose use is logged." if spec.is_raw else ""
        parts.append(f"## {spec.name}\n\nA row is {spec.grain}.{raw}\n\n{_columns(spec.schema)}")
    parts.append("## signals\n\nA row is a document with what was measured: all families side by side. Each family is a table of its own as well.\n")
    parts += [f"### signals_{name}\n\n{_says(signals[name])}\n\n{_columns(signals[name].columns)}" for name in signals]
    return "\n".join(parts)


def parts_page() -> str:
    """``docs/parts.md``: every registered part with its version and the first sentence of its docstring."""
    pages = [f"# Parts\n\n{_NOTE}\n\nA part is one file; its name in a run file is the file's name. Fields are the keys it takes.\n"]
    for registry in _REGISTRIES:
        rows = [(f"`{name}`", registry[name].version, _fields(registry[name]), _says(registry[name])) for name in registry]
        pages.append(f"## {registry.kind}\n\n{_grid(('name', 'version', 'fields', 'what it is'), rows)}")
    return "\n".join(pages)


def rules_page() -> str:
    """``docs/rules.md``: every rule of every preset with its bound and the reason that a broken bound gives."""
    pages = [
        f"# Rules\n\n{_NOTE}\n\nA document whose signal is at the bound is kept. Of several broken rules, the first of the list gives the reason.\n"
    ]
    for name in presets():
        preset = load_preset(name)
        rows = [(f"`{r.name}`", f"`signals_{r.family}.{r.signal}`", r.kept_if, f"`{r.reason}`") for r in preset.rules]
        grid = _grid(("rule", "signal", "kept if", "reason"), rows)
        pages.append(f"## {name}\n\n{preset.source}. Version {preset.version}.\n\n{grid}")
    return "\n".join(pages)


PAGES: Final[dict[str, Callable[[], str]]] = {"tables.md": tables_page, "parts.md": parts_page, "rules.md": rules_page, "queries.md": as_markdown}


def stale(folder: Path = DOCS) -> list[str]:
    """Names of the pages whose file differs from what the code says."""
    return [name for name, page in PAGES.items() if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != page()]


def write(folder: Path = DOCS) -> None:
    """Writes every page."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, or 1 where ``--check`` finds a stale page."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    if parser.parse_args(arguments).write:
        write()
        return 0
    names = stale()
    if names:
        sys.stderr.write(f"docs: {', '.join(names)}: not what the code says; run: make docs\n")
    return 1 if names else 0


def _columns(schema: pa.Schema) -> str:
    rows = []
    for field in schema:
        facts = field.metadata or {}
        volatile = " (volatile)" if facts.get(b"volatile") else ""
        rows.append((f"`{field.name}`", str(field.type), facts.get(b"meaning", b"").decode() + volatile))
    return _grid(("column", "type", "meaning"), rows)


def _grid(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [tuple(head), ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _says(part: type) -> str:
    own = inspect.getdoc(part) if part.__doc__ else inspect.getdoc(sys.modules[part.__module__])
    return (own or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")


def _fields(part: type) -> str:
    if not dataclasses.is_dataclass(part):
        return ""
    known = inspect.signature(part).parameters.values()
    return ", ".join(f"`{p.name}`" if p.default is p.empty else f"`{p.name} = {p.default!r}`" for p in known)


if __name__ == "__main__":
    sys.exit(main())
