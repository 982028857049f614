"""``docs/run_file.md``: every key that a run file may have, with its type, its default, the bounds that hold, and what it means.

Meanings are the comments of the fields: at the end of a field's line, else on the lines above it. Bounds are tried out on the classes themselves, so
that none is claimed which does not hold.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import io
import json
import tokenize
import types
import typing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union

from app.parts import KINDS, own_parts, summary
from app.settings import RunFile
from pipelines.contract.errors import AssayError
from pipelines.contract.registry import Registry
from pipelines.rules.preset import PresetFile

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where a run file chooses parts of each kind; metrics are no keys of their own.
CHOSEN: Final = {
    "sources": "Chosen by `use` in a table `[[sources]]`, whose key `name` is the source's name in every table.",
    "cleaners": "Chosen in `clean.cleaners`.",
    "signals": "Chosen in `measure.families`.",
    "definitions": "Chosen in `decontaminate.definition`; assay's own definition is no part and has no keys beside those of `[decontaminate]`.",
    "detectors": "Chosen in `scrub.detectors`.",
    "tasks": "Chosen in `eval.tasks`.",
    "models": "Chosen in `perplexity.model`, and by `assay eval`.",
}
_KINDS: Final = {str: "string", int: "whole number", float: "number", bool: "true or false", Path: "path", Any: "name, or table with `use`"}
_MANY: Final = {"string": "strings", "path": "paths", "whole number": "whole numbers", "number": "numbers", "name, or table with `use`": "parts"}
_SAMPLES: Final[dict[Any, Any]] = {str: "x", Path: Path("x"), int: 1, float: 0.5, bool: True}
_LARGE: Final = 10_000
_NEARLY_NOTHING: Final = 1e-9


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a table of a run file; ``meaning`` is empty where nobody has written one."""

    name: str
    kind: str
    default: str
    bound: str
    meaning: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table of a run file, or a part."""

    title: str
    says: str
    keys: tuple[Key, ...]


def run_file_sections() -> list[Section]:
    """The tables of a run file, the outermost first."""
    return list(_sections(RunFile, "", "Keys that stand before the first table"))


def part_sections() -> Iterator[tuple[str, str, list[Section]]]:
    """Each kind of parts, where one is chosen, and the parts."""
    for kind, where in CHOSEN.items():
        named = [(name, KINDS[kind][name]) for name in own_parts(KINDS[kind])]
        yield KINDS[kind].kind, where, [Section(title=f"`{name}`", says=summary(part), keys=_keys(part)) for name, part in named]


def preset_sections() -> list[Section]:
    """The tables of a preset's file."""
    return list(_sections(PresetFile, "", "Keys of the file"))


def without_meaning() -> list[str]:
    """Keys that nobody has explained, as table and key."""
    every = [*run_file_sections(), *(section for _, _, found in part_sections() for section in found), *preset_sections()]
    return [f"{section.title}: {key.name}" for section in every for key in section.keys if not key.meaning]


def comments_of(cls: type) -> dict[str, str]:
    """Field to comment, of a dataclass and the dataclasses that it comes from."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if dataclasses.is_dataclass(base):
            found |= _comments(inspect.getsource(base))
    return found


def bound_of(cls: type, name: str, kind: Any) -> str:
    """What a number must keep to, as the class itself accepts and rejects; empty where it accepts any."""
    plain = _plain(kind)
    if plain not in (int, float) or not _accepts(cls, name, None):
        return ""
    low = "" if _accepts(cls, name, plain(-1)) else "at least 0" if _accepts(cls, name, plain(0)) else "at least 1" if plain is int else "above 0"
    if plain is int or _accepts(cls, name, float(_LARGE)):
        return low
    if _accepts(cls, name, 1.0):
        return "" if _accepts(cls, name, 1 + _NEARLY_NOTHING) else f"{low}, at most 1".removeprefix(", ")
    return f"{low}, below 1".removeprefix(", ") if _accepts(cls, name, 1 - _NEARLY_NOTHING) else low


def kind_of(hint: Any) -> str:
    """A type in words.

    >>> kind_of(tuple[str, ...]), kind_of(int | None), kind_of(Literal["a", "b"])
    ('list of strings', 'whole number', '"a" or "b"')
    """
    hint = _plain(hint)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        registry = next((extra for extra in inner[1:] if isinstance(extra, Registry)), None)
        return kind_of(inner[0]) if registry is None else f"{registry.kind}: {_KINDS[Any]}"
    if origin is Literal:
        return " or ".join(json.dumps(choice) for choice in inner)
    if origin is tuple:
        of = kind_of(inner[0])
        return f"list of {_MANY.get(of, 'tables' if 'table' in of else of)}"
    if origin is dict:
        return "table" if inner[1] is Any else f"table of {_MANY.get(kind_of(inner[1]), kind_of(inner[1]))}"
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(kind_of(one) for one in inner))
    return "table" if dataclasses.is_dataclass(hint) else _KINDS.get(hint, str(hint))


def _sections(cls: type, path: str, title: str) -> Iterator[Section]:
    """A dataclass as a table, then the tables inside it."""
    yield Section(title=title, says=summary(cls), keys=_keys(cls))
    hints = _hints(cls)
    for field in dataclasses.fields(cls):
        for inner, many in _tables(hints[field.name]):
            at = f"{path}.{field.name}".removeprefix(".")
            yield from _sections(inner, at, (f"`[[{at}]]`" if many else f"`[{at}]`") + _use(inner))


def _tables(hint: Any, *, many: bool = False) -> Iterator[tuple[type, bool]]:
    """The dataclasses that a field holds, each with whether there may be several."""
    if dataclasses.is_dataclass(hint):
        yield typing.cast("type", hint), many
    for inner in typing.get_args(hint):
        yield from _tables(inner, many=many or typing.get_origin(hint) is tuple)


def _use(cls: type) -> str:
    """What tells one table of a union from the others."""
    use = _hints(cls).get("use")
    return f" with `use = {_toml(typing.get_args(use)[0])}`" if typing.get_origin(use) is Literal else ""


def _keys(cls: type) -> tuple[Key, ...]:
    if not dataclasses.is_dataclass(cls):
        return ()
    hints, comments = _hints(cls), comments_of(cls)
    found = []
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        if field.init and not dataclasses.is_dataclass(hint) and field.name != "use":  # these have a table, or a heading, of their own
            facts = {"kind": kind_of(hint), "default": _default(field), "bound": bound_of(cls, field.name, hint)}
            found.append(Key(name=field.name, meaning=comments.get(field.name, ""), **facts))
    return tuple(found)


def _default(field: dataclasses.Field[Any]) -> str:
    value = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if value is dataclasses.MISSING:
        return "required"
    return "" if value is None else f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    if isinstance(value, (bool, str, Path)):
        return json.dumps(value if isinstance(value, bool) else str(value), ensure_ascii=False)
    if dataclasses.is_dataclass(value):
        return _toml({"use": value.use} if hasattr(value, "use") else {})
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return f"{value:_}" if isinstance(value, int) and value >= _LARGE else str(value)


def _plain(hint: Any) -> Any:
    """Without ``| None``: a key that is not there is None."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        inner = [one for one in typing.get_args(hint) if one is not type(None)]
        return inner[0] if len(inner) == 1 else hint
    return hint


def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


def _accepts(cls: type, name: str, value: Any) -> bool:
    """Whether a class takes a value beside its defaults; with None, whether it takes its defaults at all."""
    hints = _hints(cls)
    required = [f.name for f in dataclasses.fields(cls) if f.init and f.default is f.default_factory is dataclasses.MISSING]
    given = {one: _SAMPLES.get(_plain(hints[one]), ()) for one in required} | ({} if value is None else {name: value})
    try:
        cls(**given)
    except (ValueError, AssayError):
        return False
    return True


@cache
def _comments(source: str) -> dict[str, str]:
    """Field to comment, of the text of one class."""
    source = inspect.cleandoc(source)
    lines = source.splitlines()
    comments = {token.start: token.string for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.COMMENT}
    beside = {line: _words(text) for (line, column), text in comments.items() if lines[line - 1][:column].strip()}
    alone = {line: _words(text) for (line, column), text in comments.items() if not lines[line - 1][:column].strip()}
    (body,) = ast.parse(source).body
    found = {}
    for node in typing.cast("ast.ClassDef", body).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = beside.get(node.end_lineno or node.lineno) or _above(node.lineno, alone)
    return found


def _above(line: int, alone: dict[int, str]) -> str:
    first = line
    while first - 1 in alone:
        first -= 1
    return " ".join(alone[number] for number in range(first, line))


def _words(comment: str) -> str:
    said = comment.lstrip("# ").split("  # ")[0]
    return "" if said.startswith(("noqa", "type:")) else said
