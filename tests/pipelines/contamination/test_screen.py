"""Running sums against the words that they are sums of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contamination.matching import prefix_hashes
from pipelines.contamination.screen import both_sums
from pipelines.text.hashing import word_hashes
from pipelines.text.words import contamination_words

# Characters of every kind: what is kept, deleted, alone, a mark, white space; the dotted I, sigmas, surrogates' neighbours, the last plane.
ODD = st.sampled_from(
    list("aB9.-' \n\t\u00a0\u3000\u2028\x1c\u0130\u03a3\u03c3\u03c2東京ก\u0e31\u0301\u200d\u00ad“”é\ue000\ud7ff\U0001f600\U00020000\U0010ffff")
)
TEXTS = st.lists(st.one_of(st.text(ODD, max_size=40), st.text(max_size=40)), max_size=6)


def by_words(texts):
    words = contamination_words(texts)
    return words.first.tolist(), prefix_hashes(word_hashes(words.utf8, words.starts, words.ends)).tolist()


@settings(max_examples=300)
@given(TEXTS, st.sampled_from([pa.string(), pa.large_string()]), st.integers(0, 3))
def test_sums_are_those_over_the_hashes_of_the_words(texts, kind, start):
    array = pa.array(texts, kind).slice(start)
    first, sums = both_sums(array).joined
    assert (first.tolist(), sums.tolist()) == by_words(array)


def test_one_chunk_of_a_megabyte_and_every_code_point_are_texts_like_others():
    points = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    array = pa.array(["x" * 1_000_000, points, "".join(f"a{p} " for p in points[:70_000])], pa.string())
    first, sums = both_sums(array).joined
    assert (first.tolist(), sums.tolist()) == by_words(array)


@pytest.mark.shared
def test_sums_of_real_texts_are_those_of_their_words(shared):
    texts = pq.read_table(shared / "corpora" / "small.parquet", columns=["text"]).column("text").combine_chunks()
    first, sums = both_sums(texts).joined
    words = contamination_words(texts)
    assert np.array_equal(first, words.first)
    assert np.array_equal(sums, prefix_hashes(word_hashes(words.utf8, words.starts, words.ends)))
