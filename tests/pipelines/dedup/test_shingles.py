import pyarrow as pa
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.shingles import all_shingles, distinct_shingles
from pipelines.text.words import dedup_words

# Few words, so that shingles repeat within a text and between texts.
TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "ü", "東", "x" * 60]), max_size=40).map(" ".join), max_size=6)


def plain_shingles(words, size):
    """In the order in which they occur."""
    return [" ".join(words[i : i + size]) for i in range(max(1, len(words) - size + 1))] if words else []


def of_texts(texts, size=5):
    words = dedup_words(pa.array(texts, pa.string()))
    return words, all_shingles(words, size), distinct_shingles(words, size)


@settings(max_examples=100)
@given(TEXTS, st.integers(1, 6))
def test_shingles_are_the_runs_of_words_and_a_set_has_each_where_it_first_occurs(texts, size):
    words, found, sets = of_texts(texts, size)
    for text in range(len(texts)):
        inside = slice(found.first[text], found.first[text + 1])
        spelled = [words.utf8[start:end].tobytes().decode() for start, end in zip(found.starts[inside], found.ends[inside], strict=True)]
        assert spelled == plain_shingles(words.of_text(text), size)
        assert sets.hashes[sets.first[text] : sets.first[text + 1]].tolist() == [xxhash.xxh3_64_intdigest(s.encode()) for s in dict.fromkeys(spelled)]


@settings(max_examples=50)
@given(TEXTS)
def test_sets_do_not_depend_on_the_texts_around(texts):
    _, _, sets = of_texts(texts)
    for text in range(len(texts)):
        _, _, own = of_texts([texts[text]])
        assert sets.hashes[sets.first[text] : sets.first[text + 1]].tolist() == own.hashes.tolist()


@pytest.mark.parametrize(("text", "expected"), [("", 0), (" - ", 0), ("one", 1), ("one two three four", 1), ("1 2 3 4 5", 1), ("1 2 3 4 5 6", 2)])
def test_a_text_shorter_than_a_shingle_is_one_and_a_text_without_words_has_none(text, expected):
    assert len(of_texts([text])[2].hashes) == expected
