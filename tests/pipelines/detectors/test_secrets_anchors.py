"""The compiled scan for the words that give a secret away, against a plain search."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detectors.secrets_anchors import anchored, laid_out
from pipelines.detectors.secrets_rules import ready, rules

WORDS = [b"abc", b"bca", b"aab", b"token", b"ken_", "密码".encode(), b"tok", b"--a"]
ANCHORS = laid_out(WORDS)
TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "C", "abc", "TOKEN_", "密码", "密", "--", "é"]), max_size=12).map("".join), max_size=5)


def plainly(texts):
    """Every place of every word in the text in small letters of ASCII; bytes count from the first text on."""
    rows, base = [], 0
    for number, text in enumerate(texts):
        utf8 = text.encode().lower()
        found = [(at, word) for word, bare in enumerate(WORDS) for at in range(len(utf8)) if utf8.startswith(bare, at)]
        rows += [[number, word, base + at] for at, word in sorted(found)]
        base += len(utf8)
    return rows


@given(texts=TEXTS)
@settings(deadline=None, max_examples=200, derandomize=True)
def test_the_scan_finds_every_word_and_nothing_else(texts):
    assert anchored(pa.array(texts, pa.string()), ANCHORS).tolist() == plainly(texts)


def test_a_text_of_nothing_but_words_has_room():
    assert len(anchored(pa.array(["abc" * 1000]), ANCHORS)) == 1999


def test_too_many_words_are_refused():
    with pytest.raises(ValueError, match="at most 255"):
        laid_out([b"%03d" % number for number in range(300)])


def test_every_rule_is_reached_by_its_words():
    assert {rule.name for of_anchor in ready().of_anchor for rule in of_anchor} == {rule.name for rule in rules()}
