"""Gopher's families measure what a plain reading of datatrove's definitions does."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.signals.gopher_quality import GopherQuality
from pipelines.signals.gopher_repetition import GopherRepetition
from pipelines.signals.nonblank import Nonblank
from pipelines.text.batch import DocumentBatch
from pipelines.text.marks import symbols
from pipelines.text.repeated_ngrams import DUPLICATED, TOP, repeated_ngram_characters
from pipelines.text.word_table import word_ids

WORDS = st.lists(st.sampled_from(["a", "bb", "ccc", "dd", "é", "東京"]), max_size=40)
PIECES = [
    "the",
    "be ",
    "東京the",
    "It's",
    "...",
    "…",
    "#",
    "- ",
    "• ",
    "\n",
    "\n\n",
    "\r\n",
    "\u2028",
    "\x85",
    " ",
    "\t",
    "e\u0301",
    "\uff11",
    "タワー",
    "𠀀",
    "!",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=20).map("".join)


def plain_top(words: list[str], n: int) -> int:
    grams = [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
    if not grams:
        return 0
    gram, count = Counter(grams).most_common(1)[0]
    return len(gram) * count


def plain_duplicate(words: list[str], n: int) -> int:
    seen: set[tuple[str, ...]] = set()
    characters = i = 0
    while i < len(words) - n + 1:
        gram = tuple(words[i : i + n])
        if gram in seen:
            characters += sum(map(len, gram))
            i += n
        else:
            seen.add(gram)
            i += 1
    return characters


def plain_repeated(pieces: list[str]) -> tuple[int, int]:
    again = [piece for i, piece in enumerate(pieces) if piece in pieces[:i]]
    return len(again), sum(map(len, again))


def ratio(count: int, whole: int) -> float:
    return count / whole if whole else 0.0


def plain_repetition(text: str, words: list[str]) -> dict[str, float]:
    row = {}
    for name, pieces in (("paragraph", re.split(r"\n{2,}", text.strip())), ("line", re.split(r"\n+", text))):
        count, characters = plain_repeated(pieces)
        row[f"duplicate_{name}_ratio"] = ratio(count, len(pieces))
        row[f"duplicate_{name}_character_ratio"] = ratio(characters, len(text))
    row |= {f"top_{n}_gram_character_ratio": ratio(plain_top(words, n), len(text)) for n in TOP}
    return row | {f"duplicate_{n}_gram_character_ratio": ratio(plain_duplicate(words, n), len(text)) for n in DUPLICATED}


def plain_quality(text: str, words: list[str]) -> dict[str, Any]:
    real, lines = [word for word in words if not symbols().issuperset(word)], text.splitlines()
    return {
        "num_words": len(real),
        "mean_word_length": ratio(sum(map(len, real)), len(real)),
        "hash_ratio": ratio(text.count("#"), len(words)),
        "ellipsis_ratio": ratio(text.count("...") + text.count("…"), len(words)),
        "bullet_line_ratio": ratio(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
        "ellipsis_line_ratio": ratio(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "alphabetic_word_ratio": ratio(sum(any(map(str.isalpha, word)) for word in words), len(words)),
        "num_stop_words": len({"the", "be", "to", "of", "and", "that", "have", "with"} & set(words)),
    }


@given(st.lists(WORDS, max_size=4))
def test_ngrams_of_every_n_are_counted_as_their_strings_are(texts: list[list[str]]) -> None:
    found = repeated_ngram_characters(word_ids(pa.array([" ".join(words) for words in texts], pa.string())))
    assert found.tolist() == [[plain_top(words, n) for n in TOP] + [plain_duplicate(words, n) for n in DUPLICATED] for words in texts]


@pytest.mark.parametrize(
    "words",
    ["a b c d e f " * 9, "a " * 50, "a b " * 30 + "c " + "b a " * 30, "x y z " * 4 + "y z x " * 4 + "one two " + "x y z " * 4],
    ids=["phrase", "word", "turned", "shifted"],
)
def test_a_text_that_repeats_itself_is_counted_at_every_n(words: str) -> None:
    one = words.split()
    found = repeated_ngram_characters(word_ids(pa.array([words, words])))
    assert found.tolist() == 2 * [[plain_top(one, n) for n in TOP] + [plain_duplicate(one, n) for n in DUPLICATED]]


@given(st.lists(TEXTS, max_size=4))
def test_families_are_their_definitions(texts: list[str]) -> None:
    batch = DocumentBatch.of(texts)
    assert GopherRepetition().measure(batch).to_pylist() == [plain_repetition(*pair) for pair in zip(texts, batch.words, strict=True)]
    assert GopherQuality().measure(batch).to_pylist() == [plain_quality(*pair) for pair in zip(texts, batch.words, strict=True)]
    by_language = [plain_quality(*pair) for pair in zip(texts, batch.language_words, strict=True)]
    assert GopherQuality(segmentation="by_language").measure(batch).to_pylist() == by_language
    assert Nonblank().measure(batch).column(0).to_pylist() == [sum(map(len, text.split())) for text in texts]


def test_of_a_text_without_words_every_share_is_0() -> None:
    assert plain_quality("", []) == GopherQuality().measure(DocumentBatch.of([""])).to_pylist()[0]
    assert set(GopherRepetition().measure(DocumentBatch.of(["", "one"])).to_pylist()[0].values()) == {0.0}
