"""What label sets call a kind of personal data, in our words: ``app/pii_entities.toml``, and what a user adds."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app.pii_labels import Labelled

# A kind that nobody looks for counts as the wider one that somebody does.
_WIDER: Final = {
    "STREET_ADDRESS": "LOCATION",
    "ZIP_CODE": "LOCATION",
    "DOMAIN_NAME": "URL",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
    "US_PASSPORT": "PASSPORT",
    "US_BANK_NUMBER": "BANK_ACCOUNT",
}


@cache
def known_names() -> Mapping[str, str]:
    """Our name of each name that others use; see ``plain``."""
    table = tomllib.loads((files("app") / "pii_entities.toml").read_text("utf-8"))
    return {plain(theirs): ours for ours, names in table.items() for theirs in (ours, *names)}


def plain(name: str) -> str:
    """A name without case, blanks, hyphens and underscores.

    >>> plain("Phone-Number") == plain("PHONE_NUMBER") == plain("phoneNumber")
    True
    """
    return re.sub(r"[\s_-]", "", name).casefold()


def mapping(names: Iterable[str], given: Sequence[str], claimed: Iterable[str]) -> dict[str, str]:
    """The kind that stands for each name of a label set: what ``given`` says (``THEIRS=OURS``), else a detector's own name, else what is known.

    Raises:
        ConfigError: an entry of ``given`` is no pair, or names a kind that the labels do not have.
    """
    own, theirs = {plain(name): name for name in claimed}, sorted(set(names))
    told: dict[str, str] = {}
    for entry in given:
        left, is_pair, right = entry.partition("=")
        met = [name for name in theirs if plain(name) == plain(left)]
        if not (is_pair and left and right):
            raise ConfigError(f"--map {entry}: expected THEIRS=OURS, as --map SURNAME=PERSON")
        if not met:
            raise ConfigError(f"--map {entry}: no label is of the kind {left}; there are: {', '.join(theirs) or 'none'}")
        told |= dict.fromkeys(met, own.get(plain(right), right))
    return {name: told.get(name) or _ours(name, own) for name in theirs}


def _ours(name: str, own: Mapping[str, str]) -> str:
    ours = own.get(plain(name)) or known_names().get(plain(name), name.upper())
    wider = _WIDER.get(ours, ours)
    return wider if ours not in own.values() and wider in own.values() else ours


def renamed(texts: Sequence[Labelled], names: Mapping[str, str]) -> list[Labelled]:
    """The texts with the kinds of their labels renamed."""
    return [replace(t, labels=tuple(replace(s, entity=names[s.entity]) for s in t.labels)) for t in texts]
