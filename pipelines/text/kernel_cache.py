"""How numba compiles a kernel and where it finds what it compiled before: a record a kernel and types of arguments, see ``kernel_records``.

A record is known by everything that decides machine code, so that one of another numba, processor or version of assay is not met. No C compiler has
a part in it.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from pipelines.text.kernel_records import kernels_folder, read_record, take_turn, turns_end, unkept, write_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

_FORMAT: Final = 1  # of a record's content


def compiled(function: FunctionType, *, is_inlined: bool, sources: bytes, announce: Callable[[str], None]) -> Any:
    """The function as numba compiles it when it is called.

    ``sources`` stands for all that its code depends on but numba and the processor; ``announce`` hears its name before it is compiled.
    """
    if is_inlined:
        return numba.njit(forceinline=True)(function)
    made = numba.njit(nogil=True)(function)
    made._cache = KernelCache(function, kernels_folder(), sources, announce)  # noqa: SLF001 - where numba's own cache sits
    made.compile = turns_end()(made.compile)  # whichever way numba leaves it
    return made


class KernelCache(NullCache):  # type: ignore[misc]  # numba has no types
    """What numba asks for a kernel's code and hands it to; see the module."""

    def __init__(self, function: FunctionType, folder: Path | None, sources: bytes, announce: Callable[[str], None]) -> None:
        """``folder`` is the user's own; without one every process compiles for itself."""
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._folder = folder
        self._sources = sources
        self._announce = announce

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel for arguments of these types, if there is a sound record."""
        target_context.refresh()
        key = self._key(sig, target_context.codegen())
        record = self._record(key) if self._folder else None
        if record is not None:
            return CompileResult._rebuild(target_context, *pickle.loads(record))  # noqa: S301, SLF001 - see the module
        self._announce(self._name)
        return None

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Keeps what was compiled, if it can be kept."""
        if self._folder is None:
            return
        key = self._key(sig, cres.codegen)
        try:
            if not cres.library.has_dynamic_globals and all(lifted.can_cache for lifted in cres.lifted):
                write_record(self._path(key), key, dumps(cres._reduce()))  # noqa: SLF001 - as numba's own cache does
        except OSError as error:
            unkept(self._folder, error)

    def _record(self, key: bytes) -> bytes | None:
        """The record, if there is one when it is this process's turn to compile."""
        path = self._path(key)
        record = read_record(path, key)
        if record is None:
            take_turn(path.parent)
            record = read_record(path, key)  # of the one whose turn it was before
        return record

    def _key(self, sig: Any, codegen: Any) -> bytes:
        flags = sorted((name, value) for name, value in os.environ.items() if name.startswith("NUMBA_") and name != "NUMBA_CACHE_DIR")
        versions = (numba.__version__, version("llvmlite"), platform.python_implementation(), platform.python_version())
        facts = repr((_FORMAT, self._name, self._sources, versions, codegen.magic_tuple(), str(sig), flags))
        return hashlib.sha256(facts.encode()).digest()

    def _path(self, key: bytes) -> Path:
        return (self._folder or Path()) / f"{self._name}-{key.hex()[:32]}.kernel"
