"""Where in a text a kind of personal data can stand at all.

A recogniser is slow, and most text cannot hold what it looks for. Each function gives spans outside of which its recogniser finds nothing, and
inside of which it finds what it would find in the whole text: a span reaches past every character that a match may take or look at. Spans
are in code points and sorted; two may share a character or two that only lookarounds look at. A scan here is one pass of a small pattern.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Windows = Callable[[str], Iterator[tuple[int, int]]]

# The longest address (e-mail: 320 characters) three times over. Presidio would take all of 100 KB without a space before an @ for one, and spend
# minutes on it where it has many word boundaries: the time grows with the square of this.
REACH: Final = 1_000
_NOT_IN_EMAIL: Final = re.compile(r'[\s"(),:;<>\[\]\\]')
_CARD: Final = re.compile(r"\d[\d -]{12,}")
_SSN: Final = re.compile(r"\d[\d. -]{8,}")
_IBAN: Final = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}[A-Z0-9 -]{8,}")
_IP: Final = re.compile(r"\d\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:")
_NOT_IN_IP: Final = re.compile(r"[^0-9A-Za-z:.%/]")
_NOT_IN_URL: Final = re.compile(r"[\s<>\"']")
_AUTHORITY: Final = re.compile(r"://[^\s/?#<>\"']*@")
# Seven digits with at most four of libphonenumber's punctuation characters between two: its own pattern for a number, and its shortest length here.
_PUNCTUATION: Final = r"[-x\u2010-\u2015\u2212\u30fc\uff0d-\uff0f \u00a0\u00ad\u200b\u2060\u3000()\uff08\uff09\uff3b\uff3d.\[\]/~\u2053\u223c\uff5e]"
PHONE_NUMBER: Final = re.compile(rf"\d(?:{_PUNCTUATION}{{0,4}}\d){{6}}", re.IGNORECASE)
# Digits that a number and its extension ("ext. 12") may join: no line break, and no longer gap than any label with its separators.
_PHONE_CHAIN: Final = re.compile(r"\d(?:[^\d\n]{0,40}\d){6,}")
_BEFORE_PHONE: Final = 12  # two brackets or plus signs, four punctuation characters after each, and the character before
_AFTER_PHONE: Final = 4  # the "#" of an extension, or the ":30" that makes a time of it


def email(text: str) -> Iterator[tuple[int, int]]:
    """Around each ``@``, as far as characters go that an address may have."""
    return _around(text, _each_at(text), _NOT_IN_EMAIL)


def credit_card(text: str) -> Iterator[tuple[int, int]]:
    """Runs of digits, spaces and hyphens."""
    return _runs(text, _CARD)


def us_ssn(text: str) -> Iterator[tuple[int, int]]:
    """Runs of digits, spaces, hyphens and full stops."""
    return _runs(text, _SSN)


def iban(text: str) -> Iterator[tuple[int, int]]:
    """Runs of capitals and digits that begin as an IBAN does."""
    return _runs(text, _IBAN)


def ip_address(text: str) -> Iterator[tuple[int, int]]:
    """Around two dots between digits or two colons, as far as characters go that an address, its zone and its prefix may have."""
    return _around(text, ((m.start(), m.end()) for m in _IP.finditer(text)), _NOT_IN_IP)


def url_credentials(text: str) -> Iterator[tuple[int, int]]:
    """From ``://`` to the end of the host."""
    return _around(text, ((m.start(), m.end()) for m in _AUTHORITY.finditer(text)), _NOT_IN_URL) if "://" in text else iter(())


def phone_number(text: str) -> Iterator[tuple[int, int]]:
    """Chains of digits close enough to be one number with its extension, seven of them as a number writes them; never past a line's end."""
    for chain in _PHONE_CHAIN.finditer(text):
        start, end = chain.span()
        if PHONE_NUMBER.search(text, start, end):
            line_end = text.find("\n", end, end + _AFTER_PHONE)
            yield (
                text.rfind("\n", max(0, start - _BEFORE_PHONE), start) + 1 or max(0, start - _BEFORE_PHONE),
                line_end if line_end >= 0 else end + _AFTER_PHONE,
            )


def _each_at(text: str) -> Iterator[tuple[int, int]]:
    place = text.find("@")
    while place >= 0:
        yield place, place + 1
        place = text.find("@", place + 1)


def _runs(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Matches with one character on both sides, which word boundaries look at."""
    for match in pattern.finditer(text):
        yield max(0, match.start() - 1), min(len(text), match.end() + 1)


def _around(text: str, anchors: Iterator[tuple[int, int]], stop: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Anchors grown to the next stop on both sides, or as far as any address goes, and two characters more, which lookarounds look at."""
    done = 0
    for start, end in anchors:
        if start < done:
            continue
        low, floor = start, max(done, start - REACH)
        while low > floor and not stop.match(text, low - 1):
            low -= 1
        found = stop.search(text, end, end + REACH)
        done = found.start() if found else min(len(text), end + REACH)
        yield max(0, low - 2), min(len(text), done + 2)
