"""Our trainer learns the tokenizer that the library's trainer learns, byte for byte."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import prose
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from pipelines.shards.pretokens import character_ranges
from pipelines.shards.tokenizer import END_OF_TEXT, learn


def by_the_library(texts: list[str], vocab_size: int) -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=[END_OF_TEXT], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return str(tokenizer.to_str())


def agrees(texts: list[str], vocab_size: int, kind: pa.DataType | None = None) -> bool:
    return learn(pa.array(texts, kind or pa.string()), vocab_size, character_ranges()) == by_the_library(texts, vocab_size)


@given(st.lists(st.text(st.sampled_from("ab \n") | st.characters(codec="utf-8"), max_size=40), max_size=6), st.integers(257, 400))
def test_any_texts_teach_what_they_teach_the_library(texts, vocab_size):
    assert agrees(texts, vocab_size)


@given(st.lists(st.text("abc", max_size=60), max_size=6))
def test_pairs_that_overlap_and_tokens_that_are_made_twice_are_learned_as_the_library_learns_them(texts):
    assert agrees(texts, 340)


@pytest.mark.parametrize("vocab_size", [1, 257, 258, 700, 5_000])
def test_a_vocabulary_ends_where_the_library_ends_it_however_much_there_is_to_learn(vocab_size):
    texts = [prose(random.Random(seed)) for seed in range(40)]
    assert agrees([*texts, " " * 500 + "x", "aaaaaaa" * 40, "naïve Größe, 東京 東京"], vocab_size, pa.large_string())


def test_more_pairs_than_there_was_room_for_are_counted_all_the_same():
    letters = random.Random(2)
    assert agrees(["".join(map(chr, letters.choices(range(0x100, 0x3000), k=20_000))), "".join(letters.choices("abcdefgh", k=30_000))], 900)
