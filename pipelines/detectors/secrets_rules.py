"""The rules of the detector ``secrets``: a file of data beside this one, read once a process."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pipelines.contract.config import decode, load_toml
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.detectors.secrets_anchors import SHORTEST, Anchors, laid_out
from pipelines.detectors.secrets_checks import CHECKS, Check

FILE: Final = Path(__file__).with_name("secrets.toml")
# What stands before and behind a token: no letter and no digit, but for those of an escaped line break in a string of JSON.
_BEFORE: Final = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
_BEHIND: Final = r"(?![A-Za-z0-9])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of secret: a table of ``secrets.toml``."""

    name: str  # what its spans say of who found them
    entity: Literal["PRIVATE_KEY", "ACCESS_TOKEN", "JWT", "CONNECTION_STRING", "PASSWORD"]  # what its spans are
    anchors: tuple[str, ...]  # words of which one stands in every match, in small letters; a capital in the text meets them too
    pattern: str  # what a match is, in bytes; its group "secret" is the span where it has one
    source: str  # who says that such secrets look so
    check: str = "token"  # what must hold of a match beside its shape
    before: int = 0  # bytes before the anchor at which a match may begin at the earliest; 0: it begins with the anchor
    reach: int = 400  # bytes from the anchor on that a match may take or look at
    min_entropy: float = 0.0  # bits a byte, of the secret's own bytes
    score: float = 0.95  # how sure a finding is
    is_word: bool = True  # whether no letter and no digit may stand beside a match
    ignores_case: bool = False  # whether capitals and small letters are one
    is_generic: bool = False  # whether a rule of one issuer has precedence over what this finds

    def __post_init__(self) -> None:
        """Rejects what could never be found."""
        if self.check not in CHECKS:
            raise ValueError(f"{self.name}: no check is named {self.check!r}; {did_you_mean(self.check, CHECKS)}")
        for anchor in self.anchors:
            if len(anchor.encode()) < SHORTEST or anchor.encode() != anchor.encode().lower():
                raise ValueError(f"{self.name}: the anchor {anchor!r} must have {SHORTEST} bytes or more, in small letters")


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesFile:
    """All of ``secrets.toml``."""

    rules: tuple[Rule, ...]  # those of issuers and the generic ones


@dataclass(frozen=True, slots=True)
class Ready:
    """Rules as they are used."""

    anchors: Anchors
    of_anchor: tuple[tuple[Rule, ...], ...]
    patterns: Mapping[str, re.Pattern[bytes]]
    checks: Mapping[str, Check]


def file_sha256() -> str:
    """Hash of the rules."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


@cache
def rules() -> tuple[Rule, ...]:
    """Those of the file, in its order.

    Raises:
        ConfigError: the file breaks the format, or names a rule twice.
    """
    found = decode(RulesFile, load_toml(FILE), FILE.name).rules
    names = [rule.name for rule in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{FILE.name}: two rules are named {twice[0]!r}; give each a name of its own")
    return found


@cache
def ready() -> Ready:
    """All rules by the words that lead to them."""
    words = sorted({anchor for rule in rules() for anchor in rule.anchors})
    return Ready(
        anchors=laid_out([word.encode() for word in words]),
        of_anchor=tuple(tuple(rule for rule in rules() if word in rule.anchors) for word in words),
        patterns={rule.name: _compiled(rule) for rule in rules()},
        checks={rule.name: CHECKS[rule.check] for rule in rules()},
    )


def _compiled(rule: Rule) -> re.Pattern[bytes]:
    bare = rule.pattern if not rule.is_word else f"{_BEFORE}(?:{rule.pattern}){_BEHIND}"
    return re.compile(bare.encode(), re.VERBOSE | (re.IGNORECASE if rule.ignores_case else 0))
