"""Seeds: chosen as winnowing says, kept as a set, and never a reason to miss an n-gram."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contamination.matching import MULTIPLIER
from pipelines.contamination.screen import both_sums
from pipelines.contamination.seeds import SEED_WORDS, SEEDS_A_WINDOW, WINDOW_WORDS, SeedSet, Sought, _windows, block_seeds
from pipelines.text.hashing import mixed, word_hashes
from pipelines.text.words import contamination_words

WORDS = st.lists(st.sampled_from(["a", "b", "the", "dog", "東", "ran", "x1", "été"]), max_size=30).map(" ".join)
TEXTS = st.lists(WORDS, max_size=5)
RARE = [f"w{n}" for n in range(3000)]


def seeds_by_hand(text):
    """The same, from words: the lowest of the hashes of three runs of six words."""
    words = contamination_words(pa.array([text], pa.string()))
    hashed = [int(h) for h in word_hashes(words.utf8, words.starts, words.ends)]
    runs = []
    for start in range(len(hashed) - SEED_WORDS + 1):
        total = 0
        for h in hashed[start : start + SEED_WORDS]:
            total = (total * int(MULTIPLIER) + h) % 2**64
        runs.append(int(mixed(np.uint64(total))))
    return [min(runs[i : i + SEEDS_A_WINDOW]) for i in range(len(runs) - SEEDS_A_WINDOW + 1)]


def prose(seed, num_words):
    return " ".join(random.Random(seed).choices(RARE, k=num_words))


def sought(parts, n=13):
    return Sought.of(pa.array(parts, pa.string()), asks_whole=np.zeros(len(parts), np.bool_), ngram_words=n, min_words=WINDOW_WORDS)


def seeds_of(*texts):
    return SeedSet.of([block_seeds(pa.array([text], pa.string())) for text in texts])


@settings(max_examples=100)
@given(TEXTS)
def test_the_seed_of_eight_words_is_the_lowest_of_three_runs_of_six(texts):
    borders, seeds = _windows(both_sums(pa.array(texts, pa.string())).joined)
    assert [seeds[a:b].tolist() for a, b in pairwise(borders)] == [seeds_by_hand(text) for text in texts]


@settings(max_examples=100)
@given(TEXTS, WORDS, st.integers(8, 13))
def test_a_block_that_holds_an_ngram_is_never_passed_by(texts, item, n):
    held = [" ".join(text.split()) for text in texts]
    words = item.split()
    grams = [" ".join(words[i : i + min(n, len(words))]) for i in range(len(words) - min(n, len(words)) + 1)] if len(words) >= WINDOW_WORDS else []
    if any(f" {gram} " in f" {text} " for gram in grams for text in held):
        assert seeds_of(*texts).may_hold(sought([item], n))


@settings(max_examples=60)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=300), st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_a_set_holds_what_was_put_in_and_next_to_nothing_else(values, others):
    held = SeedSet.from_bytes(*SeedSet.of([np.array(values, np.uint64)]).to_bytes())

    def has(value):
        one = Sought(borders=np.array([0, 1]), seeds=np.array([value], np.uint64), num_windows=np.array([1]), num_without=0)
        return held.may_hold(one)

    assert all(has(value) for value in values)
    bits = 16 + max(len(set(values)).bit_length(), 8)
    cut = {value >> (64 - bits) for value in values}
    assert [has(value) for value in others] == [value >> (64 - bits) in cut for value in others]


def test_a_planted_ngram_is_seen_and_a_benchmark_that_is_not_there_is_not():
    documents = [prose(seed, 400) for seed in range(30)]
    item, absent = prose(1000, 40), [prose(seed, 40) for seed in range(2000, 2200)]
    gram = " ".join(item.split()[20:33])
    block = seeds_of(*documents[:15], f"{documents[15]} {gram} {documents[16]}", *documents[17:])
    assert block.may_hold(sought([*absent, item]))
    assert not block.may_hold(sought(absent))
    assert not seeds_of(*documents).may_hold(sought([item]))


def test_all_seeds_of_an_ngram_are_asked_for_and_not_some():
    item = prose(7, 13)
    words = item.split()
    assert not seeds_of(" ".join(words[:12])).may_hold(sought([item]))
    assert seeds_of(item).may_hold(sought([item]))


def test_neither_texts_nor_parts_are_needed_and_what_is_too_short_is_not_sought():
    assert not seeds_of().may_hold(sought(["six words are not a window", ""]))
    assert not seeds_of("").may_hold(sought([prose(1, 20)]))
    assert not seeds_of(prose(1, 20)).may_hold(sought([]))


def test_the_order_and_the_batches_of_texts_do_not_change_the_set():
    texts = [prose(seed, 60) for seed in range(12)]
    together = SeedSet.of([block_seeds(pa.array(texts, pa.string()))])
    assert together.to_bytes() == seeds_of(*reversed(texts)).to_bytes()


def test_a_text_that_has_two_readings_is_found_by_either():
    item = prose(5, 13)
    words = item.split()
    cut = f"{words[3][:2]}-\n{words[3][2:]}"  # hyphenated at the end of a line: one word or two
    for shown in (" ".join([*words[:3], cut, *words[4:]]), " ".join([*words[:3], words[3][:2], words[3][2:], *words[4:]])):
        assert seeds_of(" ".join([*words[:3], cut, *words[4:]])).may_hold(sought([shown]))


def test_parts_that_are_looked_for_whole_and_have_no_seeds_are_counted():
    texts = pa.array(["one two three", "a b", prose(3, 9), ""], pa.string())
    asked = Sought.of(texts, asks_whole=np.array([True, False, True, True]), ngram_words=13, min_words=8)
    assert asked.num_without == 1
    assert asked.num_windows.tolist() == [0, 0, 2, 0, 0, 0, 0, 0]
