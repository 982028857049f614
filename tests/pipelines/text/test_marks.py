"""Marks in datatrove's definitions."""

from __future__ import annotations

from pipelines.signals.gopher_quality import GopherQuality
from pipelines.text.batch import DocumentBatch
from pipelines.text.marks import sentence_terminals, symbols


def test_an_arrow_is_a_word_and_a_quote_is_none() -> None:
    measured = GopherQuality().measure(DocumentBatch.of(["one → two", "one ’ two", "one \x07 two", "one １ two"]))  # noqa: RUF001 - what datatrove counts
    assert measured.column("num_words").to_pylist() == [3, 2, 2, 2]


def test_terminals_are_symbols_and_colons_end_no_sentence() -> None:
    assert sentence_terminals() < symbols()
    assert (len(sentence_terminals()), len(symbols())) == (159, 281)
    assert ":" in symbols() - sentence_terminals()
