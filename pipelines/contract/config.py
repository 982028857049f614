"""TOML tables into frozen dataclasses, strictly: an unknown key, a wrong type or a missing key is one clear line."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean

T = TypeVar("T")
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

    Fields may be str, int, float, bool, Path, Literal, ``X | None``, ``tuple[X, ...]``, ``dict[str, X]`` or a dataclass.

    Raises:
        ConfigError: unknown key (with the nearest known one), wrong type or missing key.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: expected a table, got {_shown(table)}")
    fields = {f.name: f for f in dataclasses.fields(typing.cast("Any", cls)) if f.init}
    hints = get_type_hints(cls)
    for key in table:
        if key not in fields:
            raise ConfigError(f"{where}.{key}: unknown key; {did_you_mean(key, fields)}")
    values = {key: _value(hints[key], value, f"{where}.{key}") for key, value in table.items()}
    for name, spec in fields.items():
        if name not in values and spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}.{name}: this key is required, as {_kind(hints[name])}")
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def encode(value: object) -> Any:
    """A configuration value as JSON types; dataclasses become objects, paths strings, keys sorted."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): encode(v) for k, v in sorted(value.items())}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encode(v) for v in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return str(value) if isinstance(value, Path) else value


def _value(hint: Any, value: object, where: str) -> object:  # noqa: PLR0911, C901 - one branch a kind of type
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin is typing.Literal:
        if value not in args:
            raise ConfigError(f"{where}: got {_shown(value)}; {did_you_mean(str(value), [str(a) for a in args])}")
        return value
    if origin in (Union, types.UnionType):
        inner = [a for a in args if a is not type(None)]
        return _value(inner[0], value, where) if len(inner) == 1 else value
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
    return value


def _kind(hint: Any) -> str:
    return _NAMES.get(hint, str(hint).replace("typing.", ""))


def _shown(value: object) -> str:
    return f"{value!r}"[:60] if isinstance(value, (str, int, float, bool)) else type(value).__name__
