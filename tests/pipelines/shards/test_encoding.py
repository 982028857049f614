"""Our encoder gives the ids that the library gives: for every character, any text, any merges, any cut of the input, however little it remembers."""

from __future__ import annotations

import json
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import prose
from tokenizers import Tokenizer

from pipelines.shards.encoding import Encoder
from pipelines.shards.pretokens import character_ranges
from pipelines.shards.tokenizer import LibraryEncoder, byte_characters, encoder, learn

TEXTS = [prose(random.Random(seed)) for seed in range(20)]
LEARNED = learn([*TEXTS, "aaaa aaa bbb  \n\n   x'll x've", "naïve Größe 東京"], 600)
PIECES = [
    "'",
    "'s",
    "'T",
    "'re",
    "'ll",
    " ",
    "  ",
    "\n",
    "\t",
    "\u00a0",
    "\u3000",
    "\u0085",
    "a",
    "the",
    "é",
    "東",
    "7",
    "²",
    "Ⅷ",
    "!",
    "?!",
    "😀",
    "\u0301",
]
SOME_TEXT = st.text(max_size=30) | st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=30).map("".join)


def ours(tokenizer_json: str) -> Encoder:
    found = encoder(tokenizer_json, character_ranges())
    assert isinstance(found, Encoder)
    return found


def agrees(texts: list[str], tokenizer_json: str = LEARNED) -> bool:
    given_texts = pa.array(texts, pa.string())
    return ours(tokenizer_json).encode(given_texts).equals(LibraryEncoder(tokenizer_json).encode(given_texts))


def changed(tokenizer_json: str, **parts: object) -> str:
    return json.dumps(json.loads(tokenizer_json) | parts)


def with_merges(merges: list[tuple[str, str]]) -> str:
    """The learned tokenizer with its bytes and other merges."""
    said = json.loads(LEARNED)
    tokens = [token for token, place in said["model"]["vocab"].items() if place <= 256]
    tokens += [left + right for left, right in merges]
    said["model"] |= {"vocab": {token: place for place, token in enumerate(dict.fromkeys(tokens))}, "merges": [list(pair) for pair in merges]}
    return json.dumps(said)


@given(st.lists(SOME_TEXT, max_size=5))
def test_any_text_has_the_ids_that_the_library_gives(texts):
    assert agrees(texts)


@pytest.mark.parametrize("plane", range(17))
def test_every_character_is_cut_as_the_library_cuts_it(plane):
    characters = map(chr, (c for c in range(plane << 16, (plane + 1) << 16) if not 0xD800 <= c < 0xE000))
    assert agrees(["".join(characters)])


@given(st.data())
def test_merges_of_any_order_that_make_a_token_twice_are_followed_as_the_library_follows_them(data):
    tokens, merges = ["a", "b", "c"], []
    for _ in range(data.draw(st.integers(1, 12))):
        pair = data.draw(st.sampled_from(tokens)), data.draw(st.sampled_from(tokens))
        if pair not in merges and len("".join(pair)) < 9:
            merges.append(pair)
            tokens.append("".join(pair))
    merges = data.draw(st.permutations(merges))
    assert agrees(data.draw(st.lists(st.text("abc", max_size=40), max_size=4)), with_merges(merges))


def test_a_run_without_white_space_is_merged_as_a_short_word_is():
    letters = random.Random(1)
    assert agrees(["a" * 30_000, "".join(letters.choices("abenst", k=30_000)), "東" * 5_000, " " * 9_999 + "x", "\n" * 500])


def test_who_remembers_little_gives_the_same_ids():
    said = json.loads(LEARNED)["model"]
    merges = {(said["vocab"][a], said["vocab"][b]): (rank, said["vocab"][a + b]) for rank, (a, b) in enumerate(said["merges"])}
    byte_ids = np.array([said["vocab"][character] for character in byte_characters()], np.int32)
    forgetful = Encoder(byte_ids, merges, 0, character_ranges(), num_pretokens=8)
    assert all(forgetful.encode(pa.array([text])).equals(ours(LEARNED).encode(pa.array([text]))) for text in TEXTS)
    forgetful.encode(pa.array([" ".join(map(str, range(100)))]))
    assert forgetful._met.count == 0  # a worker does not hold what the last batch was made of


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_slice_has_the_ids_of_its_own_texts(kind):
    whole = pa.array(["", "first one", "", "it's ½ 東京", "last"], kind)
    for start in range(len(whole) + 1):
        part = whole.slice(start, 2)
        assert ours(LEARNED).encode(part).to_pylist() == LibraryEncoder(LEARNED).encode(pa.array(part.to_pylist(), kind)).to_pylist()


def test_no_texts_have_no_ids():
    assert ours(LEARNED).encode(pa.array([], pa.string())).equals(pa.array([], pa.list_(pa.int32())))


@pytest.mark.parametrize(
    "part",
    [
        {"normalizer": {"type": "Lowercase"}},
        {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}},
        {"post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}},
        {"model": json.loads(LEARNED)["model"] | {"ignore_merges": True}},
    ],
    ids=lambda part: next(iter(part)),
)
def test_a_tokenizer_of_another_kind_is_left_to_the_library(part):
    other = changed(LEARNED, **part)
    found = encoder(other, character_ranges())
    assert isinstance(found, LibraryEncoder)
    text = "First ONE, then it's another"
    assert found.encode(pa.array([text])).to_pylist() == [[*Tokenizer.from_str(other).encode(text).ids, 0]]
