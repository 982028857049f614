"""C4's rules for lines over the UTF-8 bytes of a batch. ``c4_lines.judge_line`` is the definition, and has the word where bytes settle nothing."""

# Kernels get arrays, not objects, and UTF-8 is made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.c4_lines import ENDS, JAVASCRIPT, LOREM_IPSUM, MAX_WORD_CHARACTERS, POLICIES, judge_line
from pipelines.text.compile import inlined, kernel
from pipelines.text.lines import characters, line_break, stripped
from pipelines.text.white_space import white_space

if TYPE_CHECKING:
    import numpy.typing as npt

    Bool = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]

FAULTS: Final = (None, "too_long_word", "no_terminal_punctuation", "too_few_words", "javascript", "policy")
_KEPT, _TOO_LONG_WORD, _NO_TERMINAL_PUNCTUATION, _TOO_FEW_WORDS, _JAVASCRIPT, _POLICY = range(len(FAULTS))
# Columns of counts behind those by fault.
_LOREM_IPSUM: Final = len(FAULTS)
_BRACKET: Final = len(FAULTS) + 1
# The lines that C4 reads as far as its check for lorem ipsum, which comes before that for javascript, and for brackets, which comes after it.
_READ_FOR_LOREM_IPSUM: Final = (None, "javascript", "policy")
_READ_FOR_BRACKETS: Final = (None, "policy")
_HAS_JAVASCRIPT: Final = 1
_HAS_POLICY: Final = 2
_HAS_LOREM_IPSUM: Final = 4
_HAS_BRACKET: Final = 8
_UNSETTLED: Final = 16
# From rare to frequent in English: of a phrase the rarest letter is looked for, and the others around it.
_RARE: Final = "zqxjkvbpygfwmucldrhsnioate"
_EDIT: Final = np.frombuffer(b"edit]", np.uint8)
_CITATION_NEEDED: Final = np.frombuffer(b"citation needed]", np.uint8)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JudgedLines:
    """What C4 says of the lines of N texts, as ``str.splitlines`` cuts them, and the L of them that stay.

    Attributes:
        by_fault: int64[N, 6], how many lines of a text go for each of ``FAULTS``; the first stay.
        num_lorem_ipsum, num_brackets: int64[N], lines with these words, and with an opening curly bracket, of those that C4 reads so far.
        texts: int64[L], the text of each line.
        starts, ends: int64[L], each line in the buffer.
        text_starts, text_ends: int64[L], the line without white space at its ends.
        rewritten: texts of lines that stay with something inside them taken out, by their place among the lines that stay.
    """

    by_fault: Int64
    num_lorem_ipsum: Int64
    num_brackets: Int64
    texts: Int64
    starts: Int64
    ends: Int64
    text_starts: Int64
    text_ends: Int64
    rewritten: dict[int, str]


def judge_lines(data: Bytes, offsets: Int64, num_lines: int, *, require_terminal_punctuation: bool, min_words: int) -> JudgedLines:
    """What C4 does with the lines of the texts ``data[offsets[t] : offsets[t + 1]]``, of which there are no more than ``num_lines`` in all."""
    counts = np.zeros((len(offsets) - 1, len(FAULTS) + 2), np.int64)
    places = np.empty((num_lines, 5), np.int64)  # only the rows of lines that stay are ever touched
    asked = np.empty(num_lines, np.bool_)
    rules = (bool(require_terminal_punctuation), int(min_words), *_bytes_looked_for())
    size = _judge(data, offsets, *rules, counts, places, asked)
    places, stays, rewritten = places[:size], np.ones(size, np.bool_), {}
    for number in np.flatnonzero(asked[:size]).tolist():
        text, _, _, start, end = places[number].tolist()
        line = data[start:end].tobytes().decode()
        judged = judge_line(line, require_terminal_punctuation=require_terminal_punctuation, min_words=min_words)
        stays[number] = judged.fault is None
        counts[text, FAULTS.index(judged.fault)] += 1
        counts[text, _LOREM_IPSUM] += judged.fault in _READ_FOR_LOREM_IPSUM and LOREM_IPSUM in judged.text.lower()
        counts[text, _BRACKET] += judged.fault in _READ_FOR_BRACKETS and "{" in judged.text
        if judged.fault is None and judged.text != line:
            rewritten[number] = judged.text
    if not stays.all():
        numbers = np.cumsum(stays) - 1
        places, rewritten = places[stays], {int(numbers[number]): text for number, text in rewritten.items()}
    texts, starts, ends, text_starts, text_ends = np.ascontiguousarray(places.T)
    return JudgedLines(
        by_fault=counts[:, : len(FAULTS)], num_lorem_ipsum=counts[:, _LOREM_IPSUM], num_brackets=counts[:, _BRACKET], texts=texts,
        starts=starts, ends=ends, text_starts=text_starts, text_ends=text_ends, rewritten=rewritten,
    )  # fmt: skip


@cache
def _bytes_looked_for() -> tuple[Bool, Bool, Bytes, Int64, Bytes]:
    """Bytes that may begin a line break or a citation mark; bytes that end a sentence; and those that show phrases, with what these are.

    A byte's value in ``anchors`` is a bit for each phrase of which it is the rarest letter (both cases), and all bits for a bracket and the head of a
    Kelvin sign. ``places``: a row a phrase: what it means, its length, where its rarest letter is in it. ``letters``: uint8[P, longest].
    """
    special, terminal = np.zeros(256, np.bool_), np.zeros(256, np.bool_)
    special[[*range(0x0A, 0x0E), *range(0x1C, 0x1F), 0xC2, 0xE2, ord("[")]] = True
    terminal[[ord(mark) for mark in ENDS]] = True
    meant = {JAVASCRIPT: _HAS_JAVASCRIPT, LOREM_IPSUM: _HAS_LOREM_IPSUM} | dict.fromkeys(POLICIES, _HAS_POLICY)
    anchors = np.zeros(256, np.uint8)
    anchors[[ord("{"), 0xE2]] = 0xFF
    places, letters = np.zeros((len(meant), 3), np.int64), np.zeros((len(meant), max(map(len, meant))), np.uint8)
    for number, (phrase, meaning) in enumerate(meant.items()):
        rarest = min(phrase.replace(" ", ""), key=_RARE.index)
        anchors[[ord(rarest), ord(rarest.upper())]] |= np.uint8(1 << number)
        places[number] = meaning, len(phrase), phrase.index(rarest)
        letters[number, : len(phrase)] = list(phrase.encode())
    return special, terminal, anchors, places, letters


@kernel
def _judge(
    data: Bytes,
    offsets: Int64,
    needs_mark: bool,  # noqa: FBT001 - kernels take no keywords
    min_words: int,
    special: Bool,
    terminal: Bool,
    anchors: Bytes,
    places: Int64,
    letters: Bytes,
    counts: Int64,
    kept: Int64,
    asked: Bool,
) -> int:
    """Counts lines by what C4 says of them; notes those that stay and those that are to be asked about, and returns how many these are."""
    size = 0
    for text in range(offsets.size - 1):
        start, end = offsets[text], offsets[text + 1]
        while start < end:
            place, broken, is_cited = start, 0, False
            while place < end:
                if special[data[place]]:
                    broken = line_break(data, place, end)
                    if broken:
                        break
                    is_cited = is_cited or (data[place] == 0x5B and _is_citation(data, place + 1, end))
                place += 1
            text_start, text_end = stripped(data, start, place)
            fault, held = _fault(data, text_start, text_end, is_cited, needs_mark, min_words, terminal, anchors, places, letters)
            if held & _UNSETTLED == 0:
                counts[text, fault] += 1
                counts[text, _LOREM_IPSUM] += held & _HAS_LOREM_IPSUM != 0
                counts[text, _BRACKET] += held & _HAS_BRACKET != 0 and fault != _JAVASCRIPT
            if fault == _KEPT or held & _UNSETTLED:
                kept[size, 0] = text
                kept[size, 1] = start
                kept[size, 2] = place
                kept[size, 3] = text_start
                kept[size, 4] = text_end
                asked[size] = held & _UNSETTLED != 0
                size += 1
            start = place + broken
    return size


@inlined
def _fault(
    data: Bytes,
    start: int,
    end: int,
    is_cited: bool,  # noqa: FBT001
    needs_mark: bool,  # noqa: FBT001 - kernels take no keywords
    min_words: int,
    terminal: Bool,
    anchors: Bytes,
    places: Int64,
    letters: Bytes,
) -> tuple[int, int]:
    """Fault of a line without citation marks, and bits of what it holds, 0 if C4 does not read so far."""
    if _has_long_word(data, start, end):
        return _TOO_LONG_WORD, 0
    if is_cited:
        return _KEPT, _UNSETTLED
    if needs_mark and not _ends_well(data, start, end, terminal):
        return _NO_TERMINAL_PUNCTUATION, 0
    if not _has_words(data, start, end, min_words):
        return _TOO_FEW_WORDS, 0
    held = _held(data, start, end, anchors, places, letters)
    return _JAVASCRIPT if held & _HAS_JAVASCRIPT else _POLICY if held & _HAS_POLICY else _KEPT, held


@inlined
def _is_citation(data: Bytes, place: int, end: int) -> bool:
    """Whether what follows an opening bracket makes it a citation mark; so does, unlooked at, a character that may be a digit beyond ASCII."""
    digit = place
    while digit < end and 0x30 <= data[digit] <= 0x39:
        digit += 1
    if digit < end and (data[digit] == 0x5D or data[digit] >= 0x80):
        return True
    return _begins_with(data, place, end, _EDIT) or _begins_with(data, place, end, _CITATION_NEEDED)


@inlined
def _begins_with(data: Bytes, place: int, end: int, mark: Bytes) -> bool:
    i = 0
    while i < mark.size and place + i < end and data[place + i] == mark[i]:
        i += 1
    return i == mark.size


@inlined
def _has_long_word(data: Bytes, start: int, end: int) -> bool:
    """Whether a word has more than 1000 characters."""
    if end - start <= MAX_WORD_CHARACTERS:
        return False
    word = start
    while start < end:
        width = white_space(data, start, end)
        if width:
            if start - word > MAX_WORD_CHARACTERS and characters(data, word, start) > MAX_WORD_CHARACTERS:
                return True
            word = start + width
        start += max(width, 1)
    return end - word > MAX_WORD_CHARACTERS and characters(data, word, end) > MAX_WORD_CHARACTERS


@inlined
def _ends_well(data: Bytes, start: int, end: int, terminal: Bool) -> bool:
    """Whether a mark that ends sentences is last, and no ellipsis of three dots."""
    if start == end or not terminal[data[end - 1]]:
        return False
    return end - start < 3 or data[end - 1] != 0x2E or data[end - 2] != 0x2E or data[end - 3] != 0x2E


@inlined
def _has_words(data: Bytes, place: int, end: int, wanted: int) -> bool:
    """Whether a line without white space at its ends has that many words; it is read no further than that."""
    count = 0
    while place < end and count < wanted:
        count += 1
        while place < end and white_space(data, place, end) == 0:
            place += 1
        while place < end:
            width = white_space(data, place, end)
            if width == 0:
                break
            place += width
    return count >= wanted


@inlined
def _held(data: Bytes, start: int, end: int, anchors: Bytes, places: Int64, letters: Bytes) -> int:
    """Bits of what a line holds, letters in either case. Beyond ASCII only the Kelvin sign becomes a letter that makes a phrase in lower case."""
    held = 0
    for place in range(start, end):
        anchor = anchors[data[place]]
        if anchor == 0:
            continue
        if anchor == 0xFF:
            if data[place] == 0x7B:
                held |= _HAS_BRACKET
            elif place + 2 < end and data[place + 1] == 0x84 and data[place + 2] == 0xAA:
                held |= _UNSETTLED
            continue
        for phrase in range(places.shape[0]):
            if anchor >> phrase & 1 and _stands(data, place - places[phrase, 2], start, end, letters[phrase, : places[phrase, 1]]):
                held |= places[phrase, 0]
    return held


@inlined
def _stands(data: Bytes, begin: int, start: int, end: int, phrase: Bytes) -> bool:
    """Whether a phrase stands at a place, all of it within the line."""
    if begin < start or begin + phrase.size > end:
        return False
    i = 0
    while i < phrase.size and phrase[i] == data[begin + i] + (0x20 if 0x41 <= data[begin + i] <= 0x5A else 0):
        i += 1
    return i == phrase.size
