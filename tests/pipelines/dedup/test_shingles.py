import pyarrow as pa
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.shingles import distinct_shingles, shingle_sets
from pipelines.text.words import dedup_words

# Few words, so that shingles repeat within a text and between texts.
TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "ü", "東", "x" * 60]), max_size=40).map(" ".join), max_size=6)


def plain_shingles(words, size):
    """In the order in which they first occur."""
    shingles = [" ".join(words[i : i + size]) for i in range(max(1, len(words) - size + 1))] if words else []
    return list(dict.fromkeys(shingles))


@settings(max_examples=100)
@given(TEXTS, st.integers(1, 6))
def test_a_set_of_shingles_is_the_distinct_runs_of_words(texts, size):
    words = dedup_words(pa.array(texts, pa.string()))
    found = distinct_shingles(words, size)
    for text in range(len(texts)):
        inside = slice(found.first[text], found.first[text + 1])
        spelled = [words.utf8[start:end].tobytes().decode() for start, end in zip(found.starts[inside], found.ends[inside], strict=True)]
        assert spelled == plain_shingles(words.of_text(text), size)
        assert found.hashes[inside].tolist() == [xxhash.xxh3_64_intdigest(shingle.encode()) for shingle in spelled]


@settings(max_examples=50)
@given(TEXTS)
def test_sets_come_sorted_and_do_not_depend_on_the_texts_around(texts):
    hashes, first = shingle_sets(pa.array(texts, pa.string()))
    for text in range(len(texts)):
        own, _ = shingle_sets(pa.array([texts[text]]))
        assert hashes[first[text] : first[text + 1]].tolist() == own.tolist() == sorted(own.tolist())


@pytest.mark.parametrize(("text", "expected"), [("", 0), (" - ", 0), ("one", 1), ("one two three four", 1), ("1 2 3 4 5", 1), ("1 2 3 4 5 6", 2)])
def test_a_text_shorter_than_a_shingle_is_one_and_a_text_without_words_has_none(text, expected):
    assert len(shingle_sets(pa.array([text]))[0]) == expected
