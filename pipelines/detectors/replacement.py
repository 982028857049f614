"""What stands where personal data stood: one policy for each entity, and what each of them writes.

A pseudonym is HMAC-SHA256 (RFC 2104) of the entity and the normalised value under a secret key: without the key nobody can test a guess, with it
the corpus' owner can. It is still personal data in the sense of the GDPR as long as the key exists, and a key that is destroyed is no proof that
the text is anonymous: what stands around a pseudonym may tell whose it is. The same holds of surrogates.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.detectors.draws import Draw
from pipelines.detectors.generalised import GENERALISED, NEEDS_FAKER, generalised
from pipelines.detectors.keys import id_of, newest_key
from pipelines.detectors.surrogates import faker_version, surrogate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.detectors.base import Span

Policy = Literal["mask", "placeholder", "pseudonym", "surrogate", "generalise", "drop", "flag"]

_KEYED: Final = frozenset({"pseudonym", "surrogate"})
_PLACED: Final = frozenset({"mask", "surrogate", "generalise"})  # what they write cannot be told from other text, so its places are kept
_DRAWS: Final = 16  # a surrogate that happens to be the value is drawn again; a value with so few others gets a placeholder
_DIGITS: Final = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "US_SSN"})
_ALPHANUMERIC: Final = frozenset({"IBAN_CODE"})
_HEX_AS_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """What is done about personal data: ``style``, but for the entities that ``policies`` names.

    ``placeholder`` writes ``<EMAIL_ADDRESS>``; ``pseudonym`` writes ``<EMAIL_ADDRESS:`` and 16 letters from a to p, a hex digit each, and ``>``.
    Letters, because sixteen hex digits are now and then sixteen decimal ones that pass for a credit card: no detector may find what it wrote.
    ``mask`` writes an asterisk for each character; ``surrogate`` and ``generalise`` what the modules of these names say, or, of a value that they
    can do nothing with, a placeholder. ``drop`` and ``flag`` write nothing: the document goes, or the text stays.
    """

    style: Policy = "placeholder"
    policies: Mapping[str, Policy] = field(default_factory=dict)
    key_file: Path | None = None

    def __post_init__(self) -> None:
        """Rejects what could not be done to the first value.

        Raises:
            ConfigError: a policy needs a key and no key file is named, or makes entities coarser for which there is no rule.
        """
        keyed = [f"{name}s" for name in sorted(self._used & _KEYED)]
        if keyed and self.key_file is None:
            raise ConfigError(f"scrub.key_file: {' and '.join(keyed)} need a key file; make one with: assay pii rotate KEY_FILE")
        for entity, policy in self.policies.items():
            if policy == "generalise" and entity not in GENERALISED:
                raise ConfigError(f"scrub.policies.{entity}: no rule makes {entity} coarser; there are rules for {', '.join(GENERALISED)}")

    def check(self, entities: Sequence[str]) -> None:
        """Rejects policies for what no detector looks for, and a style that an entity cannot have.

        Raises:
            ConfigError: one of these.
        """
        for entity in self.policies:
            if entity not in entities:
                raise ConfigError(f"scrub.policies.{entity}: no detector of this run looks for it; {did_you_mean(entity, sorted(entities))}")
        without = sorted(entity for entity in entities if self.policy_of(entity) == "generalise" and entity not in GENERALISED)
        if without:
            raise ConfigError(f"scrub.style: no rule makes {', '.join(without)} coarser; give them another policy under [scrub.policies]")

    def policy_of(self, entity: str) -> Policy:
        """What is done about an entity."""
        return self.policies.get(entity, self.style)

    @property
    def keeps_places(self) -> bool:
        """Whether anything that is written may look like text, or be found again, so that one must remember where it stands."""
        return not self._used.isdisjoint(_PLACED)

    @property
    def key_id(self) -> str | None:
        """What tells keys apart, for the manifest; None where none is needed.

        Raises:
            ConfigError: as ``text_for``.
        """
        return id_of(newest_key(self.key_file)) if self.key_file is not None and self._used & _KEYED else None

    def faker(self, entities: Sequence[str]) -> str | None:
        """The release of faker that has a hand in what is written for these entities; None where it has none.

        Raises:
            ConfigError: it is not installed.
        """
        policies = {entity: self.policy_of(entity) for entity in entities}
        is_used = "surrogate" in policies.values() or any(policies.get(entity) == "generalise" for entity in NEEDS_FAKER)
        return faker_version() if is_used else None

    def text_for(self, entity: str, value: str) -> str | None:
        """What to write in the place of a value; None where nothing is.

        Raises:
            ConfigError: the key file is missing, shorter than 16 bytes, or readable by others than its owner.
        """
        return _WRITES[self.policy_of(entity)](entity, value, self.key_file)

    @property
    def _used(self) -> frozenset[Policy]:
        return frozenset({self.style, *self.policies.values()})


def placeholder(entity: str) -> str:
    """What names a kind of personal data and nothing else."""
    return f"<{entity}>"


def _placeholder(entity: str, _value: str, _key_file: Path | None) -> str:
    return placeholder(entity)


def _mask(_entity: str, value: str, _key_file: Path | None) -> str:
    return "*" * len(value)


def _pseudonym(entity: str, value: str, key_file: Path | None) -> str:
    message = f"{entity}|{normalised(entity, value)}".encode()
    digest = hmac.new(_key(key_file), message, hashlib.sha256).hexdigest()[:16]
    return f"<{entity}:{digest.translate(_HEX_AS_LETTERS)}>"


def _surrogate(entity: str, value: str, key_file: Path | None) -> str:
    return _drawn(entity, value, _key(key_file))


@lru_cache(maxsize=4096)
def _drawn(entity: str, value: str, key: bytes) -> str:
    """The first surrogate that is not the value; a tenth of a millisecond, and values come back."""
    plain = normalised(entity, value)
    made = (surrogate(entity, value, Draw(key, f"surrogate {number}|{entity}|{plain}")) for number in range(_DRAWS))
    return next((text for text in made if text and normalised(entity, text) != plain), placeholder(entity))


def _generalised(entity: str, value: str, _key_file: Path | None) -> str:
    return generalised(entity, value) or placeholder(entity)


def _nothing(_entity: str, _value: str, _key_file: Path | None) -> None:
    return None


_WRITES: Final[Mapping[Policy, Callable[[str, str, Path | None], str | None]]] = {
    "mask": _mask, "placeholder": _placeholder, "pseudonym": _pseudonym, "surrogate": _surrogate, "generalise": _generalised,
    "drop": _nothing, "flag": _nothing,
}  # fmt: skip


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


def _key(key_file: Path | None) -> bytes:
    if key_file is None:
        raise ConfigError("scrub.key_file: a key file is needed")
    return newest_key(key_file)
