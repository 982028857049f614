"""C4's line rules (Raffel et al. 2020, section 2.2) as a cleaner: the lines that C4 takes out, and citation marks, go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.cleaners.base import cleaners
from pipelines.text.c4_lines import MIN_WORDS, judge_line
from pipelines.text.edits import Change, difference

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_ROUNDS: Final = 8


@cleaners("c4_lines")
@dataclass(frozen=True, kw_only=True)
class C4Lines:
    """What stays are C4's kept lines, one newline between them, as datatrove's filter leaves them; FineWeb does not ask for terminal marks.

    A line that loses citation marks is judged again until it stays as it is: without them it may have a word too few. (datatrove judges once.)
    One that still changes after eight rounds is kept as it came.
    """

    version: ClassVar[int] = 1
    require_terminal_punctuation: bool = True  # a line without a mark at its end goes
    min_words_per_line: int = MIN_WORDS  # a line of fewer words goes

    def changes(self, text: str) -> list[Change]:
        """Replacements in code points: one for what goes between two kept lines, one for what goes in a line."""
        kept = list(self._kept(text))
        filled = [i for i, (_, _, new) in enumerate(kept) if new]
        found, done, wanted = [], 0, ""
        for start, end, new in kept[filled[0] : filled[-1] + 1] if filled else []:
            found += [difference(text[done:start], wanted, done), difference(text[start:end], new, start)]
            done, wanted = end, "\n"
        found.append(difference(text[done:], "", done))
        return [change for change in found if change is not None]

    def _kept(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and new text of each line that stays."""
        start = 0
        for piece in text.splitlines(keepends=True):
            line = piece.splitlines()[0]
            new = self._settled(line)
            if new is not None:
                yield start, start + len(line), new
            start += len(piece)

    def _settled(self, line: str) -> str | None:
        current = line
        for _ in range(_MAX_ROUNDS):
            after = judge_line(current, require_terminal_punctuation=self.require_terminal_punctuation, min_words=self.min_words_per_line)
            if after.fault is not None:
                return None
            if after.text == current:
                return current
            current = after.text
        return line
