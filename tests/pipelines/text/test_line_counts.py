"""Counts of lines are what plain Python counts with str.splitlines, str.split and re.split."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.line_counts import count_lines
from pipelines.text.marks import sentence_terminals

WHITE_SPACE = [chr(point) for point in range(sys.maxunicode + 1) if chr(point).isspace()]
PIECES = [
    *WHITE_SPACE,
    "\r\n",
    "\n\n",
    "...",
    "\u2026",
    ".",
    "-",
    "\u2022",
    "#",
    "a",
    "ab",
    "\u6771",
    "\u3042",
    "\u0e01",
    "\U0001f600",
    "\u17d4",
    "x" * 28,
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.sampled_from("\n\n .a-") | st.characters(codec="utf-8"), max_size=30).map("".join)


def repeated(pieces: list[str]) -> tuple[int, int]:
    again = [piece for place, piece in enumerate(pieces) if piece in pieces[:place]]
    return len(again), sum(map(len, again))


def plainly_counted(text: str) -> dict[str, int]:
    lines, filled = text.splitlines(), [line for line in text.split("\n") if line.strip()]
    paragraphs, pieces = re.split(r"\n{2,}", text.strip()), re.split(r"\n+", text)
    return {
        "num_characters": len(text),
        "num_newlines": text.count("\n"),
        "num_hash_signs": text.count("#"),
        "num_ellipses": text.count("...") + text.count("\u2026"),
        "num_lines": len(lines),
        "num_bullet_lines": sum(line.lstrip().startswith(("\u2022", "-")) for line in lines),
        "num_ellipsis_lines": sum(line.rstrip().endswith(("...", "\u2026")) for line in lines),
        "num_paragraphs": len(paragraphs),
        "num_repeated_paragraphs": repeated(paragraphs)[0],
        "repeated_paragraph_characters": repeated(paragraphs)[1],
        "num_pieces": len(pieces),
        "num_repeated_pieces": repeated(pieces)[0],
        "repeated_piece_characters": repeated(pieces)[1],
        "num_filled_lines": len(filled),
        "num_punctuated_lines": sum(line[-1] in sentence_terminals() for line in filled),
        "num_short_lines": sum(len(line) <= 30 for line in filled),
        "repeated_line_characters": repeated(filled)[1],
    }


def counted(texts: pa.Array) -> list[dict[str, int]]:
    columns = {name: values.tolist() for name, values in asdict(count_lines(texts)).items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@given(st.lists(TEXTS, max_size=4), st.integers(0, 2))
def test_every_count_is_that_of_plain_python(texts: list[str], skipped: int) -> None:
    assert counted(pa.array(texts, pa.string()).slice(skipped)) == [plainly_counted(text) for text in texts[skipped:]]


def test_each_white_space_character_breaks_or_leads_a_line_as_python_says() -> None:
    texts = [f"{before}{blank}- a...{blank}{after}" for blank in WHITE_SPACE for before in ("", "b", "\n") for after in ("", "\n", "c")]
    assert counted(pa.array(texts)) == [plainly_counted(text) for text in texts]


def test_each_mark_that_ends_sentences_is_told_from_its_neighbours() -> None:
    texts = [f"a{chr(point)}" for mark in sentence_terminals() for point in range(ord(mark) - 1, ord(mark) + 2)]
    assert counted(pa.array(texts)) == [plainly_counted(text) for text in texts]


@pytest.mark.parametrize(
    "text", ["", "\n", "\n" * 70, "a\n" * 5000, "\n\n".join(map(str, range(9000))) + "\n\n" + "\n\n".join(map(str, range(9000))), "x" * 100_000]
)
def test_a_text_of_nothing_but_breaks_or_copies_or_one_line_is_a_case(text: str) -> None:
    (found,) = counted(pa.array([text]))
    pieces = re.split(r"\n+", text)
    assert found["num_pieces"] == len(pieces)
    assert found["num_repeated_pieces"] == len(pieces) - len(set(pieces))
    assert found["num_repeated_paragraphs"] == (9000 if len(pieces) == 18_000 else 0)
    assert found["num_lines"] == len(text.splitlines())


def test_a_line_of_another_text_is_no_repetition() -> None:
    assert [row["num_repeated_pieces"] for row in counted(pa.array(["menu\nmenu", "menu", "menu\nhome"], pa.large_string()))] == [1, 0, 0]
