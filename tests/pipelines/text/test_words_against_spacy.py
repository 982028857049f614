"""Words and sentences of a text, against spaCy itself on the whole text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.interned import spans_of
from pipelines.text.lean_imports import without
from pipelines.text.word_table import sentences_of_spans, word_ids

if TYPE_CHECKING:
    from pathlib import Path

WORDS = [
    "Mr.",
    "a.m.",
    "end.Next",
    "isn't",
    "...",
    "?!",
    "(so.)",
    "“Yes.”",
    "1.5",
    "e.g.",
    "x",
    "-",
    "。",
    "那是。",
    "¿Qué?",
    "!",
    "end.",
    "'tis",
    "U.S.",
    ":)",
    "\u2047",
]
LINES = st.lists(st.tuples(st.sampled_from(WORDS) | st.text(max_size=5), st.sampled_from([" ", "  ", "\t", " \t ", "\u3000"])), max_size=12)


@cache
def spacy_english():
    with without("torch", "transformers"):
        import spacy

        english = spacy.blank("en")
        english.add_pipe("sentencizer")
    return english


def sentences(line: str) -> int:
    return sum(bool(found.text.strip()) for found in spacy_english()(line.strip()).sents)


@given(LINES)
def test_sentences_are_counted_as_spacy_s_sentencizer_counts_them(pieces: list[tuple[str, str]]) -> None:
    line = "".join(word + blank for word, blank in pieces)
    assert sentences_of_spans(*spans_of([line])).tolist() == [sentences(line)]


@given(LINES)
def test_words_are_those_of_spacy_on_the_whole_text(pieces: list[tuple[str, str]]) -> None:
    text = "".join(word + blank for word, blank in pieces)
    assert word_ids(pa.array([text])).strings() == [[token.text.strip() for token in spacy_english()(text) if token.text.strip()]]


@pytest.mark.shared
def test_words_and_sentences_of_real_texts_are_spacy_s(shared: Path) -> None:
    texts = pq.read_table(shared / "corpora" / "small.parquet", columns=["text"]).column("text").to_pylist()[::40]
    for text, words in zip(texts, word_ids(pa.array(texts)).strings(), strict=True):
        assert words == [token.text for token in spacy_english().tokenizer(text) if not token.is_space]
    lines = [line for text in texts for line in text.splitlines()]
    assert len(lines) > 1000
    assert sentences_of_spans(*spans_of(lines)).tolist() == [sentences(line) for line in lines]
