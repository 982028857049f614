"""What the kernel says of lines is what ``judge_line`` says of each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.signals.c4 import C4
from pipelines.text.batch import DocumentBatch
from pipelines.text.c4_lines import JAVASCRIPT, LOREM_IPSUM, POLICIES, judge_line
from pipelines.text.interned import spans_of
from pipelines.text.judged_lines import FAULTS, judge_lines
from pipelines.text.word_table import sentences_of_spans
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    import numpy as np

PHRASES = [*POLICIES, JAVASCRIPT, LOREM_IPSUM, "uses COO\u212aIES", "pr\u0130vacy policy", "cookies", "lorem  ipsum"]
CITATIONS = ["[]", "[12]", "[edit]", "[citation needed]", "[\u0663]", "[1a]", "[", "[edit", "]", "[Edit]"]
MARKS = [".", "...", "?", '"', "'", "\u3002", "{", "}", " ", "  ", "\u00a0", "\u2003", "\n", "\r\n", "\r", "\u2028", "\x1c", "\x1f", "\x85"]
WORDS = ["a", "It rains", "\u6771\u4eac", "x" * 1000, "\u00e9" * 1000, "x" * 500 + "\u6771" * 501]
MIXED = st.sampled_from([*PHRASES, *CITATIONS, *MARKS, *MARKS, *WORDS]).flatmap(
    lambda piece: st.sampled_from([piece, piece, piece.title(), piece.upper()])
)
TEXTS = st.lists(MIXED | st.characters(codec="utf-8"), max_size=16).map("".join)


def spans(data: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> list[str]:
    return [data[start:end].tobytes().decode() for start, end in zip(starts, ends, strict=True)]


@given(st.lists(TEXTS, max_size=3), st.booleans(), st.integers(0, 4), st.integers(0, 1))
def test_each_line_is_judged_as_the_definition_judges_it(texts: list[str], needs_mark: bool, min_words: int, skipped: int) -> None:  # noqa: FBT001
    given_texts = pa.array(texts, pa.string()).slice(skipped)
    offsets, data = utf8_buffers(given_texts)
    plain = [(number, line) for number, text in enumerate(texts[skipped:]) for line in text.splitlines()]
    judged = [judge_line(line, require_terminal_punctuation=needs_mark, min_words=min_words) for _, line in plain]
    found = judge_lines(data, offsets, len(plain), require_terminal_punctuation=needs_mark, min_words=min_words)
    kept = [(number, line, line.strip(), one.text) for (number, line), one in zip(plain, judged, strict=True) if one.fault is None]
    assert found.texts.tolist() == [number for number, *_ in kept]
    assert spans(data, found.starts, found.ends) == [line for _, line, _, _ in kept]
    stripped = spans(data, found.text_starts, found.text_ends)
    assert stripped == [line for _, _, line, _ in kept]
    assert [found.rewritten.get(place, line) for place, line in enumerate(stripped)] == [text for *_, text in kept]


def test_of_all_characters_only_the_kelvin_sign_becomes_a_letter_that_can_make_a_phrase() -> None:
    lowered = {c: set(c.lower()) for c in map(chr, range(0x80, sys.maxunicode + 1)) if any(low.isascii() for low in c.lower())}
    assert lowered == {"\u212a": {"k"}, "\u0130": {"i", "\u0307"}}
    # A dotted I leaves a dot behind its i: no phrase may end with one.
    assert not any(phrase.endswith("i") for phrase in (*POLICIES, JAVASCRIPT, LOREM_IPSUM))


@given(st.lists(TEXTS, max_size=4), st.booleans())
def test_the_signals_are_sums_over_the_lines_of_each_text(texts: list[str], needs_mark: bool) -> None:  # noqa: FBT001
    rows = C4(require_terminal_punctuation=needs_mark).measure(DocumentBatch.of(texts)).to_pylist()
    for text, row in zip(texts, rows, strict=True):
        judged = [judge_line(line, require_terminal_punctuation=needs_mark) for line in text.splitlines()]
        assert row["num_lines"] == len(judged)
        assert row["num_kept_lines"] == sum(line.fault is None for line in judged)
        assert [row[f"num_lines_{fault}"] for fault in FAULTS[1:]] == [sum(line.fault == fault for line in judged) for fault in FAULTS[1:]]
        read = [line for line in judged if line.fault in {None, "javascript", "policy"}]
        assert row["num_lorem_ipsum"] == sum("lorem ipsum" in line.text.lower() for line in read)
        assert row["num_curly_brackets"] == sum("{" in line.text for line in read if line.fault != "javascript")
        assert row["num_sentences"] == sentences_of_spans(*spans_of(line.text for line in judged if line.fault is None)).sum()


def test_a_line_of_ten_megabytes_without_white_space_has_too_long_a_word() -> None:
    (row,) = C4().measure(DocumentBatch.of(["x" * 10_000_000])).to_pylist()
    assert (row["num_lines"], row["num_lines_too_long_word"]) == (1, 1)
