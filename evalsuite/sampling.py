"""Choosing without chance: an order by hash, the same on every machine and for every order of the input."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def rank(*parts: str) -> bytes:
    """A key to sort by: blake2b-128 of the parts, each with its length, so that no two lists of parts run together."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def sample(values: Iterable[T], key: Callable[[T], str], max_items: int | None) -> list[T]:
    """At most ``max_items`` of the values, those of lowest rank, in the order in which they came; all of them for None."""
    found = list(values)
    if max_items is None or len(found) <= max_items:
        return found
    chosen = sorted(range(len(found)), key=lambda i: (rank(key(found[i])), i))[:max_items]
    return [found[i] for i in sorted(chosen)]
