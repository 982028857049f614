"""C4's line rules (Raffel et al. 2020, section 2.2) as a cleaner: the lines that C4 takes out, and citation marks, go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pipelines.cleaners.base import cleaners
from pipelines.text.c4_lines import MIN_WORDS, judge_line
from pipelines.text.edits import Change, difference

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
        found, done, wanted = [], 0, ""
        for start, end, new in _stripped(list(self._kept(text))):
            found += [difference(text[done:start], wanted, done), difference(text[start:end], new, start)]
            done, wanted = end, "\n"
        found.append(difference(text[done:], "", done))
        return [change for change in found if change is not None]

    def _kept(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and new text of each line that stays."""
        start = 0
        for piece in text.splitlines(keepends=True):
            line = piece.splitlines()[0]
            judged = judge_line(line, require_terminal_punctuation=self.require_terminal_punctuation, min_words=self.min_words_per_line)
            if judged.fault is None:
                yield start, start + len(line), judged.text
            start += len(piece)


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
