"""Compiled kernels. Nothing is compiled, and numba is not imported, before a kernel is called: to say what a run would do needs neither."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property, update_wrapper
from types import CodeType, FunctionType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
_LISTENERS: list[Callable[[str], None]] = []


def kernel(function: F) -> F:
    """Compiles a function of numbers and arrays when first called, or takes it from the disk; it holds no lock of the interpreter while it runs."""
    return cast("F", Kernel(cast("FunctionType", function), is_inlined=False))


def inlined(function: F) -> F:
    """Compiles a function into the kernels that call it: without this the loops of SHA-1 are not vectorised, and five times slower."""
    return cast("F", Kernel(cast("FunctionType", function), is_inlined=True))


def on_compile(hear: Callable[[str], None] | None) -> None:
    """Asks to be told the name of each kernel of this process that is not on the disk, before it is compiled; None asks to be left alone again."""
    _LISTENERS[:] = [hear] if hear else []


class Kernel:
    """A function that numba compiles when it is first called. Kernels may call kernels, of their own module or another."""

    def __init__(self, function: FunctionType, *, is_inlined: bool) -> None:
        """Nothing is looked at yet; ``is_inlined`` is for what only other kernels call."""
        update_wrapper(self, function)
        self.function = function
        self.is_inlined = is_inlined

    def __call__(self, *arguments: Any) -> Any:
        """What the function gives."""
        return self.compiled(*arguments)

    @cached_property
    def compiled(self) -> Any:
        """What numba makes of the function."""
        from pipelines.text import kernel_cache  # it imports numba: half a second

        return kernel_cache.compiled(self.function, is_inlined=self.is_inlined, sources=self.sources, announce=_announce)

    @property
    def sources(self) -> bytes:
        """A digest of what decides the machine code beside numba and the processor: the code of this kernel and of those that it calls."""
        facts = sorted({fact for one in _reached(self) for fact in _facts(one.function)})
        return hashlib.blake2b("\n".join(facts).encode(), digest_size=16).digest()

    @property
    def _numba_type_(self) -> Any:
        """How numba asks an object for its type; kernels that call this one take it for what numba made of it."""
        return self.compiled._numba_type_


def _reached(kernel: Kernel) -> list[Kernel]:
    """A kernel and those that it calls, or that they call."""
    found: dict[int, Kernel] = {}
    left = [kernel]
    while left:
        one = left.pop()
        if id(one) not in found:
            found[id(one)] = one
            left += [value for _, value in _named(one.function) if isinstance(value, Kernel)]
    return list(found.values())


def _facts(function: FunctionType) -> Iterator[str]:
    """A function's code without the places of its lines, and the values of the module's names that it uses: numba takes both as they are."""
    where = f"{function.__module__}.{function.__qualname__}"
    yield from (f"{where} {fact}" for fact in _of_code(function.__code__))
    for name, value in _named(function):
        if isinstance(value, (bool, int, float, str, bytes, tuple)):
            yield f"{where} {name}={value!r}"
        elif hasattr(value, "tobytes"):  # an array or a number of numpy's
            yield f"{where} {name}={value.dtype}{value.shape}{hashlib.sha256(value.tobytes()).hexdigest()}"


def _of_code(code: CodeType) -> Iterator[str]:
    constants = [value for value in code.co_consts if not isinstance(value, CodeType)]
    yield repr((code.co_name, code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    for inner in _inner(code):
        yield from _of_code(inner)


def _named(function: FunctionType) -> list[tuple[str, Any]]:
    """The module's names that a function uses, with their values."""
    module, names = function.__globals__, set(_names(function.__code__))
    return [(name, module[name]) for name in sorted(names) if name in module]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in _inner(code):
        yield from _names(inner)


def _inner(code: CodeType) -> list[CodeType]:
    return [value for value in code.co_consts if isinstance(value, CodeType)]


def _announce(name: str) -> None:
    for hear in _LISTENERS:
        hear(name)
