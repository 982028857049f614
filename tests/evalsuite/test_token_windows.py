from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.base import Scored
from evalsuite.windows import encode_pair, joined, score_windowed, windows

TOKENS = st.lists(st.integers(0, 99), max_size=60)


def letters(text):
    return [ord(c) for c in text]


@settings(max_examples=150)
@given(TOKENS.filter(bool), TOKENS, st.integers(1, 20))
def test_every_token_is_scored_once_and_after_the_tokens_that_stand_before_it(context, continuation, max_length):
    found = windows(context, continuation, max_length)
    assert [t for w in found for t in w.continuation] == continuation
    whole, place = context + continuation, len(context)
    for window in found:
        assert len(window.context) >= 1
        assert len(window.context) + len(window.continuation) <= max_length + 1
        assert list(window.context) == whole[place - len(window.context) : place]
        place += len(window.continuation)


def test_windows_of_a_text_are_those_of_the_published_rule():
    # lm_eval 0.4.13: get_rolling_token_windows(range(10), prefix_token=-100, max_seq_len=4, context_len=1), made disjoint.
    found = [(list(w.context), list(w.continuation)) for w in windows([-100], list(range(10)), 4)]
    assert found == [([-100], [0, 1, 2, 3]), ([3], [4, 5, 6, 7]), ([5, 6, 7], [8, 9])]


def test_a_context_that_does_not_fit_is_cut_on_its_left():
    (found,) = windows([1, 2, 3, 4, 5], [6, 7], 4)
    assert (found.context, found.continuation) == ((3, 4, 5), (6, 7))


def test_an_empty_continuation_has_no_window_and_a_likelihood_of_one():
    assert windows([1], [], 4) == []
    assert score_windowed([([1], [])], 4, lambda _: []) == [joined([])] == [Scored(logprob_nats=0, is_greedy=True, num_tokens=0)]


def test_a_first_token_needs_something_before_it():
    with pytest.raises(ValueError, match="conditioned on"):
        windows([], [1], 4)


def test_white_space_at_the_end_of_a_context_is_scored_with_the_continuation():
    assert encode_pair(letters, "Answer: ", "yes") == (letters("Answer:"), letters(" yes"))
    assert encode_pair(letters, "Answer:", " yes") == (letters("Answer:"), letters(" yes"))
    assert encode_pair(letters, "", "yes") == ([], letters("yes"))
    assert encode_pair(letters, "  ", "yes") == ([], letters("  yes"))


def test_a_continuation_that_melts_into_its_context_is_not_free():
    def pairs(text):  # two letters a token, so that "a" + "b" is one token, as long as "a" alone
        return [hash_of(text[i : i + 2]) for i in range(0, len(text), 2)]

    def hash_of(piece):
        return sum(ord(c) * 1000**i for i, c in enumerate(piece))

    assert encode_pair(pairs, "a", "b") == ([hash_of("a")], [hash_of("b")])


@settings(max_examples=60)
@given(st.lists(st.tuples(TOKENS.filter(bool), TOKENS), max_size=6), st.integers(1, 9))
def test_scores_of_windows_come_back_to_their_texts(pairs, max_length):
    def score(cut):
        return [Scored(logprob_nats=-float(sum(w.continuation)), is_greedy=True, num_tokens=len(w.continuation)) for w in cut]

    found = score_windowed(pairs, max_length, score)
    assert [(s.logprob_nats, s.num_tokens) for s in found] == [(-sum(c), len(c)) for _, c in pairs]
