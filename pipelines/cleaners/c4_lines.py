"""C4's line rules (Raffel et al. 2020, section 2.2) as a cleaner: the lines that C4 takes out, and citation marks, go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pipelines.cleaners.base import cleaners
from pipelines.text.c4_lines import MIN_WORDS
from pipelines.text.edits import Change, difference
from pipelines.text.judged_lines import judge_lines

if TYPE_CHECKING:
    from collections.abc import Iterator


@cleaners("c4_lines")
@dataclass(frozen=True, kw_only=True)
class C4Lines:
    """What stays is, character for character, what datatrove's filter leaves: kept lines, one newline between them, white space at the ends off.

    FineWeb does not ask for terminal marks. A line is judged once, as it came: one that loses a citation mark may end in a blank or have a word
    too few, and would go if it were judged again. That is why the cleaner is not idempotent; agreeing with the published corpora is worth more.
    """

    version: ClassVar[int] = 2
    is_idempotent: ClassVar[bool] = False
    require_terminal_punctuation: bool = True  # a line without a mark at its end goes
    min_words_per_line: int = MIN_WORDS  # a line of fewer words goes

    def changes(self, text: str) -> list[Change]:
        """Replacements in code points: one for what goes between two kept lines, one for what goes in a line."""
        found: list[Change | None] = []
        done = 0
        for start, end, new in _stripped(list(self._kept(text))):
            between = _between(text, done, start) if found else difference(text[:start], "")
            found += [between, difference(text[start:end], new, start)]
            done = end
        found.append(difference(text[done:], "", done))
        return [change for change in found if change is not None]

    def _kept(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and new text of each line that stays."""
        utf8 = text.encode()
        needs_mark, min_words = self.require_terminal_punctuation, self.min_words_per_line
        data, offsets, num_lines = np.frombuffer(utf8, np.uint8), np.array([0, len(utf8)]), len(text.splitlines())
        lines = judge_lines(data, offsets, num_lines, require_terminal_punctuation=needs_mark, min_words=min_words)
        spans = (places.tolist() for places in (lines.starts, lines.ends, lines.text_starts, lines.text_ends))
        done, place = 0, 0  # bytes, and the characters that they make
        for number, (start, end, text_start, text_end) in enumerate(zip(*spans, strict=True)):
            begin = start if len(utf8) == len(text) else place + len(utf8[done:start].decode())
            line = utf8[start:end].decode()
            new = line if (text_start, text_end) == (start, end) else utf8[text_start:text_end].decode()
            done, place = end, begin + len(line)
            yield begin, place, lines.rewritten.get(number, new)


def _stripped(kept: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The lines without white space at the ends of the whole; blank ones between others stay."""
    filled = [i for i, (_, _, new) in enumerate(kept) if new.strip()]
    if not filled:
        return []
    kept = kept[filled[0] : filled[-1] + 1]
    start, end, new = kept[0]
    kept[0] = (start, end, new.lstrip())
    start, end, new = kept[-1]
    kept[-1] = (start, end, new.rstrip())
    return kept


def _between(text: str, start: int, end: int) -> Change | None:
    """The least change that leaves one newline between two kept lines; a line break of some sort begins what stands there, and one ends it."""
    if text[start] == "\n":
        return Change(start + 1, end, "") if end > start + 1 else None
    return Change(start, end - 1, "") if text[end - 1] == "\n" else Change(start, end, "\n")
