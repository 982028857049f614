"""The tokenizer: the same from the same texts, whole for any text, and not to be fooled by a text that spells its marks."""

from __future__ import annotations

import json
import random
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import prose

from pipelines.shards.pretokens import character_ranges
from pipelines.shards.tokenizer import END_OF_TEXT, _pieces, encoder, learn, load

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


@pytest.mark.parametrize("run", ["x", "\n", "ab", "\u6771"])
def test_a_run_of_a_million_characters_is_learned_from_in_pieces(run):
    assert load(learned([f"before {run * 1_000_000} behind"], 300)).get_vocab_size() >= 258  # the bytes, the end, and at least the run's own pair


@given(st.lists(st.sampled_from(["one", " ", "\n\n", "x" * 19_999, "x" * 20_001, " " * 45_000, "\u6771" * 20_000]), max_size=6).map("".join))
def test_pieces_of_a_text_are_the_text_and_only_long_runs_are_cut(text):
    pieces = list(_pieces(text))
    assert "".join(pieces) == text
    assert max(len(run) for piece in pieces for run in [*piece.split(), *re.findall(r"\s+", piece), ""]) <= 20_000
    assert len(pieces) == 1 or re.search(r"\S{20001}|\s{20001}", text)
