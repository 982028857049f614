"""Compiled kernels: numba with a cache on disk, so that the second process does not compile what the first one did."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def cache_folder() -> Path:
    """A folder that can be written: ASSAY_CACHE, else ~/.cache/assay, else one of this user below the temporary folder."""
    wanted = [os.environ.get("ASSAY_CACHE"), os.path.expanduser("~/.cache/assay")]  # noqa: PTH111 - may not resolve, and then stays as it is
    for place in (Path(p) for p in wanted if p):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place, os.W_OK):
            return place
    return Path(tempfile.gettempdir()) / f"assay-{os.getuid()}"


os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder() / "numba"))  # before numba is imported: it reads the variable then

from numba import njit  # noqa: E402 - see above


def kernel(function: F) -> F:
    """Compiles a function of numbers and arrays when first called; it holds no lock of the interpreter while it runs."""
    return cast("F", njit(cache=True, nogil=True)(function))
