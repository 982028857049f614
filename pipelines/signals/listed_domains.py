"""Whether a document comes from a domain on a list of yours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import pyarrow as pa

from pipelines.contract.columns import column
from pipelines.contract.errors import ConfigError
from pipelines.signals.base import signals

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch


@signals("listed_domains")
@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDomains:
    """1 where the host of a document's URL, or a domain above it, is on the list; without a URL 0.

    The list is a text file with a domain a line; lines that begin with ``#`` are comments. ``example.org`` lists ``www.example.org`` too, and not
    ``notexample.org``. Names in other scripts meet their ASCII form.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[pa.Schema] = pa.schema([column("domain_listed", pa.int64(), "1 if the document's domain is on the list, else 0")])

    file: Path  # a list with a domain on each line

    def data(self) -> dict[str, str]:
        """Hash of the list, so that another list at the same path is another result.

        Raises:
            ConfigError: there is no such file, or it cannot be read.
        """
        return {"file": hashlib.sha256(_bytes(self.file)).hexdigest()}

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        listed = _listed(self.file, _stamp(self.file))
        found = [int(url is not None and any(name in listed for name in _names(url))) for url in batch.urls]
        return pa.RecordBatch.from_arrays([pa.array(found, pa.int64())], names=self.columns.names)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def _stamp(file: Path) -> tuple[int, int, int]:
    """What tells a file from an older one at its path, without reading it for every batch."""
    try:
        found = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _unreadable(file: Path, error: OSError) -> ConfigError:
    return ConfigError(f"listed_domains: the file {str(file)!r} cannot be read ({error.strerror}); give the path of a list with a domain a line")


@lru_cache(maxsize=8)
def _listed(file: Path, stamp: tuple[int, int, int]) -> frozenset[str]:  # noqa: ARG001 - the stamp is there for the cache
    try:
        lines = _bytes(file).decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise ConfigError(f"listed_domains: {file}: not UTF-8; expected a text file with a domain a line") from None
    found = set()
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        if any(c in name for c in "/:@ \t"):
            raise ConfigError(f"listed_domains: {file}, line {number}: expected a domain alone, such as example.org, without scheme, path or port")
        found.add(_ascii(name))
    return frozenset(found)


def _names(url: str) -> list[str]:
    """The host of a URL and every domain above it; of what is no URL, none."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return []
    labels = _ascii(host).split(".") if host else []
    return [".".join(labels[i:]) for i in range(len(labels))]


@lru_cache(maxsize=1 << 12)
def _ascii(name: str) -> str:
    name = name.lower().strip(".")
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name
