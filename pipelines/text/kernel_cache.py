"""Compiled kernels on the disk, so that a machine compiles each of them once: numba's own results in files that only their owner could have written.

A record holds machine code and is unpickled, so whoever writes it runs code here. It counts only if it is a plain file of this user's that nobody
else may write, and if its first bytes are the hash of the rest and of the key that was looked for. Anything else, such as half a record after a full
disk, or one of another numba, processor or version of assay, is as good as none: the kernel is compiled. No C compiler has a part in it.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import pickle
import platform
import shutil
import stat
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

_DIGEST_BYTES: Final = 32
_FORMAT: Final = 1
_trouble: dict[str, str] = {}  # why kernels are not kept where they should be


def compiled(function: FunctionType, *, is_inlined: bool, sources: bytes, announce: Callable[[str], None]) -> Any:
    """The function as numba compiles it when it is called.

    ``sources`` stands for all that its code depends on but numba and the processor; ``announce`` hears its name before it is compiled.
    """
    if is_inlined:
        return numba.njit(forceinline=True)(function)
    made = numba.njit(nogil=True)(function)
    made._cache = KernelCache(function, kernels_folder(), sources, announce)  # noqa: SLF001 - where numba's own cache sits
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
        record = read_record(self._path(key), key) if self._folder else None
        if record is not None:
            return CompileResult._rebuild(target_context, *pickle.loads(record))  # noqa: S301, SLF001 - see the module
        self._announce(self._name)
        return None

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Keeps what was compiled, if it can be kept."""
        if self._folder is None or cres.library.has_dynamic_globals or any(not lifted.can_cache for lifted in cres.lifted):
            return
        key = self._key(sig, cres.codegen)
        try:
            write_record(self._path(key), key, dumps(cres._reduce()))  # noqa: SLF001 - as numba's own cache does
        except OSError as error:
            _trouble["write"] = f"{self._folder}: compiled kernels cannot be kept ({error.strerror}); name another folder with ASSAY_CACHE"

    def _key(self, sig: Any, codegen: Any) -> bytes:
        flags = sorted((name, value) for name, value in os.environ.items() if name.startswith("NUMBA_") and name != "NUMBA_CACHE_DIR")
        versions = (numba.__version__, version("llvmlite"), platform.python_implementation(), platform.python_version())
        facts = repr((_FORMAT, self._name, self._sources, versions, codegen.magic_tuple(), str(sig), flags))
        return hashlib.sha256(facts.encode()).digest()

    def _path(self, key: bytes) -> Path:
        return (self._folder or Path()) / f"{self._name}-{key.hex()[:32]}.kernel"


def read_record(path: Path, key: bytes) -> bytes | None:
    """What was written under that key; None if there is nothing, or not what this user wrote."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:  # noqa: PTH123 - pathlib follows links
            found = os.fstat(file.fileno())
            data = file.read() if stat.S_ISREG(found.st_mode) and _is_ours_alone(found) else b""
    except OSError:
        return None
    digest, record = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    return record if digest == _sealed(key, record) else None


def write_record(path: Path, key: bytes, record: bytes) -> None:
    """Writes a record whole or not at all; the slower of two writers replaces the same by the same."""
    handle, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)  # 0600
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - an open handle
            file.write(_sealed(key, record) + record)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def trouble() -> str | None:
    """Why kernels are compiled again and again, in one line for the user; None if they are not."""
    return next(iter(_trouble.values()), None)


def kernels_folder() -> Path | None:
    """The folder of the records, in ASSAY_CACHE, NUMBA_CACHE_DIR or the user's cache, whichever is named first; None if there is nowhere to write.

    If that one does not serve, a fresh one lives as long as this process; workers find it by ASSAY_CACHE, which they inherit.
    """
    wanted = _wanted()
    try:
        return private_folder(wanted / "kernels")
    except OSError as error:
        reason = error.strerror or "not this user's alone"
        _trouble["folder"] = f"{wanted / 'kernels'}: compiled kernels cannot be kept there ({reason}); name another folder with ASSAY_CACHE"
    try:
        fresh = Path(tempfile.mkdtemp(prefix="assay-"))
    except OSError:
        return None
    atexit.register(_remove, fresh, os.getpid())
    os.environ["ASSAY_CACHE"] = str(fresh)
    return private_folder(fresh / "kernels")


def private_folder(place: Path) -> Path:
    """That folder, made if it is not there, if it is this user's and nobody else can write to it.

    Raises:
        OSError: it cannot be made, or is a file, a link, or somebody else's.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()  # not stat: a link may lead anywhere
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
        place.chmod(0o700)  # what others wrote while they could is not theirs to hand over: records of other owners do not count
        if os.access(place, os.W_OK):
            return place
    raise PermissionError


def _wanted() -> Path:
    for name in ("ASSAY_CACHE", "NUMBA_CACHE_DIR"):
        if os.environ.get(name):
            return Path(os.environ[name]).absolute()
    caches = os.environ.get("XDG_CACHE_HOME", "")
    home = os.path.expanduser("~/.cache")  # noqa: PTH111 - may not resolve, and then stays as it is
    return Path(caches if os.path.isabs(caches) else home).absolute() / "assay"  # noqa: PTH117 - the empty string too


def _is_ours_alone(found: os.stat_result) -> bool:
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _sealed(key: bytes, record: bytes) -> bytes:
    return hashlib.sha256(key + record).digest()


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child is not the one to take it away
        shutil.rmtree(folder, ignore_errors=True)
