"""Registries: a part is one file, its file name is its name, and a misspelt name gets a suggestion.

A part of another package is found by an entry point of the group ``assay.KIND`` (``assay.sources``, ``assay.signals``, ...). Listing names imports
no part, so an optional package that is not installed costs nothing until a part that needs it is asked for.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pipelines.contract.errors import AssayError, ConfigError, PartError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
OWN = "assay"  # the distribution of the parts that come with it


@dataclass(frozen=True, slots=True)
class PartId:
    """What a registered class is called, and whose it is: every such class has one as ``__part__``."""

    kind: str
    name: str
    distribution: str
    distribution_version: str

    @property
    def label(self) -> str:
        """Name in the key of a step: a part from elsewhere has its distribution and that one's version in it."""
        whose = "" if self.distribution == OWN else f" ({self.distribution} {self.distribution_version})"
        return f"{self.kind} {self.name}{whose}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The tail of an error message: the nearest known name, or all of them.

    >>> did_you_mean("wordcount", ["word_count", "language"])
    "did you mean 'word_count'?"
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are: {', '.join(names)}" if names else "there are none"


class Registry(Generic[T]):
    """Parts of one kind by name: each a module of a package, or an entry point of another distribution.

    A part declares ``version: ClassVar[int]``; the version is in the key of every manifest that the part had a hand in,
    so it goes up whenever the same input could give another output.
    """

    def __init__(self, kind: str, package: str) -> None:
        """Makes a registry for the modules of ``package``; ``kind`` is the word that error messages use."""
        self.kind = kind
        self.package = package
        self.group = f"{OWN}.{package.rpartition('.')[2]}"
        self._parts: dict[str, type[T]] = {}
        self._checked: set[str] = set()  # names that nobody else offers; a part may be registered before that is known, by an import of its module

    def __call__(self, name: str) -> Callable[[type[T]], type[T]]:
        """A class decorator that registers a part under ``name``, which must be its module's name.

        Raises:
            PartError: the name is taken, is not the module's, or the part has no ``version``.
        """

        def register(part: type[T]) -> type[T]:
            module = part.__module__
            if module != f"{self.package}.{name}":
                raise PartError(f"{module}: the {self.kind} {name!r} belongs in {self.package}.{name}; a part of another package is an entry point")
            if name in self._parts and self._parts[name].__qualname__ != part.__qualname__:
                raise PartError(f"{module}: a {self.kind} named {name!r} is registered already")
            return self._kept(name, part, module, OWN, own_version())

        return register

    def __getitem__(self, name: str) -> type[T]:
        """The part of that name, importing only its own module.

        Raises:
            ConfigError: no part has this name; the message suggests the nearest.
            PartError: the part of another package cannot be imported, has no version, or its name is used twice.
        """
        if name not in self._checked or name not in self._parts:
            self._load(name)
        if name not in self._parts:
            raise ConfigError(f"no {self.kind} is named {name!r}; {did_you_mean(name, self.names())}")
        return self._parts[name]

    def names(self) -> list[str]:
        """All names, sorted; nothing is imported but the package itself."""
        return sorted({*self._own_names(), *(point.name for point in self._points())})

    def origin(self, name: str) -> tuple[str, str]:
        """Distribution and version that a part comes from; the part is not imported.

        Raises:
            ConfigError: no part has this name.
        """
        if name in self._own_names():
            return OWN, own_version()
        for point in self._points():
            if point.name == name:
                return _whose(point)
        raise ConfigError(f"no {self.kind} is named {name!r}; {did_you_mean(name, self.names())}")

    def __iter__(self) -> Iterator[str]:
        """Names in order."""
        return iter(self.names())

    def _own_names(self) -> set[str]:
        package = importlib.import_module(self.package)
        modules = (m for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_") and not m.ispkg)
        return {m.name for m in modules if self._is_part(m.name)}

    def _is_part(self, module: str) -> bool:
        """Whether a module registers a part of its name: a line of it begins with a decorator that says so."""
        spec = importlib.util.find_spec(f"{self.package}.{module}")
        if spec is None or spec.origin is None:
            return False
        return re.search(rf"""^@\w+\(["']{module}["']\)""", Path(spec.origin).read_text(encoding="utf-8"), re.MULTILINE) is not None

    def _points(self) -> list[EntryPoint]:
        return sorted(_points_on(tuple(sys.path)).select(group=self.group), key=lambda point: (point.name, point.value))

    def _load(self, name: str) -> None:
        is_own = name.isidentifier() and importlib.util.find_spec(f"{self.package}.{name}") is not None
        if is_own:
            importlib.import_module(f"{self.package}.{name}")
        found = [point for point in self._points() if point.name == name]
        owners = [OWN] * (is_own and name in self._parts) + [_whose(point)[0] for point in found]
        if found and len(owners) > 1:
            whose = " and ".join(sorted(set(owners)))
            raise PartError(f"the {self.kind} {name!r} is offered by {whose}; uninstall one, or rename its entry point")
        for point in found:
            self._kept(name, self._imported(point), point.value, *_whose(point))
        self._checked |= {name} & self._parts.keys()

    def _imported(self, point: EntryPoint) -> type[T]:
        distribution, _ = _whose(point)
        try:
            part = point.load()
        except AssayError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a stranger's module raises when it is imported
            raise PartError(f"the {self.kind} {point.name!r} of {distribution} cannot be imported: {type(error).__name__} in {point.value}") from None
        if not isinstance(part, type):
            raise PartError(f"the {self.kind} {point.name!r} of {distribution}: {point.value} is no class")
        return part

    def _kept(self, name: str, part: type[T], module: str, distribution: str, distribution_version: str) -> type[T]:
        if not isinstance(getattr(part, "version", None), int):
            raise PartError(f"{module}: the {self.kind} {name!r} needs a class attribute version: ClassVar[int]")
        known = part.__dict__.get("__part__")
        if known is not None and (known.kind, known.name) != (self.kind, name):  # a key could not tell which of its names was asked for
            raise PartError(
                f"{module}: one class is offered as {known.kind} {known.name!r} and as {self.kind} {name!r}; give each name a class of its own"
            )
        part.__part__ = PartId(self.kind, name, distribution, distribution_version)  # type: ignore[attr-defined]
        self._parts[name] = part
        return part


def part_id(part: object) -> PartId | None:
    """The name of a part, or of its class; None for what is no part."""
    found = getattr(part, "__part__", None)
    return found if isinstance(found, PartId) else None


def own_version() -> str:
    """Assay's version as installed."""
    try:
        return version(OWN)
    except PackageNotFoundError:
        return "unknown"


@lru_cache(maxsize=4)
def _points_on(path: tuple[str, ...]) -> Any:
    """Every entry point of the installed distributions; found once for a search path, since it reads the metadata of all of them."""
    del path  # part of the cache's key only
    return entry_points()


def _whose(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist is not None else ("unknown", "unknown")
