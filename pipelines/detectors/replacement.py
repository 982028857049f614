"""What stands where personal data stood: a placeholder, or a pseudonym that is the same for the same value.

A pseudonym is HMAC-SHA256 (RFC 2104) of the entity and the normalised value under a secret key: without the key nobody can test a guess, with it
the corpus' owner can. It is still personal data in the sense of the GDPR as long as the key exists.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.detectors.base import Span

MIN_KEY_BYTES: Final = 16
_SHARED_BITS: Final = 0o077
_DIGITS: Final = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "US_SSN"})
_ALPHANUMERIC: Final = frozenset({"IBAN_CODE"})
_HEX_AS_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """``placeholder`` writes ``<EMAIL_ADDRESS>``; ``pseudonym`` writes ``<EMAIL_ADDRESS:`` and 16 letters from a to p, a hex digit each, and ``>``.

    Letters, because sixteen hex digits are now and then sixteen decimal ones that pass for a credit card: no detector may find what it wrote.
    The key never leaves its file but for the memory of the process that uses it: it is no field, so no repr, log or pickle can hold it.
    """

    style: Literal["placeholder", "pseudonym"] = "placeholder"
    key_file: Path | None = None

    def __post_init__(self) -> None:
        """Rejects pseudonyms without a key.

        Raises:
            ConfigError: no key file is named.
        """
        if self.style == "pseudonym" and self.key_file is None:
            raise ConfigError("scrub.key_file: pseudonyms need a key file; make one with: umask 077; head -c 32 /dev/urandom > KEY_FILE")

    @property
    def key_id(self) -> str | None:
        """8 hex digits that tell keys apart and nothing about them, for the manifest; None for placeholders.

        Raises:
            ConfigError: as ``text_for``.
        """
        if self.style == "placeholder" or self.key_file is None:
            return None
        return hmac.new(_key(self.key_file), b"assay key id", hashlib.sha256).hexdigest()[:8]

    def text_for(self, entity: str, value: str) -> str:
        """What to write in the place of a value.

        Raises:
            ConfigError: the key file is missing, shorter than 16 bytes, or readable by others than its owner.
        """
        if self.style == "placeholder" or self.key_file is None:
            return f"<{entity}>"
        message = f"{entity}|{normalised(entity, value)}".encode()
        digest = hmac.new(_key(self.key_file), message, hashlib.sha256).hexdigest()[:16]
        return f"<{entity}:{digest.translate(_HEX_AS_LETTERS)}>"


def written_for(entities: Sequence[str]) -> str:
    """A regular expression (RE2, re) for everything that ``text_for`` writes in the place of these entities, in either style.

    >>> re.sub(written_for(["US_SSN"]), "-", "<US_SSN> <US_SSN:abcdefghijklmnop> <IBAN_CODE>")
    '- - <IBAN_CODE>'
    """
    return f"<(?:{'|'.join(map(re.escape, entities))})(?::[a-p]{{16}})?>"


def normalised(entity: str, value: str) -> str:
    """A value as it is compared: NFKC, without case, and without punctuation where only digits (and letters) carry meaning.

    >>> normalised("PHONE_NUMBER", "+1 (650) 253-0000")
    '16502530000'
    """
    text = unicodedata.normalize("NFKC", value).casefold().strip()
    if entity in _DIGITS:
        return re.sub(r"\D", "", text)
    return re.sub(r"[\W_]", "", text) if entity in _ALPHANUMERIC else text


def resolve(spans: list[Span]) -> list[Span]:
    """Spans that do not overlap, by start: of spans that overlap, directly or through others, one that covers them all.

    Its entity, score, recognizer and rule are those of the longest, then of the highest score, then of the earliest, then of the first entity by
    name. Covering all of them scrubs a little too much rather than a little too little. What is passed over has no part in it.
    """
    groups: list[list[Span]] = []
    end = -1
    for span in sorted((s for s in spans if s.start < s.end and s.passed_over is None), key=lambda s: (s.start, s.end, s.entity, s.recognizer)):
        if span.start < end:
            groups[-1].append(span)
        else:
            groups.append([span])
        end = max(end, span.end)
    return [_covering(group) for group in groups]


def _covering(group: list[Span]) -> Span:
    best = min(group, key=lambda s: (s.start - s.end, -s.score, s.start, s.entity, s.recognizer))
    return replace(best, start=min(s.start for s in group), end=max(s.end for s in group))


@lru_cache(maxsize=4)
def _key(path: Path) -> bytes:
    """The key, read once a process."""
    try:
        mode = path.stat().st_mode
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: the key of the pseudonyms cannot be read ({type(error).__name__}); name another scrub.key_file") from None
    if mode & _SHARED_BITS:
        raise ConfigError(f"{path}: others than its owner may read the key of the pseudonyms; run: chmod 600 {path}")
    if len(key) < MIN_KEY_BYTES:
        raise ConfigError(f"{path}: the key of the pseudonyms has {len(key)} bytes; at least {MIN_KEY_BYTES} are needed")
    return key
