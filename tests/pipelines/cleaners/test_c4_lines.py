"""C4's line rules as a cleaner: character for character what datatrove's filter leaves, which judges a line once."""

from __future__ import annotations

import pytest

from pipelines.cleaners.c4_lines import C4Lines
from pipelines.text.edits import apply


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
