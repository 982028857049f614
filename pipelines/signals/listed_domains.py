"""Whether a document comes from a domain or a part of a site on a list of yours, such as one of those who do not want to be trained on."""

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
    """1 where the host of a document's URL, or a domain above it, or an address above it is on the list; without a URL 0.

    The list is a text file with a domain or an address a line; lines that begin with ``#`` are comments. ``example.org`` lists ``www.example.org``
    too, and not ``notexample.org``. ``https://example.org/jane`` lists that page and what is below it, ``https://example.org/jane/photos``, on that
    host alone, whatever the scheme, port and query, and not ``https://example.org/janet``. Names in other scripts meet their ASCII form.
    """

    version: ClassVar[int] = 2
    columns: ClassVar[pa.Schema] = pa.schema([column("domain_listed", pa.int64(), "1 if the document's domain or address is on the list, else 0")])

    file: Path  # a list with a domain or an address on each line

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
    return ConfigError(
        f"listed_domains: the file {str(file)!r} cannot be read ({error.strerror}); give the path of a list with a domain or an address a line"
    )


@lru_cache(maxsize=8)
def _listed(file: Path, stamp: tuple[int, int, int]) -> frozenset[str]:  # noqa: ARG001 - the stamp is there for the cache
    try:
        lines = _bytes(file).decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise ConfigError(f"listed_domains: {file}: not UTF-8; expected a text file with a domain or an address a line") from None
    found = set()
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        address = _address(name) if "://" in name else None
        if address is None and any(c in name for c in "/:@ \t"):
            raise ConfigError(
                f"listed_domains: {file}, line {number}: expected a domain, such as example.org, or an address that begins with https://"
            )
        found.add(address or _ascii(name))
    return frozenset(found)


def _names(url: str) -> list[str]:
    """The host of a URL, every domain above it, and the address with every one above it; of what is no URL, none."""
    address = _address(url)
    if address is None:
        return []
    host, *folders = address.rstrip("/").split("/")
    labels = host.split(".")
    return [".".join(labels[i:]) for i in range(len(labels))] + ["/".join([host, *folders[:i], ""]) for i in range(len(folders) + 1)]


def _address(url: str) -> str | None:
    """Host and path of a URL, without a slash too many and with one at the end; None of what is no URL."""
    try:
        place = urlsplit(url)
        host = place.hostname
    except ValueError:
        return None
    return "/".join([_ascii(host), *(folder for folder in place.path.split("/") if folder), ""]) if host else None


@lru_cache(maxsize=1 << 12)
def _ascii(name: str) -> str:
    name = name.lower().strip(".")
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name
