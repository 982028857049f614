"""Records of compiled kernels on the disk: files that only the user who reads them could have written.

A record holds machine code and is unpickled, so whoever writes it runs code here. It counts only if it is a plain file of this user's that nobody
else may write, and if its first bytes are the hash of the rest and of the key that was looked for. Anything else, such as half a record after a full
disk, is as good as none: the kernel is compiled.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGEST_BYTES: Final = 32
_PATIENCE_S: Final = 60.0  # the longest kernel takes a tenth of it; whoever waited so long compiles for himself
_PAUSE_S: Final = 0.02
_TROUBLE: list[str] = []


class _Turns(threading.local):
    """Handles of the folder, one for each kernel that this thread is compiling: kernels compile kernels, and the first has the lock."""

    def __init__(self) -> None:
        self.handles: list[int] = []


_TURNS: Final = _Turns()


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


@contextlib.contextmanager
def turns_end() -> Iterator[None]:
    """Lets the next process or thread go on when the outermost kernel of this one is compiled, or could not be."""
    before = len(_TURNS.handles)
    try:
        yield
    finally:
        while len(_TURNS.handles) > before:
            os.close(_TURNS.handles.pop())  # and with the first of them goes the lock


def take_turn(folder: Path) -> None:
    """Waits for other processes that compile, so that what several workers need at once is compiled by one of them.

    Where the folder is gone, the disk has no locks, or the holder takes too long, there is no turn to wait for.
    """
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        _TURNS.handles.append(handle)
        deadline = time.monotonic() + _PATIENCE_S
        while len(_TURNS.handles) == 1 and not _is_locked(handle) and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unkept(folder: Path, error: OSError) -> None:
    """Takes note that kernels cannot be kept in a folder; ``trouble`` tells it."""
    reason = error.strerror or "it is not this user's"
    _TROUBLE[:] = [f"{folder}: compiled kernels cannot be kept there ({reason}), so each run compiles them; name another folder with ASSAY_CACHE"]


def trouble() -> str | None:
    """Why kernels are compiled again and again, in one line for the user; None if they are not."""
    return _TROUBLE[0] if _TROUBLE else None


def kernels_folder() -> Path | None:
    """The folder of the records, in ASSAY_CACHE, NUMBA_CACHE_DIR or the user's cache, whichever is named first; None if there is nowhere to write.

    If that one does not serve, a fresh one lives as long as this process; workers find it by ASSAY_CACHE, which they inherit.
    """
    wanted = _wanted()
    try:
        return private_folder(wanted / "kernels")
    except OSError as error:
        unkept(wanted / "kernels", error)
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
