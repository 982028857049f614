"""C4's line rules as a cleaner: character for character what datatrove's filter leaves, which judges a line once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cleaners.c4_lines import C4Lines
from pipelines.text.c4_lines import judge_line
from pipelines.text.edits import Change, apply, difference


def left(text: str, *, marks: bool = True) -> str:
    cleaner = C4Lines(require_terminal_punctuation=marks)
    return apply(text, cleaner.changes(text))


def test_white_space_beside_a_removed_citation_mark_stays_between_lines_and_goes_at_the_ends() -> None:
    assert left("[1] It rains here.\nIt still rains. [2] \nIt rains on [3]", marks=False) == "It rains here.\nIt still rains. \nIt rains on"


def test_a_line_that_ends_with_a_quote_after_a_mark_is_judged_once() -> None:
    assert left('He said it "rains". [4]"') == 'He said it "rains". "'


def test_a_line_of_citation_marks_alone_is_blank_between_others_and_gone_at_the_ends() -> None:
    assert left("[1] [2] [3]\nIt rains here.\n[1] [2] [3]\nIt still rains.\n[1] [2] [3]", marks=False) == "It rains here.\n  \nIt still rains."
    assert left("[1] [2] [3]", marks=False) == ""


@pytest.mark.parametrize("text", ["", "\n\n", "no mark", "Two words.", "This page uses cookies to work.", "It needs JavaScript to work."])
def test_lines_that_c4_takes_out_leave_nothing(text: str) -> None:
    assert left(text) == ""


PIECES = [
    "It rains here.",
    "no mark",
    " ",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "\u2028",
    "[1]",
    "[edit]",
    "caf\u00e9 is \u6771.",
    "a b c.",
    "{",
    "uses cookies now.",
    ".",
]


def plain_changes(text: str, *, marks: bool) -> list[Change | None]:
    """The same, line by line."""
    kept, start = [], 0
    for piece in text.splitlines(keepends=True):
        line = piece.splitlines()[0]
        judged = judge_line(line, require_terminal_punctuation=marks)
        if judged.fault is None:
            kept.append([start, start + len(line), judged.text])
        start += len(piece)
    filled = [number for number, (_, _, new) in enumerate(kept) if new.strip()]
    kept = kept[filled[0] : filled[-1] + 1] if filled else []
    if kept:
        kept[0][2] = kept[0][2].lstrip()
        kept[-1][2] = kept[-1][2].rstrip()
    found, done, wanted = [], 0, ""
    for start, end, new in kept:
        found += [difference(text[done:start], wanted, done), difference(text[start:end], new, start)]
        done, wanted = end, "\n"
    return [change for change in [*found, difference(text[done:], "", done)] if change is not None]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=20).map("".join), st.booleans())
def test_the_changes_are_those_of_a_plain_walk_over_the_lines(text: str, marks: bool) -> None:  # noqa: FBT001
    assert C4Lines(require_terminal_punctuation=marks).changes(text) == plain_changes(text, marks=marks)
