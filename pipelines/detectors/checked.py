"""Numbers that their own check digits or their shape give away, and presidio has no pattern for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.detectors import windows
from pipelines.detectors.base import Span
from pipelines.detectors.finders import Finder, luhn
from pipelines.detectors.recognizers import is_iban

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DATE: Final = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")
_WEIGHTS_OF_CHINA: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_of_china(value: str) -> bool:
    """Whether a resident's number has its check digit (GB 11643-1999: ISO 7064, MOD 11-2).

    >>> is_of_china("11010519491231002X"), is_of_china("110105194912310021")
    (True, False)
    """
    total = sum(int(digit) * weight for digit, weight in zip(value, _WEIGHTS_OF_CHINA, strict=False))
    return "10X98765432"[total % 11] == value[17].upper()


def is_of_brazil(value: str) -> bool:
    """Whether a CPF has its two check digits.

    >>> is_of_brazil("111.444.777-35"), is_of_brazil("111.444.777-36")
    (True, False)
    """
    digits = [int(digit) for digit in _NOT_A_DIGIT.sub("", value)]
    checks = [sum(digit * weight for digit, weight in zip(digits, range(places + 1, 1, -1), strict=False)) * 10 % 11 % 10 for places in (9, 10)]
    return checks == digits[9:] and len(set(digits)) > 1


def is_of_france(value: str) -> bool:
    """Whether a social security number (NIR) has its key; a department of Corsica counts as 19 or 18.

    >>> is_of_france("1 84 12 76 451 089 46"), is_of_france("1 84 12 76 451 089 47")
    (True, False)
    """
    number = value.upper().replace(" ", "").replace("2A", "19").replace("2B", "18")
    return 97 - int(number[:13]) % 97 == int(number[13:])


def _luhn(value: str) -> bool:
    return luhn(_NOT_A_DIGIT.sub("", value))


def _always(_: str) -> bool:
    return True


_RULES: Final[tuple[tuple[str, str, float, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("NATIONAL_ID", "national_id.china", 1.0, re.compile(rf"(?<![0-9A-Za-z])[1-8]\d{{5}}{_DATE}\d{{3}}[\dXx](?![0-9A-Za-z])", re.ASCII), is_of_china),
    ("NATIONAL_ID", "national_id.brazil", 1.0, re.compile(r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])", re.ASCII), is_of_brazil),
    (
        "NATIONAL_ID", "national_id.france", 1.0,
        re.compile(r"(?<![\w.-])[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?(?:0[1-9]|[1-8]\d|9[0-7])(?![\w-])", re.ASCII),
        is_of_france,
    ),
    (
        "CREDIT_CARD", "credit_card.dots", 1.0,
        re.compile(r"(?<![\w.,-])[2-6]\d{3}([.\u00a0_])\d{4}\1\d{4}\1\d{4}(?!\d|\1\d)", re.ASCII), _luhn,
    ),
    (
        "IBAN_CODE", "iban_code.lower_case", 1.0,
        re.compile(r"(?<![A-Za-z0-9])[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?(?![A-Za-z0-9])", re.ASCII), is_iban,
    ),
    ("PHONE_NUMBER", "phone_number.china_mobile", 0.7, re.compile(r"(?<![\w.-])1[3-9]\d([ -])\d{4}\1\d{4}(?![\w-])", re.ASCII), _always),
)  # fmt: skip


def _find(text: str, _low: int, _high: int) -> Iterator[Span]:
    for entity, rule, score, pattern, holds in _RULES:
        for match in pattern.finditer(text):
            if holds(match[0]):
                yield Span(start=match.start(), end=match.end(), entity=entity, score=score, recognizer="CheckedNumbers", rule=rule)


FINDERS: Final = (Finder((windows.NUMBER,), frozenset({"NATIONAL_ID", "CREDIT_CARD", "IBAN_CODE", "PHONE_NUMBER"}), 1.0, _find),)
