r"""Where in a text a kind of personal data can stand at all: one compiled scan of the bytes for all kinds.

A recogniser is slow, and most text cannot hold what it looks for. A window is a stretch outside of which the recogniser of its kind finds nothing,
and inside of which it finds what it would find in the whole text: it reaches past every character that a match may take or look at. Windows of a
kind are in order; two may share a character or two that only lookarounds look at.

Few kinds of bytes say that something may be here: a digit, ``@``, marks, brackets. To add a kind: a number beside the others, a branch of ``_scan``
where its first telling byte is met, its recogniser in ``recognizers.py``, and the plain pattern in the test of this module. What a character is comes
from Python's own ``re``, so that the scan agrees with patterns by construction. Most patterns need no kind of their own:

- ``NUMBER``: six digits or more with at most one character between two, and eight characters on both sides.
- ``WORD``: nine letters and digits or more in one run, with one of each, or 26 digits.
- ``NEAR_DIGIT``: 28 characters on both sides of every digit, a run of blanks counted as one.

A pattern is at home in one of them if no match lacks what the kind asks for, or is longer than its reach; a test makes matches of every pattern.
"""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: C901, PLR0912, PLR0915, PLR0917, PLR2004

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.detectors.anchors import (
    after,
    at_in_other_words,
    authority,
    before,
    card,
    degrees,
    digit_after_degree,
    hex_groups,
    house_number,
    iban,
    ip_anchor,
    may_hold_email,
    may_hold_ip,
    phone_gap,
    reach,
    ssn,
    word,
)
from pipelines.detectors.characters import DIGIT, ENDS_EMAIL, ENDS_IP, ENDS_URL, facts, number
from pipelines.text.characters import character
from pipelines.text.compile import kernel
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pyarrow as pa

    Bytes = npt.NDArray[np.uint8]
    Bool = npt.NDArray[np.bool_]
    Int64 = npt.NDArray[np.int64]

_KINDS: Final = 14
EMAIL, PHONE_NUMBER, CREDIT_CARD, IP_ADDRESS, IBAN, US_SSN, URL_CREDENTIALS, NUMBER, WORD, NEAR_DIGIT, HEX, EMAIL_OTHERWISE, DEGREES, STREET = map(
    number, range(_KINDS)
)

# The longest address (e-mail: 320 characters) three times over. Presidio would take all of 100 KB without a space before an @ for one, and spend
# minutes on it where it has many word boundaries: the time grows with the square of this.
REACH: Final = 1_000

# What a byte means to the scan.
_PASSED_OVER, _STARTS_DIGIT, _STARTS_AT, _STARTS_COLON, _STARTS_MANY, _STARTS_GROUPS, _STARTS_BRACKET = range(7)

_LONGEST_PHONE_GAP: Final = 40  # between two digits of a number and its extension: no label with its separators is longer
_PHONE_DIGITS: Final = 7  # of the shortest number
_BEFORE_PHONE: Final = 12  # two brackets or plus signs, four punctuation characters after each, and the character before
_AFTER_PHONE: Final = 4  # the "#" of an extension, or the ":30" that makes a time of it
_NUMBER_DIGITS: Final = 6
_BESIDE_NUMBER: Final = 8  # five letters of a British driving licence, blanks, and the character that a lookaround sees
_WORD_CHARACTERS: Final = 9
_WALLET_CHARACTERS: Final = 26  # of a wallet, that may have no letters
_NEAR: Final = 28  # the longest match of a pattern that has few digits is "prescription number: RX-"
_BESIDE_AT: Final = 120  # 64 characters before, and a domain
_BESIDE_DEGREES: Final = 48
_BESIDE_STREET: Final = 120

_ROOM: Final = 64
_BYTES_A_WINDOW: Final = 256

_AT, _HYPHEN, _STOP, _COLON, _NEWLINE = (ord(c) for c in "@-.:\n")
_OTHER_ATS: Final = (0xFF20, 0xFE6B)  # full-width and small
_DEGREE: Final = 0xB0


def windows(texts: pa.Array, kinds: Iterable[int] = range(_KINDS)) -> Int64:
    """Windows of texts as rows (text, kind, first byte, byte after the last, code points of the text before the window), in order of the texts.

    Bytes count from the beginning of the array's buffer, as Arrow's offsets do. Of kinds that are not asked for there may be some or none.
    """
    offsets, data = utf8_buffers(texts)
    wanted = np.zeros(_KINDS, np.bool_)
    wanted[list(kinds)] = True
    room = _ROOM + int(offsets[-1] - offsets[0]) // _BYTES_A_WINDOW
    while True:
        rows = np.empty((room, 5), np.int64)
        found = _scan(data, offsets, facts(), _meanings(), wanted, rows)
        if found <= room:
            return rows[:found]
        room = found  # text that is denser than most is scanned twice: an array that grows takes six seconds more to compile


@cache
def _meanings() -> Bytes:
    meanings = np.full(256, _PASSED_OVER, np.uint8)
    meanings[ord("0") : ord("9") + 1] = _STARTS_DIGIT
    meanings[_AT], meanings[_COLON] = _STARTS_AT, _STARTS_COLON
    meanings[[_HYPHEN, _STOP]] = _STARTS_GROUPS
    meanings[[ord(mark) for mark in "([{%"]] = _STARTS_BRACKET
    meanings[0xC0:] = _STARTS_MANY
    return meanings


@kernel
def _put(out: Int64, n: int, text: int, kind: int, low: int, high: int, place: int) -> int:
    """Writes row ``n`` where there is room, and returns the number of rows that there would be."""
    if n < len(out):
        out[n, 0] = text
        out[n, 1] = kind
        out[n, 2] = low
        out[n, 3] = high
        out[n, 4] = place
    return n + 1


@kernel
def _join(out: Int64, n: int, last: Int64, highs: Int64, text: int, kind: int, low: int, high: int, place: int) -> int:
    """Writes row ``n``, or lets the last of its kind grow where the two touch."""
    if low <= highs[kind]:
        if high > highs[kind]:
            highs[kind] = high
            if last[kind] < len(out):
                out[last[kind], 3] = high
        return n
    last[kind], highs[kind] = n, high
    return _put(out, n, text, kind, low, high, place)


@kernel
def _around(data: Bytes, facts: Bytes, stops: int, base: int, end: int, start: int, behind: int, done: int) -> tuple[int, int, int, int]:
    """A stretch grown to the next stop on both sides, or as far as any address goes, and two characters more, which lookarounds look at.

    Returns:
        First byte, byte after the last, by how many characters it grew to the left, and the stop on the right: what begins before it is in here.
    """
    low, grown = start, 0
    floor = max(done, base)
    while low > floor and grown < REACH:
        earlier = before(data, low, base)
        if facts[character(data, earlier, end)[0]] & stops:
            break
        low = earlier
        grown += 1
    high, steps = behind, 0
    while high < end and steps < REACH:
        code, length = character(data, high, end)
        if facts[code] & stops:
            break
        high += length
        steps += 1
    done = high
    for _ in range(2):
        if low > base:
            low = before(data, low, base)
            grown += 1
        if high < end:
            high = after(data, high, end)
    return low, high, grown, done


@kernel
def _phone_window(data: Bytes, base: int, end: int, low: int, high: int) -> tuple[int, int, int]:
    """A chain of digits with what a matcher looks at on both sides, never past a line's end: first byte, byte after the last, growth to the left."""
    grown = 0
    while grown < _BEFORE_PHONE and low > base and data[low - 1] != _NEWLINE:
        low = before(data, low, base)
        grown += 1
    for _ in range(_AFTER_PHONE):
        if high < end and data[high] != _NEWLINE:
            high = after(data, high, end)
    return low, high, grown


@kernel
def _of_run(
    data: Bytes, facts: Bytes, base: int, end: int, out: Int64, n: int, last: Int64, highs: Int64, wanted: Bool,
    text: int, digits: int, low: int, high: int, place: int,
) -> int:  # fmt: skip
    """Writes the windows of a run of digits with at most one character between two."""
    if digits >= _NUMBER_DIGITS and wanted[NUMBER]:
        start, stop, grown = reach(data, facts, base, end, low, high, _BESIDE_NUMBER)
        n = _join(out, n, last, highs, text, NUMBER, start, stop, place - grown)
    if digits and wanted[NEAR_DIGIT]:
        start, stop, grown = reach(data, facts, base, end, low, high, _NEAR)
        n = _join(out, n, last, highs, text, NEAR_DIGIT, start, stop, place - grown)
    return n


@kernel
def _scan(data: Bytes, offsets: Int64, facts: Bytes, meanings: Bytes, wanted: Bool, out: Int64) -> int:
    """Fills rows as ``windows`` says and returns how many there are, whether they had room or not.

    Digits close enough to be one number with its extension are a chain; seven of it as a number writes them make a window.
    """
    n = 0
    last, highs = np.empty(_KINDS, np.int64), np.empty(_KINDS, np.int64)  # of kinds whose windows are joined: the row of the last, and its end
    for text in range(len(offsets) - 1):
        base, end = offsets[text], offsets[text + 1]
        highs[:] = -1
        email_done, ip_done, url_done = base, base, base
        ip_next, url_next, card_next, ssn_next, iban_next = base, base, base, base, base
        digits, close, is_phone = 0, 0, False  # of the chain: digits, those at its end that are close to each other, whether seven ever were
        chain, chain_place, chain_end, last_place = base, 0, base, 0
        run_digits, run, run_place, word_next = 0, base, 0, base  # of the digits with at most one character between two
        i, extra = base, 0  # extra: bytes so far that begin no character
        while i < end:
            meaning = meanings[data[i]]
            if meaning == _PASSED_OVER:
                i += 1
                continue
            place, length = i - base - extra, 1
            if meaning == _STARTS_MANY:
                code, length = character(data, i, end)
                extra += length - 1
                if not facts[code] & DIGIT:
                    if code in _OTHER_ATS and wanted[EMAIL_OTHERWISE]:
                        low, high, grown = reach(data, facts, base, end, i, i + length, _BESIDE_AT)
                        n = _join(out, n, last, highs, text, EMAIL_OTHERWISE, low, high, place - grown)
                    elif code == _DEGREE and wanted[DEGREES] and digit_after_degree(data, i + length, end):
                        low, high, grown = reach(data, facts, base, end, i, i + length, _BESIDE_DEGREES)
                        n = _join(out, n, last, highs, text, DEGREES, low, high, place - grown)
                    i += length
                    continue
                meaning = _STARTS_DIGIT
            if meaning == _STARTS_BRACKET:
                if wanted[EMAIL_OTHERWISE] and at_in_other_words(data, i, end):
                    low, high, grown = reach(data, facts, base, end, i, i + 1, _BESIDE_AT)
                    n = _join(out, n, last, highs, text, EMAIL_OTHERWISE, low, high, place - grown)
                i += 1
                continue
            if meaning in (_STARTS_GROUPS, _STARTS_COLON):
                if wanted[HEX]:
                    low, high = hex_groups(data, base, i, end)
                    if high >= 0:
                        grown = i - low
                        if low > base:
                            low, grown = before(data, low, base), grown + 1
                        high = after(data, high, end) if high < end else end
                        n = _join(out, n, last, highs, text, HEX, low, high, place - grown)
                if wanted[DEGREES] and data[i] != _HYPHEN and degrees(data, base, i, end):
                    low, high, grown = reach(data, facts, base, end, i, i + 1, _BESIDE_DEGREES)
                    n = _join(out, n, last, highs, text, DEGREES, low, high, place - grown)
                if meaning == _STARTS_GROUPS:
                    i += 1
                    continue
            if meaning != _STARTS_AT and i >= ip_next:
                anchor = ip_anchor(data, facts, i, end)
                if anchor >= 0:
                    ip_next = anchor
                    if i >= ip_done:
                        low, high, grown, ip_done = _around(data, facts, ENDS_IP, base, end, i, anchor, ip_done)
                        if may_hold_ip(data, low, high):
                            n = _put(out, n, text, IP_ADDRESS, low, high, place - grown)
            if meaning == _STARTS_DIGIT:
                if i >= card_next:
                    card_next, found = card(data, facts, i, end)
                    if found:
                        low = before(data, i, base) if i > base else i
                        high = after(data, card_next, end) if card_next < end else end
                        n = _put(out, n, text, CREDIT_CARD, low, high, place - (i > base))
                if i >= ssn_next:
                    ssn_next, found = ssn(data, facts, i, end)
                    if found:
                        low = before(data, i, base) if i > base else i
                        high = after(data, ssn_next, end) if ssn_next < end else end
                        n = _put(out, n, text, US_SSN, low, high, place - (i > base))
                if length == 1 and i - 2 >= iban_next:
                    run_end, found = iban(data, base, i, end)
                    iban_next = max(iban_next, run_end)
                    if found:
                        low = before(data, i - 2, base) if i - 2 > base else i - 2
                        high = after(data, run_end, end) if run_end < end else end
                        n = _put(out, n, text, IBAN, low, high, place - 2 - (i - 2 > base))
                if i >= word_next and wanted[WORD]:
                    low, word_next, grown, letters, found = word(data, facts, word_next, i, end)
                    if letters >= _WORD_CHARACTERS and (found or letters >= _WALLET_CHARACTERS):
                        if low > base:
                            low, grown = before(data, low, base), grown + 1
                        high = after(data, word_next, end) if word_next < end else end
                        n = _put(out, n, text, WORD, low, high, place - grown)
                if run_digits and place - last_place <= 2:
                    run_digits += 1
                else:
                    n = _of_run(data, facts, base, end, out, n, last, highs, wanted, text, run_digits, run, chain_end, run_place)
                    run_digits, run, run_place = 1, i, place
                if wanted[STREET] and length == 1 and house_number(data, base, i, end):
                    low, high, grown = reach(data, facts, base, end, i, i + 1, _BESIDE_STREET)
                    n = _join(out, n, last, highs, text, STREET, low, high, place - grown)
                is_joined, is_close = False, False
                if digits and place - last_place - 1 <= _LONGEST_PHONE_GAP:
                    is_joined, is_close = phone_gap(data, facts, chain_end, i)
                if not is_joined:
                    if is_phone:
                        low, high, grown = _phone_window(data, base, end, chain, chain_end)
                        n = _put(out, n, text, PHONE_NUMBER, low, high, chain_place - grown)
                    digits, is_phone, chain, chain_place = 0, False, i, place
                digits += 1
                close = close + 1 if is_close else 1
                is_phone |= close >= _PHONE_DIGITS
                chain_end, last_place = i + length, place
            elif meaning == _STARTS_AT:
                if i >= email_done:
                    low, high, grown, email_done = _around(data, facts, ENDS_EMAIL, base, end, i, i + 1, email_done)
                    if may_hold_email(data, facts, base, i, high):
                        n = _put(out, n, text, EMAIL, low, high, place - grown)
            elif i >= url_next:
                behind = authority(data, facts, i, end)
                if behind >= 0:
                    url_next = behind
                    if i >= url_done:
                        low, high, grown, url_done = _around(data, facts, ENDS_URL, base, end, i, behind, url_done)
                        n = _put(out, n, text, URL_CREDENTIALS, low, high, place - grown)
            i += length
        n = _of_run(data, facts, base, end, out, n, last, highs, wanted, text, run_digits, run, chain_end, run_place)
        if is_phone:
            low, high, grown = _phone_window(data, base, end, chain, chain_end)
            n = _put(out, n, text, PHONE_NUMBER, low, high, chain_place - grown)
    return n
