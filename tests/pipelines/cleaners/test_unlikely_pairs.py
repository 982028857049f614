"""What ftfy's expression for bad text cannot do without, against the expression itself."""

# ruff: noqa: RUF001 - marks that look like others are what this is about

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from ftfy.badness import BADNESS_RE
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cleaners.unlikely_pairs import unlikely
from pipelines.text.screening import BEYOND

KNOWN = unlikely(BADNESS_RE)
NAMED = sorted({*BADNESS_RE.pattern, *map(chr, range(0x80, 0x180)), *map(chr, range(0x391, 0x460))})
TEXTS = st.text(st.sampled_from([*NAMED, *"ÂÃŒœÐØÙàВГРвЂўβā√‚Ä€× \xa0a1漢\u3000😀𐐀"]), max_size=12)


def holds_one(text, known):
    points = [min(ord(c), BEYOND) for c in text]
    return any(p in known.alone for p in points) or any(first[a] and second[b] for a, b in pairwise(points) for first, second in known.pairs)


def test_every_alternative_of_the_expression_is_understood():
    assert KNOWN is not None
    assert KNOWN.alone == set(range(0x80, 0xA0))


@given(text=TEXTS)
@settings(max_examples=2000)
def test_where_the_expression_finds_something_there_is_one_of_the_pairs(text):
    assert not BADNESS_RE.search(text) or holds_one(text, KNOWN)


@pytest.mark.parametrize("text", ["Ã\xa0", "a ÃÂ ", " Â ", "ГўВЂВ😀a", "œ漢", "Œ😀", "œ\u3000", "é”𐐀", "‚âà", "ØªÙ†", "²Â", "½“"])
def test_real_mojibake_and_its_neighbours_hold_one(text):
    assert BADNESS_RE.search(text) is None or holds_one(text, KNOWN)


@pytest.mark.parametrize("expression", ["é{2}", "(é)", "é+", r"\Aé", r"\bé", "", "é |", "漢é", "𐐀é", "ab", r"\w\w"])
def test_of_an_expression_that_is_not_understood_nothing_is_said(expression):
    assert unlikely(re.compile(expression, re.VERBOSE)) is None


def test_flags_that_change_what_it_takes_are_not_understood_either():
    assert unlikely(re.compile("éà", re.VERBOSE | re.IGNORECASE)) is None
    assert unlikely(re.compile("éà")) is None


def test_an_alternative_keeps_the_neighbours_that_are_rarest_and_none_that_may_be_missing():
    known = unlikely(re.compile("[a-z] [àé] ° # a remark\n | é \\s? ß à | ^ ~", re.VERBOSE))
    assert known is not None
    assert known.alone == {ord("~")}
    assert [(sum(first), sum(second)) for first, second in known.pairs] == [(2, 1), (1, 1)]
