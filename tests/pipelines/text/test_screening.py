"""Suspicious lines against a search of each line, character by character."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.normal_form import combining_classes, unstable
from pipelines.text.screening import BEYOND, NUM_POINTS, screen

FIRST, SECOND = "éàω\U0001f600", "é° ω\U00010400"
PAIRS = [("é", "°"), ("a", "ω"), ("à", " "), ("ω", "é"), ("\U0001f600", "\U00010400")]
ALONE = "\r\x00†\u2028\U0001d15e"
PIECES = st.sampled_from(
    [*"aé° ωà\n\r\x00†\u2028\U0001d15e\U0001f600\U00010400&;x", "\n\n", "&amp;", "&#12;", "& b;", "&é;", "\u0301\u0323", "\u0323\u0301", "\U000f0000"]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=20)


def points(characters):
    found = np.zeros(NUM_POINTS, np.bool_)
    found[[ord(c) for c in characters]] = True
    return found


SCREEN = screen([(points(a), points(b)) for a, b in PAIRS], alone=map(ord, ALONE), orders=combining_classes(), finds_entities=True)


def plain_lines(text):
    done = 0
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        orders = [unicodedata.combining(c) for c in line]
        is_found = any(c in ALONE for c in line) or any(pair in PAIRS for pair in pairwise(line)) or re.search(r"&[^\x00- &;]{0,38};", line)
        if is_found or any(a > b > 0 for a, b in pairwise(orders)):
            yield done, done + len(line)
        done += len(line)


@given(text=TEXTS)
def test_the_lines_are_those_of_a_search_of_each(text):
    assert SCREEN.lines(text) == list(plain_lines(text))


@given(texts=st.lists(TEXTS, max_size=5), cut=st.integers(0, 3))
def test_a_text_is_touched_where_it_has_such_a_line_and_slices_are_read_where_they_are(texts, cut):
    found = SCREEN.touched(pa.array(texts, pa.string()).slice(cut))
    assert found.to_pylist() == [bool(SCREEN.lines(text)) for text in texts[cut:]]
    assert SCREEN.touched(pa.array(texts[cut:], pa.large_string())).to_pylist() == found.to_pylist()


def test_more_lines_than_were_expected_are_found_all_the_same():
    assert len(SCREEN.lines("†\n" * 3000)) == 3000


def test_a_line_of_ten_megabytes_and_half_a_surrogate_pair_are_lines_like_others():
    assert SCREEN.lines("a" * 10_000_000 + "†") == [(0, 10_000_001)]
    assert SCREEN.lines("a\ud800\n†") == [(3, 4)]


def test_pairs_of_ascii_or_too_many_are_refused():
    with pytest.raises(ValueError, match="pair of ASCII"):
        screen([(points("a"), points("b"))])
    with pytest.raises(ValueError, match="65 pairs"):
        screen([(points("é"), points("b"))] * 65)


def test_a_text_of_characters_that_are_stable_and_in_order_is_in_its_normal_form():
    orders = combining_classes()
    for form in ("NFC", "NFKC"):
        changing = unstable(form)
        stable = "".join(chr(point) for point in range(NUM_POINTS) if point not in changing and not orders[point] and not 0xD800 <= point < 0xE000)
        assert unicodedata.is_normalized(form, stable)
        marks = sorted((point for point in range(NUM_POINTS) if orders[point] and point not in changing), key=lambda point: orders[point])
        assert unicodedata.is_normalized(form, "".join(f"{one}{''.join(map(chr, marks))}" for one in stable[::997]))


def test_no_character_behind_the_tables_composes_or_is_ordered():
    rest = "".join(chr(point) for point in range(BEYOND, 0x110000))
    assert not any(map(unicodedata.combining, rest))
    assert unicodedata.normalize("NFKD", rest) == rest
