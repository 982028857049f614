"""The kernels against the packages that everyone else uses."""

import hashlib

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text.hashing import sha1_hash32, word_hashes, xxh3_64


def spans(strings):
    ends = np.cumsum([len(s) for s in strings], dtype=np.int64)
    return np.frombuffer(b"".join(strings), np.uint8), ends - np.array([len(s) for s in strings], np.int64), ends


def every_length(longest):
    return [bytes((7 * length + i * i) % 256 for i in range(length)) for length in range(longest)]


def test_xxh3_is_xxhash_s_at_every_length_where_the_algorithm_changes():
    strings = every_length(600)
    assert xxh3_64(*spans(strings)).tolist() == [xxhash.xxh3_64_intdigest(s) for s in strings]


def test_sha1_is_hashlib_s_at_every_length_around_the_ends_of_blocks():
    strings = every_length(300)
    assert sha1_hash32(*spans(strings)).tolist() == [int.from_bytes(hashlib.sha1(s).digest()[:4], "little") for s in strings]


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=140), max_size=400))
def test_a_hash_depends_on_its_own_bytes_alone(strings):
    data, starts, ends = spans(strings)
    assert xxh3_64(data, starts, ends).tolist() == [xxhash.xxh3_64_intdigest(s) for s in strings]
    assert sha1_hash32(data, starts, ends).tolist() == [int.from_bytes(hashlib.sha1(s).digest()[:4], "little") for s in strings]
    assert word_hashes(data, starts, ends).tolist() == [word_hashes(*spans([s]))[0] for s in strings]


@pytest.mark.parametrize("function", [xxh3_64, sha1_hash32, word_hashes])
def test_no_strings_have_no_hashes(function):
    assert function(*spans([])).tolist() == []


def test_word_hashes_tell_a_million_words_apart():
    strings = [str(i).encode() for i in range(1_000_000)]
    assert len(np.unique(word_hashes(*spans(strings)))) == len(strings)
