"""What a document shares with its siblings: its origin, which the split keeps together."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

# Most addresses: a host in lower case, perhaps a port, and a path. ``urlsplit`` is right about all of them, and takes ten times as long.
_PLAIN_URL: Final = re.compile(r"https?://([a-z0-9.-]+)(?::[0-9]*)?(?=[/?#]|\Z)([^?#\x00-\x20]*)(?=[?#]|\Z)")

# Words that a source's ``origin`` may be, besides the name of a field where its rows have fields.
ORIGINS: Final = ("host", "folder", "document")


def origin_of(by: str, *, key: str, file: str, url: str | None) -> str:
    """The origin of a record, by one of ``ORIGINS``; where there is no such thing, the record stands alone and its key is its origin.

    A host is the url's; a folder is the url's host and path up to the last slash, or, without a url, the folder of the file.

    >>> origin_of("folder", key="7", file="a/b.txt", url="https://example.org/news/today.html")
    'example.org/news'
    """
    if by == "document":
        return key
    host, path = _host_and_path(url)
    if by == "host":
        return host or key
    if host:
        return f"{host}{path.rpartition('/')[0]}"
    return file.rpartition("/")[0] or key


def _host_and_path(url: str | None) -> tuple[str, str]:
    plain = _PLAIN_URL.match(url or "")
    if plain:
        return plain[1], plain[2]
    try:
        parts = urlsplit(url or "")
        return parts.hostname or "", parts.path
    except ValueError:  # such as an IPv6 address without its bracket: then the url has no host
        return "", ""


def check_origin(by: str) -> str:
    """The word itself.

    Raises:
        ValueError: it is none of ``ORIGINS``.
    """
    if by not in ORIGINS:
        raise ValueError(f"origin {by!r}: expected one of {', '.join(ORIGINS)}")
    return by
