"""Registries: a part is one file, its file name is its name, and a misspelt name gets a suggestion."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
from typing import TYPE_CHECKING, Generic, TypeVar

from pipelines.contract.errors import ConfigError, PartError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


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
    """Parts of one kind by name, found by importing every module of a package when first asked.

    A part declares ``version: ClassVar[int]``; the version is in the key of every manifest that the part had a hand in,
    so it goes up whenever the same input could give another output.
    """

    def __init__(self, kind: str, package: str) -> None:
        """Makes a registry for the modules of ``package``; ``kind`` is the word that error messages use."""
        self.kind = kind
        self.package = package
        self._parts: dict[str, type[T]] = {}
        self._walked = False

    def __call__(self, name: str) -> Callable[[type[T]], type[T]]:
        """A class decorator that registers a part under ``name``, which must be its module's name.

        Raises:
            PartError: the name is taken, is not the module's, or the part has no ``version``.
        """

        def register(part: type[T]) -> type[T]:
            module = part.__module__
            if module != f"{self.package}.{name}":
                raise PartError(f"{module}: the {self.kind} {name!r} belongs in {self.package}.{name}")
            if name in self._parts and self._parts[name].__qualname__ != part.__qualname__:
                raise PartError(f"{module}: a {self.kind} named {name!r} is registered already")
            if not isinstance(getattr(part, "version", None), int):
                raise PartError(f"{module}: the {self.kind} {name!r} needs a class attribute version: ClassVar[int]")
            self._parts[name] = part
            return part

        return register

    def _walk(self) -> None:
        if not self._walked:
            package = importlib.import_module(self.package)
            for module in pkgutil.iter_modules(package.__path__):
                if not module.name.startswith("_") and module.name != "base":
                    importlib.import_module(f"{self.package}.{module.name}")
            self._walked = True

    def __getitem__(self, name: str) -> type[T]:
        """The part of that name, importing only its own module.

        Raises:
            ConfigError: no part has this name; the message suggests the nearest.
        """
        if name not in self._parts and name.isidentifier():
            found = importlib.util.find_spec(f"{self.package}.{name}")
            if found is not None:
                importlib.import_module(f"{self.package}.{name}")
        if name not in self._parts:
            raise ConfigError(f"no {self.kind} is named {name!r}; {did_you_mean(name, self.names())}")
        return self._parts[name]

    def names(self) -> list[str]:
        """All names, sorted."""
        self._walk()
        return sorted(self._parts)

    def __iter__(self) -> Iterator[str]:
        """Names in order."""
        return iter(self.names())
