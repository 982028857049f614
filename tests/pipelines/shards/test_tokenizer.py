"""The tokenizer: the same from the same texts, whole for any text, and not to be fooled by a text that spells its marks."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import prose

from pipelines.shards.pretokens import character_ranges
from pipelines.shards.tokenizer import END_OF_TEXT, encoder, learn, load

TEXTS = [prose(random.Random(seed)) for seed in range(20)]


def learned(texts: list[str], vocab_size: int) -> str:
    return learn(texts, vocab_size)


LEARNED = learned(TEXTS, 400)


def encode(tokenizer_json: str, texts: list[str]) -> list[list[int]]:
    return encoder(tokenizer_json, character_ranges()).encode(pa.array(texts, pa.string())).to_pylist()


def test_the_same_texts_in_any_order_give_the_same_tokenizer_byte_for_byte_and_others_another():
    assert learned(TEXTS[::-1], 400) == LEARNED
    assert learned(TEXTS[:5], 400) != LEARNED


@pytest.mark.parametrize(("vocab_size", "expected"), [(400, 400), (257, 257), (10, 257)])  # all bytes and the end of a text are always there
def test_a_vocabulary_is_as_large_as_asked_for_and_never_lacks_a_byte(vocab_size, expected):
    vocabulary = load(learned(TEXTS, vocab_size)).get_vocab()
    assert len(vocabulary) == expected
    assert vocabulary[END_OF_TEXT] == 0


def test_nothing_to_learn_from_still_gives_bytes():
    assert len(encode(learned([], 300), ["abc"])[0]) == 4


@given(st.text(max_size=60))
def test_any_text_comes_back_from_its_ids_with_one_end_behind_it(text):
    (ids,) = encode(LEARNED, [text])
    assert ids[-1] == 0
    assert 0 not in ids[:-1]
    assert load(LEARNED).decode(ids[:-1], skip_special_tokens=False) == text


def test_a_text_that_spells_the_end_of_a_text_does_not_end_there():
    (ids,) = encode(LEARNED, [f"one {END_OF_TEXT} two"])
    assert ids.count(0) == 1
    assert load(LEARNED).decode(ids[:-1], skip_special_tokens=False) == f"one {END_OF_TEXT} two"


def test_texts_are_encoded_one_by_one_as_they_are_together():
    assert encode(LEARNED, TEXTS) == [encode(LEARNED, [text])[0] for text in TEXTS]
    assert encode(LEARNED, []) == []


def test_the_file_is_one_that_other_programs_read():
    assert json.loads(LEARNED)["model"]["type"] == "BPE"
