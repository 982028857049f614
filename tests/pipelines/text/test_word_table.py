"""Words, their facts and sentences by numbers are those that spaCy and plain Python find."""

# Typographic marks beside those of ASCII are what is tested.
# ruff: noqa: RUF001

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text import interned, word_facts, word_table
from pipelines.text.english import MAX_CHUNK, cut_by_rule, english
from pipelines.text.interned import Interned, spans_of
from pipelines.text.marks import symbols
from pipelines.text.segment import cut_spaceless
from pipelines.text.white_space import chunks_of
from pipelines.text.word_facts import STOP_WORDS
from pipelines.text.word_table import WordTable, sentences_of_spans, word_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

# What rules look at, of one character and of more.
PIECES = [
    *"aZ9.,:;!?'\"()[]{}<>_#*&%$+-/=~^@|\\`§",
    *"’“”‘«»…–—。，é東ßЖ²°£µ\u0301\u202e👍𝔄𠀀",
    *(
        "..",
        "...",
        "……",
        "——",
        "--",
        "---",
        "'s",
        "’S",
        "US$",
        "C$",
        "km",
        "km²",
        "m/s",
        "%",
        "10",
        "2.5",
        "A.B",
        "a.m.",
        "p.m",
        "Mr.",
        "co.",
        "and/or",
    ),
    *(
        "don't",
        "can’t",
        "':)",
        ":-(",
        "(o:",
        "ಠ_ಠ",
        "www.a-b.com",
        "http://a.b/c?d",
        "x@y.org",
        "end.Next",
        ".html",
        ":8080",
        "/p",
        "192.168.0.1",
        "°C.",
    ),
    *("the", "be", "東the", "e.g.", "1990s", "''", "'Cause", "O’clock", "C++", "vs.", "Mr.", "co.", "and/or", "°C."),
]
CHUNKS = st.lists(st.sampled_from(PIECES) | st.text(max_size=2), min_size=1, max_size=7).map(lambda pieces: "".join("".join(pieces).split()))
BLANKS = st.sampled_from([" ", "  ", "\t", "\n", " \x1c", "\u3000", "\u2028 ", "\x85", "\u1680", "\u180e", "\u200b"])
TEXTS = st.lists(st.tuples(CHUNKS, BLANKS), max_size=8).map(lambda pairs: "".join(chunk + blank for chunk, blank in pairs))


def spacy_s(chunk: str) -> list[str]:
    return [chunk] if len(chunk) > MAX_CHUNK else [token.text for token in english().tokenizer(chunk)]


def by_rule(chunks: Sequence[str]) -> list[list[str] | None]:
    """Words of each chunk; None where spaCy is asked."""
    data, starts, ends = spans_of(chunks)
    cut = cut_by_rule(data, np.concatenate([starts, ends[-1:]]))
    words = iter([data[low:high].tobytes().decode() for low, high in zip(cut.starts, cut.ends, strict=True)])
    return [None if count < 0 else [next(words) for _ in range(count)] for count in cut.counts]


@given(st.lists(CHUNKS.filter(bool), min_size=1, max_size=5))
def test_a_chunk_is_cut_as_spacy_cuts_it(chunks: list[str]) -> None:
    for chunk, words in zip(chunks, by_rule(chunks), strict=True):
        assert words is None or words == spacy_s(chunk)


def test_most_shapes_of_words_are_decided_by_rule_and_exceptions_are_not() -> None:
    decided = [
        "word",
        "Word,",
        "(so)",
        "“quoted”",
        "well-known",
        "3.14",
        "1,000",
        "U+00E9",
        "f(x)",
        "a.b.c",
        "end.Next",
        "5km",
        "US$5",
        "«été»",
        "那是。",
    ]
    assert all(words == spacy_s(chunk) for chunk, words in zip(decided, by_rule(decided), strict=True))
    assert by_rule(["don't", "(a.m.)", ":)", "co-vs.", "me@here.org", "http://a.b/"]) == [None] * 6


@given(st.lists(TEXTS, max_size=4))
def test_words_of_texts_are_those_of_their_chunks(texts: list[str]) -> None:
    assert word_ids(pa.array(texts, pa.string())).strings() == [[word for chunk in text.split() for word in spacy_s(chunk)] for text in texts]


@given(st.lists(TEXTS | st.text(max_size=20), max_size=4))
def test_chunks_are_those_of_split(texts: list[str]) -> None:
    data, starts, ends = spans_of(texts)
    chunks = chunks_of(data, starts, ends)
    cut = [data[low:high].tobytes().decode() for low, high in zip(chunks.starts, chunks.ends, strict=True)]
    assert [cut[low:high] for low, high in zip(chunks.first[:-1], chunks.first[1:], strict=True)] == [text.split() for text in texts]


def test_every_character_is_white_space_or_not_as_python_has_it() -> None:
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    data, starts, ends = spans_of(points)
    assert (np.diff(chunks_of(data, starts, ends).first) == 1).tolist() == [not point.isspace() for point in points]


def test_slices_of_arrays_and_large_strings_are_read_where_they_stand() -> None:
    texts = pa.array(["left out", "It's one.", "", "Two"])
    for array in (texts.slice(1), texts.cast(pa.large_string()).slice(1)):
        assert word_ids(array).strings() == [["It", "'s", "one", "."], [], ["Two"]]
    assert word_ids(pa.array([], pa.string())).strings() == []


@given(st.lists(TEXTS, max_size=5))
def test_sentences_of_lines_are_those_of_the_lines_by_themselves(lines: list[str]) -> None:
    lines = [line for text in lines for line in text.splitlines()]
    data, starts, ends = spans_of(line + "\n" for line in lines)
    stripped_starts = starts + [len(line.encode()) - len(line.lstrip().encode()) for line in lines] if lines else starts
    stripped_ends = stripped_starts + [len(line.strip().encode()) for line in lines] if lines else ends
    together = word_table.words_of(data, starts[:1], ends[-1:]).sentences(stripped_starts, stripped_ends)
    assert together.tolist() == [int(sentences_of_spans(*spans_of([line]))[0]) for line in lines]


def plain_facts(words: Sequence[str]) -> list[int]:
    real = [word for word in words if not symbols().issuperset(word)]
    stop_words = sum(1 << i for i, word in enumerate(STOP_WORDS) if word in words)
    return [len(words), len(real), sum(map(len, real)), sum(any(map(str.isalpha, word)) for word in words), stop_words, sum(map(len, words))]


@given(st.lists(CHUNKS.filter(bool) | st.sampled_from(STOP_WORDS), min_size=1, max_size=5))
def test_facts_of_a_word_are_those_of_its_characters(words: list[str]) -> None:
    table = WordTable()
    numbers = table.words.numbers_of(*spans_of(words))
    assert [row[:6].tolist() for row in table.facts()[numbers]] == [plain_facts([word]) for word in words]
    by_language = [plain_facts(cut_spaceless([word])) for word in words]
    assert [row[:6].tolist() for row in table.facts(by_language=True)[numbers]] == by_language


def test_a_stop_word_with_a_nul_behind_it_is_another_word() -> None:
    words = [word + "\0" * number for word in STOP_WORDS for number in range(4)]
    table = WordTable()
    numbers = table.words.numbers_of(*spans_of(words))
    assert [row[:6].tolist() for row in table.facts()[numbers]] == [plain_facts([word]) for word in words]


def test_facts_of_every_character_are_those_of_python() -> None:
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    table = WordTable()
    numbers = table.words.numbers_of(*spans_of(points))
    facts = table.facts()[numbers]
    assert facts[:, word_facts.NUM_ALPHABETIC].tolist() == [int(point.isalpha()) for point in points]
    assert facts[:, word_facts.NUM_REAL].tolist() == [int(point not in symbols()) for point in points]
    is_punctuation = facts[:, word_facts.SENTENCE_PART] != 0
    assert is_punctuation.tolist() == [unicodedata.category(point).startswith("P") or point in "\u0964\u1735" for point in points]


@given(st.lists(st.binary(max_size=20).map(lambda raw: raw.decode("latin-1")), max_size=30))
def test_strings_share_a_number_only_if_they_are_equal(strings: list[str]) -> None:
    table = Interned()
    numbers = table.numbers_of(*spans_of(strings)).tolist()
    assert numbers == [list(dict.fromkeys(strings)).index(string) for string in strings]
    assert [table.string(number) for number in numbers] == strings


def test_strings_that_may_be_written_to_ask_for_no_other_machine_code() -> None:
    data, starts, ends = spans_of(["one", "two"])
    numbers = [Interned(["two"]).numbers_of(strings, starts, ends).tolist() for strings in (data, data.copy())]
    assert numbers == [[1, 0], [1, 0]]
    kernel: Any = interned._find
    assert len(kernel.compiled.signatures) == 1


def test_a_chunk_of_ten_megabytes_and_very_many_distinct_chunks_are_cases() -> None:
    many = " ".join(map(str, range(300_000)))
    found = word_ids(pa.array(["x" * 10_000_000, many]))
    assert np.diff(found.first).tolist() == [1, 300_000]
    assert found.totals()[0].tolist() == [1, 1, 10_000_000, 1, 0]


def test_a_table_grows_and_keeps_its_numbers() -> None:
    strings = [f"{number:x}" * (1 + number % 3) for number in range(20_000)]
    table = Interned()
    assert (table.numbers_of(*spans_of(strings)) == table.numbers_of(*spans_of(strings))).all()
    assert [table.string(number) for number in range(table.count)] == list(dict.fromkeys(strings))


def test_a_full_table_gives_way_to_an_empty_one_and_words_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_table, "_MOST_CHUNKS", 3)
    texts = pa.array(["one two three, four", "five six"])
    first, second = word_ids(texts), word_ids(texts)
    assert first.table is not second.table
    assert word_table._IN_USE.table is None  # what was full goes with its words, and no worker is left holding it
    assert first.strings() == second.strings() == [["one", "two", "three", ",", "four"], ["five", "six"]]
