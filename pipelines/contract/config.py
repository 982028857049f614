"""TOML tables into frozen dataclasses, strictly: an unknown key, a wrong type or a missing key is one clear line.

A field may hold a part of a registry, by name or as a table with ``use``: ``extractor: Annotated[Extractor, extractors]``. A field may be a union:
of dataclasses that each say ``use: Literal["..."]``, the table's ``use`` decides.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from pipelines.contract.errors import ConfigError, PartError
from pipelines.contract.registry import OWN, Registry, did_you_mean, part_id

T = TypeVar("T")
REFERENCE: Final = "docs/run_file.md"  # every key of a run file, made from the code
_LARGEST: Final = 1 << 62  # tables and engines count in 64 bits
_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}


def load_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: the file is missing, unreadable or not TOML; the message has the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = sorted(p.name for p in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        raise ConfigError(f"{path}: no such run file; {did_you_mean(path.name, near)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as a run file: {type(error).__name__}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def decode(cls: type[T], table: object, where: str) -> T:
    """A dataclass from a TOML table; ``where`` starts every message, as ``demo.toml: dedup``.

    Fields may be str, int, float, bool, Path, Literal, ``X | Y``, ``tuple[X, ...]``, ``dict[str, X]``, a dataclass, or a part of a registry.

    Raises:
        ConfigError: unknown key (with the nearest known one), wrong type or missing key.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: expected a table, got {_shown(table)}")
    fields = {f.name: f for f in dataclasses.fields(typing.cast("Any", cls)) if f.init}
    hints = get_type_hints(cls, include_extras=True)
    for key in table:
        if key not in fields:
            raise ConfigError(f"{where}.{key}: unknown key; {did_you_mean(key, fields)}; {REFERENCE} has them all")
    values = {key: _value(hints[key], value, f"{where}.{key}") for key, value in table.items()}
    for name, spec in fields.items():
        if name not in values and spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}.{name}: this key is required, as {_kind(hints[name])}")
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def part(registry: Registry[T], chosen: object, where: str) -> tuple[str, T]:
    """A part from a run file: its name, or a table with ``use`` and the part's own fields.

    Raises:
        ConfigError: no such part, or a field it does not have.
        PartError: the part is no dataclass.
    """
    table = {"use": chosen} if isinstance(chosen, str) else chosen
    if not isinstance(table, dict) or not isinstance(table.get("use"), str):
        raise ConfigError(f"{where}: expected the name of a {registry.kind}, or a table with the key 'use', got {_shown(chosen)}")
    rest = {k: v for k, v in table.items() if k != "use"}
    name = str(table["use"])
    if not dataclasses.is_dataclass(registry[name]):
        raise PartError(
            f"{where}: the {registry.kind} {name!r} is no dataclass, so a run file cannot give it its fields; decorate it with @dataclass"
        )
    return name, decode(registry[name], rest, f"{where} ({name})")


def encode(value: object) -> Any:
    """A configuration value as JSON types: dataclasses become objects, paths strings, keys sorted.

    A part has its name as ``use``, its version, the distribution that it is ``from`` where that is not assay, and the hashes of the files that
    decide its result (``data``), so that a key made of it changes with each of these.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {**_identity(value), **{f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}}
    if isinstance(value, dict):
        return {str(k): encode(v) for k, v in sorted(value.items())}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encode(v) for v in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return str(value) if isinstance(value, Path) else value


def data_of(value: object) -> dict[str, str]:
    """Hashes of the files that decide a part's result, by name; empty where there are none.

    Raises:
        AssayError: a file is missing or cannot be read; the part says which.
    """
    return dict(sorted(value.data().items())) if hasattr(value, "data") else {}


def _identity(value: object) -> dict[str, Any]:
    known = part_id(value)
    if known is None:
        return {}
    data = data_of(value)
    whose = {} if known.distribution == OWN else {"from": f"{known.distribution} {known.distribution_version}"}
    return {"use": known.name, "version": getattr(value, "version", None), **whose, **({"data": data} if data else {})}


def _value(hint: Any, value: object, where: str) -> object:  # noqa: PLR0911, PLR0912, C901 - one branch a kind of type
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin is Annotated:
        registry = next((extra for extra in args[1:] if isinstance(extra, Registry)), None)
        return _value(args[0], value, where) if registry is None else part(registry, value, where)[1]
    if origin is typing.Literal:
        if value not in args:
            raise ConfigError(f"{where}: got {_shown(value)}; {did_you_mean(str(value), [str(a) for a in args])}")
        return value
    if origin in (Union, types.UnionType):
        return _one_of([a for a in args if a is not type(None)], value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise ConfigError(f"{where}: expected a list, got {_shown(value)}")
        return tuple(_value(args[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: expected a table, got {_shown(value)}")
        return {k: _value(args[1], item, f"{where}.{k}") for k, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return decode(typing.cast("type[Any]", hint), value, where)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where}: expected {_kind(hint)}, got {_shown(value)}")
    if isinstance(value, (int, float)) and not -_LARGEST <= value <= _LARGEST:  # infinity and NaN are no bounds either
        raise ConfigError(f"{where}: got {_shown(value)}, which no setting can mean; at most 18 digits")
    return value


def _one_of(hints: list[Any], value: object, where: str) -> object:
    """The value as the first alternative that takes it; of dataclasses, the one whose ``use`` the table names."""
    if len(hints) == 1:
        return _value(hints[0], value, where)
    tables = {use: hint for hint in hints if dataclasses.is_dataclass(hint) for use in _uses(typing.cast("type", hint))}
    if isinstance(value, dict) and tables:
        use = value.get("use")
        if not isinstance(use, str) or use not in tables:
            raise ConfigError(f"{where}.use: got {_shown(use)}; {did_you_mean(str(use), tables)}")
        return _value(tables[use], value, where)
    for hint in hints:
        try:
            return _value(hint, value, where)
        except ConfigError:
            continue  # the next alternative may take it; if none does, all of them are named
    raise ConfigError(f"{where}: expected {' or '.join(map(_kind, hints))}, got {_shown(value)}")


def _uses(cls: type) -> tuple[str, ...]:
    """What ``use: Literal[...]`` of a dataclass allows."""
    hint = get_type_hints(cls).get("use")
    return tuple(get_args(hint)) if get_origin(hint) is typing.Literal else ()


def _kind(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return "a list"
    if get_origin(hint) is dict or dataclasses.is_dataclass(hint):
        return "a table"
    return _NAMES.get(hint, str(hint).replace("typing.", ""))


def _shown(value: object) -> str:
    return f"{value!r}"[:60] if isinstance(value, (str, int, float, bool)) else type(value).__name__
