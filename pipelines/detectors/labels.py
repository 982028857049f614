"""Numbers that a word before them says are personal: passports, licences, accounts, cards and phones without a shape of their own.

The words and what follows them are data (``labels.toml``). A value is looked for first, because there are few, then the word before it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from pipelines.detectors import windows
from pipelines.detectors.base import Span
from pipelines.detectors.finders import Finder, luhn
from pipelines.detectors.plausible import NO_PHONE_SHAPE

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTITIES: Final = frozenset(  # of the file, which is read when a text is first looked at
    {"PASSPORT", "DRIVER_LICENSE", "NATIONAL_ID", "US_SSN", "BANK_ACCOUNT", "CREDIT_CARD", "PHONE_NUMBER", "VEHICLE_ID", "DEVICE_ID"}
)
_BEFORE: Final = 48  # characters in which the word stands
_MARKS: Final = " \t\r\n:\uff1a#=-\u2013\u2014.,\"'\u201c\u201d([|*>\u2116/\u00a0_~`"
_MOST_FILLERS: Final = 4
_BEFORE_WINDOW: Final = 12  # characters of a value that may stand before the digits of its window: letters, a plus sign, an area code
_FIRST_WITHOUT_SPACES: Final = 0x2E80  # of the scripts of East Asia
# A value begins with its digits, or with letters, which may be the end of the word before it or stand apart from it.
_VALUE: Final = re.compile(
    r"(?<![A-Za-z0-9])(?P<apart>[A-Z]{1,3}[ -])?[+(]{0,2}(?P<joined>[A-Za-z0-9]{0,8}?)(?P<digit>[0-9])"
    r"[A-Za-z0-9]{0,40}(?:[ ./()-]{1,3}[A-Za-z0-9]{0,20}[0-9][A-Za-z0-9]{0,20}){0,12}"
)
_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What ``labels.toml`` says of a kind of number."""

    name: str
    entity: str
    score: float
    value: re.Pattern[str]
    fewest: int
    most: int
    check: str | None

    def match(self, text: str, start: int) -> Span | None:
        """The value that begins at a place, if it holds."""
        match = self.value.match(text, start)
        if match is None:
            return None
        digits = _NOT_A_DIGIT.sub("", match[0])
        if not self.fewest <= len(digits) <= self.most or not self._holds(match[0], digits):
            return None
        return Span(start=start, end=match.end(), entity=self.entity, score=self.score, recognizer="LabelledNumbers", rule=self.name)

    def _holds(self, value: str, digits: str) -> bool:
        if self.check == "luhn":
            return luhn(digits)
        if self.check == "phone":
            return len(set(digits)) > 1 and NO_PHONE_SHAPE.fullmatch(value) is None
        return len(set(digits)) > 1


@cache
def _data() -> tuple[dict[str, tuple[str, ...]], dict[str, _Rule], dict[str, tuple[int, ...]]]:
    """Fillers by their last letter, the rule of each label, and the lengths of labels by their last two letters, longest first."""
    data = tomllib.loads(resources.files("pipelines.detectors").joinpath("labels.toml").read_text(encoding="utf-8"))
    rules: dict[str, _Rule] = {}
    for one in data["rule"]:
        fewest, most = one["digits"]
        rule = _Rule(one["name"], one["entity"], one["score"], re.compile(one["value"]), fewest, most, one.get("check"))
        rules |= dict.fromkeys(one["labels"], rule)
    fillers = {end: tuple(sorted((f for f in data["fillers"] if f[-1] == end), key=len, reverse=True)) for end in {f[-1] for f in data["fillers"]}}
    ends = {label[-2:] for label in rules}
    return fillers, rules, {end: tuple(sorted({len(label) for label in rules if label[-2:] == end}, reverse=True)) for end in ends}


def rule_before(text: str, start: int) -> _Rule | None:
    """The rule of the word that stands before a place, with nothing but marks and fillers between."""
    fillers, rules, lengths = _data()
    before = text[max(0, start - _BEFORE) : start].lower()
    for _ in range(_MOST_FILLERS):
        bare = before.rstrip(_MARKS)
        for length in lengths.get(bare[-2:], ()):
            rule = rules.get(bare[-length:])
            if rule is not None and _is_apart(bare, len(bare) - length):
                return rule
        filler = next((one for one in fillers.get(bare[-1:], ()) if bare.endswith(one) and _is_apart(bare, len(bare) - len(one))), None)
        if filler is None:
            return None
        before = bare[: -len(filler)]
    return None


def _is_apart(text: str, start: int) -> bool:
    """Whether a word of letters begins where it seems to; scripts without spaces have no such place."""
    if start <= 0 or start >= len(text):
        return start in (0, len(text))
    return ord(text[start]) >= _FIRST_WITHOUT_SPACES or not text[start - 1].isalnum()


def _find(text: str, low: int, high: int) -> Iterator[Span]:
    for value in _VALUE.finditer(text, max(0, low - _BEFORE_WINDOW), high):
        starts = dict.fromkeys((value.start(), value.end("apart"), value.start("digit"), value.start("joined")))
        for start in starts:
            rule = rule_before(text, start) if start >= 0 else None
            span = rule.match(text, start) if rule else None
            if span is not None:
                yield span
                break


FINDERS: Final = (Finder((windows.NUMBER, windows.WORD), ENTITIES, 0.9, _find),)
