"""Secrets that open something: private keys, tokens of known issuers, JSON web tokens, passwords in connection strings, headers and assignments.

The rules are data (``secrets.toml``); what a rule may do is in ``secrets_rules``, what must hold of a match in ``secrets_checks``. A compiled scan
(``secrets_anchors``) finds the words that give a secret away, and a rule's pattern sees a bounded stretch around its word: the work grows with the
text, whatever it is made of. Patterns are of bytes, in which a letter is one of ASCII's: a token beside Chinese letters is found.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar, Final

import pyarrow as pa

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.detectors.base import Span, detectors
from pipelines.detectors.secrets_anchors import anchored
from pipelines.detectors.secrets_checks import NO_SHAPE, entropy
from pipelines.detectors.secrets_rules import FILE, Rule, file_sha256, ready
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.detectors.secrets_rules import Ready

ENTITIES: Final = ("PRIVATE_KEY", "ACCESS_TOKEN", "JWT", "CONNECTION_STRING", "PASSWORD")
_AROUND: Final = 48  # bytes before the earliest begin of a match that it or its check may look at
_CONTINUES, _CONTINUED = 0xC0, 0x80  # of UTF-8: a byte that begins no character


@dataclass(frozen=True, slots=True)
class _Found:
    """A match in bytes of its text; ``no`` is the name of the rule by which it is no secret."""

    start: int
    end: int
    rule: Rule
    no: str | None


@detectors("secrets")
@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Private keys, access tokens, JSON web tokens, and passwords in connection strings, headers and assignments.

    A span covers the secret, not its name. What looks like one and is none (``changeme``, ``${TOKEN}``, a wrong checksum) is passed over by name.
    Keys that a vendor prints as an example are passed over where they say so; one that does not is found.
    """

    version: ClassVar[int] = 1
    entities: tuple[str, ...] = ENTITIES  # kinds of secrets that are looked for
    min_score: float = 0.5  # a rule that is less sure is left out, from 0 to 1: 0.75 leaves out what is found by a name and an assignment alone

    def __post_init__(self) -> None:
        """Rejects entities that are not known, and a score that no rule could have.

        Raises:
            ConfigError: with the nearest known one.
        """
        if not 0 <= self.min_score <= 1:
            raise ConfigError(f"secrets: min_score {self.min_score}; from 0 to 1, or nothing is found")
        for name in self.entities:
            if name not in ENTITIES:
                raise ConfigError(f"secrets: no entity is named {name!r}; {did_you_mean(name, ENTITIES)}")

    def data(self) -> dict[str, str]:
        """The hash of the rules: others are another detector."""
        return {FILE.name: file_sha256()}

    def find(self, text: str) -> list[Span]:
        """Spans by start, then end, then entity."""
        return self.find_batch(pa.array([text], pa.string()))[0]

    def find_batch(self, texts: pa.Array) -> list[list[Span]]:
        """``find`` of each text. Of a text in which nothing can be, no string is made."""
        rules = ready()
        found: list[list[Span]] = [[] for _ in range(len(texts))]
        utf8, offsets = memoryview(texts.buffers()[-1] or b""), utf8_buffers(texts)[0].tolist()
        for text, rows in groupby(anchored(texts, rules.anchors).tolist(), key=itemgetter(0)):
            whole = utf8[offsets[text] : offsets[text + 1]]
            places = [(word, at - offsets[text]) for _, word, at in rows]
            found[text] = _as_spans(whole, _kept(list(self._matches(whole, places, rules))))
        return found

    def _matches(self, whole: memoryview, places: Sequence[tuple[int, int]], rules: Ready) -> Iterator[_Found]:
        """What the rules match at the words of a text; a rule does not look again inside of what it matched."""
        done: dict[str, int] = {}
        for word, at in places:
            for rule in rules.of_anchor[word]:
                if rule.score < self.min_score or rule.entity not in self.entities or at < done.get(rule.name, 0):
                    continue
                for match in _at(whole, at, rule, rules):
                    done[rule.name] = match.end
                    yield match


def _at(whole: memoryview, at: int, rule: Rule, rules: Ready) -> Iterator[_Found]:
    """The match of a rule that its word at a place is in, if there is one."""
    low = max(0, at - rule.before - _AROUND)
    window, here = bytes(whole[low : at + rule.reach]), at - low
    pattern = rules.patterns[rule.name]
    matches = pattern.finditer(window, max(0, here - rule.before)) if rule.before else filter(None, [pattern.match(window, here)])
    for match in matches:
        if match.start() > here:
            return
        name = next((group for group in ("secret", "bare") if match.groupdict().get(group) is not None), 0)
        secret = match[name]
        no = rules.checks[rule.name](secret, match)
        if no is None and rule.min_entropy and entropy(secret) < rule.min_entropy:
            no = "low_entropy"
        if no != NO_SHAPE:
            yield _Found(low + match.start(name), low + match.end(name), rule, no)


def _kept(found: list[_Found]) -> list[_Found]:
    """What an issuer's rule says goes before what a name and an assignment say, and a secret goes before what is passed over."""
    own = [one for one in found if not one.rule.is_generic]
    settled = own + _apart([one for one in found if one.rule.is_generic], own)
    secrets = [one for one in settled if one.no is None]
    return secrets + _apart([one for one in settled if one.no is not None], secrets)


def _apart(found: list[_Found], others: list[_Found]) -> list[_Found]:
    """Those that share no byte with any of the others."""
    others = sorted(others, key=lambda one: one.start)
    starts, ends = [one.start for one in others], list(accumulate((one.end for one in others), max, initial=0))
    return [one for one in found if ends[bisect_right(starts, one.end - 1)] <= one.start]


def _as_spans(whole: memoryview, found: list[_Found]) -> list[Span]:
    """Matches in code points, by start, then end, then entity; of those that are the same one by several rules, the surest."""
    best: dict[tuple[int, int, str], _Found] = {}
    for one in sorted(found, key=lambda one: (-one.rule.score, one.rule.name)):
        best.setdefault((one.start, _grown(whole, one.end), one.rule.entity), one)
    characters = _characters(whole, sorted({place for start, end, _ in best for place in (start, end)}))
    return [
        Span(
            start=characters[start], end=characters[end], entity=entity, score=one.rule.score, recognizer=one.rule.name,
            passed_over=None if one.no is None else f"secrets.{one.no}",
        )
        for (start, end, entity), one in sorted(best.items(), key=itemgetter(0))
    ]  # fmt: skip


def _grown(whole: memoryview, end: int) -> int:
    """A byte, or the first behind it that begins a character: a pattern may end within one."""
    while end < len(whole) and whole[end] & _CONTINUES == _CONTINUED:
        end += 1
    return end


def _characters(whole: memoryview, places: list[int]) -> dict[int, int]:
    """The code points before each place; places are in order."""
    found: dict[int, int] = {}
    last = count = 0
    for place in places:
        count += len(str(whole[last:place], "utf-8"))
        found[place], last = count, place
    return found
