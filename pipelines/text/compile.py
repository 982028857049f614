"""Compiled kernels: numba with a cache on disk, so that the second process does not compile what the first one did."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def cache_folder() -> Path:
    """A folder that can be written: ASSAY_CACHE, else ~/.cache/assay, else one below the temporary folder that nobody else can write."""
    wanted = [os.environ.get("ASSAY_CACHE"), os.path.expanduser("~/.cache/assay")]  # noqa: PTH111 - may not resolve, and then stays as it is
    for place in (Path(p) for p in wanted if p):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place, os.W_OK):
            return place
    return private_folder(Path(tempfile.gettempdir()) / f"assay-{os.getuid()}")


def private_folder(place: Path) -> Path:
    """That folder, if it is this user's alone, else a fresh one: the cache holds pickles, and whoever writes them runs code here.

    A fresh one lives as long as this process and is named to its workers by NUMBA_CACHE_DIR, which they inherit.
    """
    with contextlib.suppress(OSError):  # a file, a link or a folder of somebody else's: looked at next
        place.mkdir(mode=0o700)
    with contextlib.suppress(OSError):
        found = place.lstat()  # not stat: a link may lead anywhere
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return place
    fresh = Path(tempfile.mkdtemp(prefix="assay-"))
    atexit.register(_remove, fresh, os.getpid())
    return fresh


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child is not the one to take it away
        shutil.rmtree(folder, ignore_errors=True)


if "NUMBA_CACHE_DIR" not in os.environ:  # before numba is imported: it reads the variable then
    os.environ["NUMBA_CACHE_DIR"] = str(cache_folder() / "numba")

from numba import njit  # noqa: E402 - see above


def kernel(function: F) -> F:
    """Compiles a function of numbers and arrays when first called; it holds no lock of the interpreter while it runs."""
    return cast("F", njit(cache=True, nogil=True)(function))
