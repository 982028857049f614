r"""Where in a text a kind of personal data can stand at all: one compiled scan of the bytes for all kinds.

A recogniser is slow, and most text cannot hold what it looks for. A window is a stretch outside of which the recogniser of its kind finds nothing,
and inside of which it finds what it would find in the whole text: it reaches past every character that a match may take or look at. Windows of a
kind are in order; two may share a character or two that only lookarounds look at.

Three kinds of bytes say that something may be here: a digit, ``@`` and ``:``. To add a kind: a number beside the others, a branch of ``_scan`` where
its first telling byte is met, its recogniser in ``recognizers.py``, and the plain pattern in the test of this module. What a character is comes from
Python's own ``re``, so that the scan agrees with patterns by construction.
"""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: C901, PLR0911, PLR0912, PLR0915, PLR0917, PLR2004

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.detectors.characters import DIGIT, ENDS_AUTHORITY, ENDS_EMAIL, ENDS_IP, ENDS_URL, PHONE_PUNCTUATION, facts, number
from pipelines.text.compile import kernel
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]

EMAIL, PHONE_NUMBER, CREDIT_CARD, IP_ADDRESS, IBAN, US_SSN, URL_CREDENTIALS = map(number, range(7))

# The longest address (e-mail: 320 characters) three times over. Presidio would take all of 100 KB without a space before an @ for one, and spend
# minutes on it where it has many word boundaries: the time grows with the square of this.
REACH: Final = 1_000

# What a byte means to the scan.
_PASSED_OVER, _STARTS_DIGIT, _STARTS_AT, _STARTS_COLON, _STARTS_MANY = range(5)

_LONGEST_PHONE_GAP: Final = 40  # between two digits of a number and its extension: no label with its separators is longer
_PHONE_DIGITS: Final = 7  # of the shortest number
_BEFORE_PHONE: Final = 12  # two brackets or plus signs, four punctuation characters after each, and the character before
_AFTER_PHONE: Final = 4  # the "#" of an extension, or the ":30" that makes a time of it
_CARD_DIGITS: Final = 13
_IBAN_CHARACTERS: Final = 8  # after the country's letters and the check digits

_ROOM: Final = 64
_BYTES_A_WINDOW: Final = 256

_AT, _BLANK, _HYPHEN, _STOP, _SLASH, _COLON, _NEWLINE = (ord(c) for c in "@ -./:\n")


def windows(texts: pa.Array) -> Int64:
    """Windows of texts as rows (text, kind, first byte, byte after the last, code points of the text before the window), in order of the texts.

    Bytes count from the beginning of the array's buffer, as Arrow's offsets do.
    """
    offsets, data = utf8_buffers(texts)
    room = _ROOM + int(offsets[-1] - offsets[0]) // _BYTES_A_WINDOW
    while True:
        rows = np.empty((room, 5), np.int64)
        found = _scan(data, offsets, facts(), _meanings(), rows)
        if found <= room:
            return rows[:found]
        room = found  # text that is denser than most is scanned twice: an array that grows takes six seconds more to compile


@cache
def _meanings() -> Bytes:
    meanings = np.full(256, _PASSED_OVER, np.uint8)
    meanings[ord("0") : ord("9") + 1] = _STARTS_DIGIT
    meanings[_AT], meanings[_COLON] = _STARTS_AT, _STARTS_COLON
    meanings[0xC0:] = _STARTS_MANY
    return meanings


@kernel
def _decoded(data: Bytes, i: int) -> tuple[int, int]:
    """The character at a byte, and how many bytes it has."""
    a = int(data[i])
    if a < 0x80:
        return a, 1
    if a < 0xE0:
        return (a & 0x1F) << 6 | (data[i + 1] & 0x3F), 2
    if a < 0xF0:
        return (a & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F), 3
    return (a & 0x07) << 18 | (data[i + 1] & 0x3F) << 12 | (data[i + 2] & 0x3F) << 6 | (data[i + 3] & 0x3F), 4


@kernel
def _before(data: Bytes, i: int, base: int) -> int:
    """Where the character before a byte begins; ``i`` is not the text's first."""
    i -= 1
    while i > base and data[i] & 0xC0 == 0x80:
        i -= 1
    return i


@kernel
def _after(data: Bytes, i: int, end: int) -> int:
    """The byte after the character at ``i``, which may be the text's end."""
    i += 1
    while i < end and data[i] & 0xC0 == 0x80:
        i += 1
    return i


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
def _around(data: Bytes, facts: Bytes, stops: int, base: int, end: int, start: int, after: int, done: int) -> tuple[int, int, int, int]:
    """A stretch grown to the next stop on both sides, or as far as any address goes, and two characters more, which lookarounds look at.

    Returns:
        First byte, byte after the last, by how many characters it grew to the left, and the stop on the right: what begins before it is in here.
    """
    low, grown = start, 0
    floor = max(done, base)
    while low > floor and grown < REACH:
        before = _before(data, low, base)
        if facts[_decoded(data, before)[0]] & stops:
            break
        low = before
        grown += 1
    high, steps = after, 0
    while high < end and steps < REACH:
        code, length = _decoded(data, high)
        if facts[code] & stops:
            break
        high += length
        steps += 1
    done = high
    for _ in range(2):
        if low > base:
            low = _before(data, low, base)
            grown += 1
        if high < end:
            high = _after(data, high, end)
    return low, high, grown, done


@kernel
def _may_hold_email(data: Bytes, facts: Bytes, base: int, at: int, high: int) -> bool:
    """Whether something can stand before this ``@`` or a later one, and a full stop after it."""
    begun = at > base and not facts[_decoded(data, _before(data, at, base))[0]] & ENDS_EMAIL
    dotted = False
    for i in range(at + 1, high):
        dotted |= data[i] == _STOP
        begun |= data[i] == _AT
    return begun and dotted


@kernel
def _may_hold_ip(data: Bytes, low: int, high: int) -> bool:
    """Whether there are two colons side by side, or seven, or three full stops between digits: each form of an address has one of them."""
    colons, stops = 0, 0
    for i in range(low, high):
        if data[i] == _COLON:
            colons += 1
            if i + 1 < high and data[i + 1] == _COLON:
                return True
        elif data[i] == _STOP and i > low and i + 1 < high and 48 <= data[i - 1] <= 57 and 48 <= data[i + 1] <= 57:
            stops += 1
    return colons >= 7 or stops >= 3


@kernel
def _ip_anchor(data: Bytes, facts: Bytes, i: int, end: int) -> int:
    r"""The end of ``\d\.\d{1,3}\.\d`` or of ``:[0-9A-Fa-f]{0,4}:`` that begins at a byte; -1 where none does."""
    if data[i] == _COLON:
        for k in range(i + 1, min(i + 6, end)):
            if data[k] == _COLON:
                return k + 1
            if not (48 <= data[k] <= 57 or 65 <= data[k] <= 70 or 97 <= data[k] <= 102):
                return -1
        return -1
    i = _after(data, i, end)
    if i >= end or data[i] != _STOP:
        return -1
    i += 1
    for digits in range(4):
        if i >= end:
            return -1
        code, length = _decoded(data, i)
        i += length
        if code == _STOP and digits:
            break
        if digits == 3 or not facts[code] & DIGIT:
            return -1
    if i >= end:
        return -1
    code, length = _decoded(data, i)
    return i + length if facts[code] & DIGIT else -1


@kernel
def _card(data: Bytes, facts: Bytes, i: int, end: int) -> tuple[int, bool]:
    """The end of a run of digits, blanks and hyphens, and whether it has the digits of a card."""
    digits = 0
    while i < end:
        code, length = _decoded(data, i)
        if facts[code] & DIGIT:
            digits += 1
        elif code not in (_BLANK, _HYPHEN):
            break
        i += length
    return i, digits >= _CARD_DIGITS


@kernel
def _ssn(data: Bytes, facts: Bytes, i: int, end: int) -> tuple[int, bool]:
    """The end of a run of digits, blanks, hyphens and full stops, and whether nine digits stand in it as 9, 5-4, 3-6 or 3-2-4."""
    met = False
    first, second, third, apart, between = 0, 0, 0, 0, 0  # digits of the last three groups; characters between second and third, first and second
    while i < end:
        code, length = _decoded(data, i)
        if facts[code] & DIGIT:
            third += 1
        else:
            if third:
                pairs = (second == 5 and third == 4) or (second == 3 and third == 6)
                met |= third == 9 or (apart == 1 and (pairs or (between == 1 and first == 3 and second == 2 and third == 4)))
                first, second, third, between, apart = second, third, 0, apart, 0
            if code not in (_BLANK, _HYPHEN, _STOP):
                return i, met
            apart += 1
        i += length
    pairs = (second == 5 and third == 4) or (second == 3 and third == 6)
    return i, met or third == 9 or (apart == 1 and (pairs or (between == 1 and first == 3 and second == 2 and third == 4)))


@kernel
def _iban(data: Bytes, base: int, i: int, end: int) -> tuple[int, bool]:
    """The end of a run of capitals, digits, blanks and hyphens, and whether it is long enough, if the byte is the first digit of an IBAN's head."""
    if i - 2 < base or i + 1 >= end or not (65 <= data[i - 1] <= 90 and 65 <= data[i - 2] <= 90 and 48 <= data[i + 1] <= 57):
        return -1, False
    if i - 3 >= base and (65 <= data[i - 3] <= 90 or 48 <= data[i - 3] <= 57):
        return -1, False
    characters = 0
    i += 2
    while i < end:
        if 65 <= data[i] <= 90 or 48 <= data[i] <= 57:
            characters += 1
        elif data[i] != _BLANK and data[i] != _HYPHEN:
            break
        i += 1
    return i, characters >= _IBAN_CHARACTERS


@kernel
def _authority(data: Bytes, facts: Bytes, i: int, end: int) -> int:
    """The byte after the last ``@`` of what follows ``://``; -1 where ``://`` does not stand, or nothing with an ``@`` follows."""
    if i + 2 >= end or data[i + 1] != _SLASH or data[i + 2] != _SLASH:
        return -1
    found = -1
    i += 3
    while i < end:
        code, length = _decoded(data, i)
        if facts[code] & ENDS_AUTHORITY:
            break
        i += length
        if code == _AT:
            found = i
    return found


@kernel
def _phone_gap(data: Bytes, facts: Bytes, i: int, end: int) -> tuple[bool, bool]:
    """Whether what stands between two digits has no line break, and whether it is what a number has between two."""
    characters, punctuation = 0, 0
    while i < end:
        code, length = _decoded(data, i)
        if code == _NEWLINE:
            return False, False
        punctuation += (facts[code] & PHONE_PUNCTUATION) != 0
        characters += 1
        i += length
    return True, characters == punctuation and characters <= 4


@kernel
def _phone_window(data: Bytes, base: int, end: int, low: int, high: int) -> tuple[int, int, int]:
    """A chain of digits with what a matcher looks at on both sides, never past a line's end: first byte, byte after the last, growth to the left."""
    grown = 0
    while grown < _BEFORE_PHONE and low > base and data[low - 1] != _NEWLINE:
        low = _before(data, low, base)
        grown += 1
    for _ in range(_AFTER_PHONE):
        if high < end and data[high] != _NEWLINE:
            high = _after(data, high, end)
    return low, high, grown


@kernel
def _scan(data: Bytes, offsets: Int64, facts: Bytes, meanings: Bytes, out: Int64) -> int:
    """Fills rows as ``windows`` says and returns how many there are, whether they had room or not.

    Digits close enough to be one number with its extension are a chain; seven of it as a number writes them make a window.
    """
    n = 0
    for text in range(len(offsets) - 1):
        base, end = offsets[text], offsets[text + 1]
        email_done, ip_done, url_done = base, base, base
        ip_next, url_next, card_next, ssn_next, iban_next = base, base, base, base, base
        digits, close, is_phone = 0, 0, False  # of the chain: digits, those at its end that are close to each other, whether seven ever were
        chain, chain_place, chain_end, last_place = base, 0, base, 0
        i, extra = base, 0  # extra: bytes so far that begin no character
        while i < end:
            meaning = meanings[data[i]]
            if meaning == _PASSED_OVER:
                i += 1
                continue
            place, length = i - base - extra, 1
            if meaning == _STARTS_MANY:
                code, length = _decoded(data, i)
                extra += length - 1
                if not facts[code] & DIGIT:
                    i += length
                    continue
                meaning = _STARTS_DIGIT
            if meaning != _STARTS_AT and i >= ip_next:
                anchor = _ip_anchor(data, facts, i, end)
                if anchor >= 0:
                    ip_next = anchor
                    if i >= ip_done:
                        low, high, grown, ip_done = _around(data, facts, ENDS_IP, base, end, i, anchor, ip_done)
                        if _may_hold_ip(data, low, high):
                            n = _put(out, n, text, IP_ADDRESS, low, high, place - grown)
            if meaning == _STARTS_DIGIT:
                if i >= card_next:
                    card_next, found = _card(data, facts, i, end)
                    if found:
                        low = _before(data, i, base) if i > base else i
                        high = _after(data, card_next, end) if card_next < end else end
                        n = _put(out, n, text, CREDIT_CARD, low, high, place - (i > base))
                if i >= ssn_next:
                    ssn_next, found = _ssn(data, facts, i, end)
                    if found:
                        low = _before(data, i, base) if i > base else i
                        high = _after(data, ssn_next, end) if ssn_next < end else end
                        n = _put(out, n, text, US_SSN, low, high, place - (i > base))
                if length == 1 and i - 2 >= iban_next:
                    run_end, found = _iban(data, base, i, end)
                    iban_next = max(iban_next, run_end)
                    if found:
                        low = _before(data, i - 2, base) if i - 2 > base else i - 2
                        high = _after(data, run_end, end) if run_end < end else end
                        n = _put(out, n, text, IBAN, low, high, place - 2 - (i - 2 > base))
                is_joined, is_close = False, False
                if digits and place - last_place - 1 <= _LONGEST_PHONE_GAP:
                    is_joined, is_close = _phone_gap(data, facts, chain_end, i)
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
                    if _may_hold_email(data, facts, base, i, high):
                        n = _put(out, n, text, EMAIL, low, high, place - grown)
            elif i >= url_next:
                after = _authority(data, facts, i, end)
                if after >= 0:
                    url_next = after
                    if i >= url_done:
                        low, high, grown, url_done = _around(data, facts, ENDS_URL, base, end, i, after, url_done)
                        n = _put(out, n, text, URL_CREDENTIALS, low, high, place - grown)
            i += length
        if is_phone:
            low, high, grown = _phone_window(data, base, end, chain, chain_end)
            n = _put(out, n, text, PHONE_NUMBER, low, high, chain_place - grown)
    return n
