"""The repetition kernels count what a plain reading of datatrove's definition counts."""

from __future__ import annotations

from collections import Counter

import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipelines.signals.gopher_repetition import duplicate_characters, repeated, top_characters

WORDS = st.lists(st.sampled_from(["a", "bb", "ccc", "dd", "é", "東京"]), max_size=40)


def as_arrays(words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    hashes = np.array([xxhash.xxh3_64_intdigest(w.encode()) for w in words], np.uint64)
    return hashes, np.array([len(w) for w in words], np.int64)


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


@given(WORDS, st.integers(2, 4))
def test_the_top_ngram_is_the_first_of_the_most_frequent(words: list[str], n: int) -> None:
    assert top_characters(*as_arrays(words), n) == plain_top(words, n)


@given(WORDS, st.integers(5, 10))
def test_repeated_ngrams_are_skipped_whole_and_no_word_counts_twice(words: list[str], n: int) -> None:
    assert duplicate_characters(*as_arrays(words), n) == plain_duplicate(words, n)


def test_a_repeated_line_counts_once_less_than_it_occurs() -> None:
    assert repeated(["alpha", "alpha", "beta", "alpha"]) == (2, 10)
    assert repeated([]) == (0, 0)
