"""Sealed task bundles: the files of a benchmark in one encrypted file, which tasks read without unpacking it.

A crawler that meets the file learns nothing, and who does not hold the key cannot train on it by mistake (Jacovi et al. 2023, "Stop uploading test
data in plain text": encrypted, the key beside it and not in it, under terms that allow no derivatives). The cipher is AES-256-GCM, by the library
``cryptography``; the head of the file, with its notice, is authenticated with the rest. Nothing is written in the clear: what is inside goes from the
folder to memory and from memory to the bundle, and a task reads it back into memory. A warehouse whose run registers the task holds its items, as of
any other: they are the evidence of contamination, and are no part of what is published.

A bundle is ``NAME.sealed``, its key ``NAME.sealed.key`` (64 hex digits, readable by its owner alone). A task whose ``path`` is the bundle reads
``path / "test.jsonl"`` as if the bundle were the folder.
"""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX: Final = ".sealed"
NOTICE: Final = (
    "Test data, encrypted so that it does not get into training corpora. Do not train on it, and do not pass it on in the clear or in a changed form "
    "(no derivatives)."
)
_FORMAT: Final = "assay sealed tasks 1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_SHARED_BITS: Final = 0o077
_MOST_BYTES: Final = 1 << 30  # of files in a bundle: it is opened in memory
_LONGEST_HEAD: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What was sealed: the bundle, its key, how many files and bytes."""

    bundle: Path
    key_file: Path
    num_files: int
    num_bytes: int


def seal(folder: Path, bundle: Path, notice: str = NOTICE) -> Sealed:
    """Seals the files below a folder into a bundle, and makes its key where there is none yet.

    Raises:
        InputError: the folder has no files, or more than a bundle holds.
        ConfigError: the bundle is there already, its name does not end in ``.sealed``, the key cannot be used, or ``cryptography`` is missing.
    """
    if bundle.suffix != SUFFIX:
        raise ConfigError(f"{bundle}: the name of a bundle ends in {SUFFIX}, for example {bundle.with_suffix(SUFFIX)}")
    if bundle.exists():
        raise ConfigError(f"{bundle}: is there already; name another file, or move this one away")
    plain, num_files, num_bytes = _packed(folder)
    _cipher(b"\0" * _KEY_BYTES)  # says that the library is missing before a key is made
    key_file = key_file_of(bundle)
    key = _key(key_file) if key_file.exists() else _new_key(key_file)
    nonce = os.urandom(_NONCE_BYTES)
    head = json.dumps({"format": _FORMAT, "notice": notice, "key_id": _key_id(key), "nonce": nonce.hex()}).encode() + b"\n"
    beside = bundle.with_name(f".{bundle.name}.{os.getpid()}")
    try:
        beside.write_bytes(head + _cipher(key).encrypt(nonce, plain, head))
        beside.replace(bundle)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(f"{bundle}: cannot be written ({error.strerror}); name another place") from None
    return Sealed(bundle=bundle, key_file=key_file, num_files=num_files, num_bytes=num_bytes)


def bundle_of(path: Path) -> tuple[Path, str] | None:
    """The bundle that a path leads into, and the name inside; None where no part of the path is a bundle."""
    for parent in path.parents:
        if parent.suffix == SUFFIX and parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return None


def names_in(bundle: Path) -> dict[str, int]:
    """Names of the files in a bundle, with their sizes in bytes.

    Raises:
        InputError, ConfigError: as ``read``.
    """
    return {name: len(content) for name, content in _opened(bundle).items()}


def read(bundle: Path, name: str) -> bytes:
    """A file of a bundle.

    Raises:
        FileNotFoundError: the bundle holds no file of this name.
        InputError: the bundle is damaged, or was sealed with another key.
        ConfigError: its key is missing or readable by others, or ``cryptography`` is missing.
    """
    content = _opened(bundle).get(name)
    if content is None:
        raise FileNotFoundError(name)
    return content


def key_file_of(bundle: Path) -> Path:
    """Where the key of a bundle lies."""
    return bundle.with_name(f"{bundle.name}.key")


def _opened(bundle: Path) -> Mapping[str, bytes]:
    try:
        found = bundle.stat()
    except OSError as error:
        raise InputError(f"{bundle}: cannot be read ({error.strerror})") from None
    return _opened_once(bundle, (found.st_ino, found.st_size, found.st_mtime_ns), _key(key_file_of(bundle)))


@lru_cache(maxsize=4)
def _opened_once(bundle: Path, stamp: tuple[int, int, int], key: bytes) -> Mapping[str, bytes]:  # noqa: ARG001 - the stamp is there for the cache
    data = bundle.read_bytes()
    length = data.find(b"\n", 0, _LONGEST_HEAD) + 1
    head = _head(bundle, data[:length])
    if head["key_id"] != _key_id(key):
        raise InputError(
            f"{bundle}: was sealed with the key {head['key_id']}, and {key_file_of(bundle)} is the key {_key_id(key)}; put its own there"
        )
    from cryptography.exceptions import InvalidTag

    try:
        plain = _cipher(key).decrypt(bytes.fromhex(head["nonce"]), data[length:], data[:length])
    except InvalidTag:
        raise InputError(f"{bundle}: damaged or changed since it was sealed; get it again") from None
    with zipfile.ZipFile(io.BytesIO(plain)) as files:
        return {name: files.read(name) for name in files.namelist()}


def _head(bundle: Path, line: bytes) -> dict[str, Any]:
    try:
        head = json.loads(line)
        is_one = head["format"] == _FORMAT and len(bytes.fromhex(head["nonce"])) == _NONCE_BYTES and isinstance(head["key_id"], str)
    except (ValueError, KeyError, TypeError):
        is_one = False
    if not is_one:
        raise InputError(f"{bundle}: no sealed bundle, or its head is damaged; `assay tasks seal FOLDER {bundle}` makes one")
    found: dict[str, Any] = head
    return found


def _packed(folder: Path) -> tuple[bytes, int, int]:
    """The files of a folder as a zip archive in memory, how many they are, and their bytes."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no folder; give the folder with the files of a benchmark")
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    num_bytes = sum(path.stat().st_size for path in paths)
    if not paths or num_bytes > _MOST_BYTES:
        raise InputError(f"{folder}: {len(paths)} files with {num_bytes:,} bytes; a bundle holds 1 file or more and {_MOST_BYTES:,} bytes at most")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as files:
        for path in paths:
            try:
                content = path.read_bytes()
            except OSError as error:
                raise InputError(f"{path}: cannot be read ({error.strerror})") from None
            files.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix()), content, zipfile.ZIP_DEFLATED)
    return held.getvalue(), len(paths), num_bytes


def _new_key(path: Path) -> bytes:
    key = os.urandom(_KEY_BYTES)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR), "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
    except OSError as error:
        raise ConfigError(f"{path}: the key of the bundle cannot be written ({error.strerror}); name another place for the bundle") from None
    return key


def _key(path: Path) -> bytes:
    try:
        mode, held = path.stat().st_mode, path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the key of the bundle cannot be read ({type(error).__name__}); put the key that came with it there") from None
    if mode & _SHARED_BITS:
        raise ConfigError(f"{path}: others than its owner may read the key of the bundle; run: chmod 600 {path}")
    try:
        key = bytes.fromhex(held.strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError(f"{path}: no key of a bundle; expected {2 * _KEY_BYTES} hex digits")
    return key


def _key_id(key: bytes) -> str:
    """8 hex digits that tell keys apart and nothing about them."""
    return sha256(b"assay seal " + key).hexdigest()[:8]


def _cipher(key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise ConfigError("sealed bundles need the package cryptography; install it with: pip install 'assay[seal]'") from None
    return AESGCM(key)
