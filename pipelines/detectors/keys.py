"""Keys of pseudonyms and surrogates: one in a file, or a ring of them whose last one counts.

A ring is a text file whose first line is ``# assay key ring`` and whose other lines are keys in hex, the newest last; what follows a ``#`` is a
note. A key that is replaced stays in the ring, so that its owner can tell what an older corpus was written with; one that is taken out is gone.
The key never leaves its file but for the memory of the process that uses it: no repr, log, pickle, manifest or message holds it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from codecs import BOM_UTF8
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MIN_KEY_BYTES: Final = 16
RING: Final = b"# assay key ring"
_NEW_KEY_BYTES: Final = 32
_SHARED_BITS: Final = 0o077


def newest_key(path: Path) -> bytes:
    """The key that counts: a file's bytes as they are, or the last one of a ring. A file that changed is read again.

    Raises:
        ConfigError: the file is missing, open to others than its owner, no ring though it begins as one, or holds a key under 16 bytes.
    """
    return keys_of(path)[-1]


def keys_of(path: Path) -> tuple[bytes, ...]:
    """All keys of a file, the oldest first.

    Raises:
        ConfigError: as ``newest_key``.
    """
    status = _refuse_open(path)
    return _read(path, status.st_mtime_ns, status.st_size, status.st_ino)


def id_of(key: bytes) -> str:
    """8 hex digits that tell keys apart and nothing about them."""
    return hmac.new(key, b"assay key id", hashlib.sha256).hexdigest()[:8]


def rotated(path: Path, note: str) -> str:
    """Adds a new key to a ring, or begins one where there is no file, and gives the new key's id. Texts scrubbed from now on have other pseudonyms.

    The new file takes the old one's place at once, readable by its owner alone. ``note`` stands behind the key, such as the day.

    Raises:
        ConfigError: as ``newest_key``, or the file holds a key that is no ring, or cannot be written.
    """
    key = secrets.token_bytes(_NEW_KEY_BYTES)
    lines = [RING]
    if path.exists():
        _refuse_open(path)
        held = _bytes_of(path)
        if not held.startswith(RING):
            raise ConfigError(f"{path}: holds one key and is no ring; begin a ring in another file, and name that as scrub.key_file")
        lines = held.rstrip(b"\n").split(b"\n")
        if any(line.partition(b"#")[0].strip() for line in lines):  # a ring without a key is a new one
            keys_of(path)
    lines.append(f"{key.hex()}  # {note}".encode())
    try:
        _replace(path, b"\n".join(lines) + b"\n")
    except OSError as error:
        raise ConfigError(f"{path}: the ring cannot be written ({type(error).__name__}); name a file in a folder of your own") from None
    return id_of(key)


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _refuse_open(path: Path) -> os.stat_result:
    try:
        status = path.stat()
    except OSError as error:
        raise _unread(path, error) from None
    if status.st_mode & _SHARED_BITS and not stat.S_ISDIR(status.st_mode):
        raise ConfigError(f"{path}: others than its owner may read the key of the pseudonyms; run: chmod 600 {path}")
    return status


def _bytes_of(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unread(path, error) from None
    # Some editors write the mark of UTF-8 before the first line: a ring with one would be taken for a key, notes and all.
    return content.removeprefix(BOM_UTF8) if content.startswith(BOM_UTF8 + RING) else content


@lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int, size: int, inode: int) -> tuple[bytes, ...]:  # noqa: ARG001 - a file that changed is read again
    content = _bytes_of(path)
    keys = _ring(path, content) if content.startswith(RING) else (content,)
    for key in keys:
        if len(key) < MIN_KEY_BYTES:
            raise ConfigError(
                f"{path}: the key of the pseudonyms has {len(key)} bytes; at least {MIN_KEY_BYTES} are needed, as of: assay pii rotate OTHER_FILE"
            )
    return keys


def _ring(path: Path, content: bytes) -> tuple[bytes, ...]:
    keys = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if said := line.partition(b"#")[0].strip():
            try:
                keys.append(bytes.fromhex(said.decode("ascii")))
            except ValueError:  # UnicodeDecodeError is one
                raise ConfigError(f"{path}: line {number} of the key ring is no key in hex; take it out, or write hex digits") from None
    if not keys:
        raise ConfigError(f"{path}: the key ring holds no key; add one with: assay pii rotate {path}")
    if len(set(keys)) < len(keys):
        raise ConfigError(f"{path}: the key ring holds one key twice; take one of them out")
    return tuple(keys)


def _unread(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path}: the key of the pseudonyms cannot be read ({error.strerror}); a new one is made by: assay pii rotate FILE")
