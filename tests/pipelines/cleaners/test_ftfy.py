"""The ftfy cleaner against ftfy itself."""

from __future__ import annotations

import re
import sys

import ftfy
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ftfy import chardata
from ftfy.badness import MOJIBAKE_CATEGORIES
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cleaners.ftfy import Ftfy
from pipelines.text.edits import apply

PIECES = st.sampled_from(
    (
        *("plain", "\n", "\r\n", "\r", "&amp;", "&lt;", "&amp;amp;", "<b>", " ", "\t", "\x0c", "&#x80;", "\x1b[31m", "\x00"),
        *("\u00e2\u20ac\u2122", "sch\u00c3\u00b6n", "caf\u00e9", "cafe\u0301", "\ufb01", "\uff0c", "\u201cq\u201d", "\u00c3\u00a0 "),
        *("\x85", "\u2028", "\ufeff", "\u00a0", "\u4e2d\u6587", "\U0001f600"),
    )
)
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30)
CLEANERS = [
    Ftfy(),
    Ftfy(unescape_html="always", uncurl_quotes=True, fix_character_width=True, normalization="NFKC"),
    Ftfy(unescape_html="never", normalization="none"),
]


def fixed_point(text, config):
    """ftfy until it changes nothing; the text itself where that takes more than eight rounds."""
    current = text
    for _ in range(8):
        following = ftfy.fix_text(current, config)
        if following == current:
            return current
        current = following
    return text


@pytest.mark.parametrize("cleaner", CLEANERS)
@given(text=TEXTS)
@settings(deadline=None, max_examples=150)
def test_the_changes_make_what_ftfy_makes(cleaner, text):
    assert apply(text, cleaner.changes(text)) == fixed_point(text, cleaner.config())


@pytest.mark.parametrize("cleaner", CLEANERS)
def test_no_character_that_ftfy_changes_is_passed_over(cleaner):
    everything = [chr(point) for point in range(0x30000) if chr(point) != "\n"] + list(map(chr, range(0x30000, sys.maxunicode + 1, 97)))
    lines = ["x".join(everything[place : place + 48]) + "\n" for place in range(0, len(everything), 48)]
    found = {start for start, _ in cleaner._screen().lines("".join(lines))}
    start = 0
    for line in lines:
        assert start in found or ftfy.fix_text_segment(line, cleaner.config()) == line
        start += len(line)


MOJIBAKE = st.text(
    st.sampled_from(sorted({*"".join(MOJIBAKE_CATEGORIES.values()), *"aZ 1<&;#x\r\u0301\u0323\u4e2d\u1100\u1161\u11a8\x1b"})), max_size=8
)


@pytest.mark.parametrize("cleaner", CLEANERS)
@given(line=MOJIBAKE)
@settings(max_examples=500)
def test_a_line_that_is_passed_over_is_one_that_ftfy_leaves_alone(cleaner, line):
    assert cleaner._screen().lines(line) or ftfy.fix_text_segment(line, cleaner.config()) == line


def test_entities_are_what_the_screen_takes_them_for():
    assert chardata.HTML_ENTITY_RE.pattern == r"&#?[0-9A-Za-z]{1,24};"
    assert max(map(len, chardata.HTML_ENTITIES)) < 40


def test_with_an_expression_that_is_not_understood_every_line_beyond_ascii_is_looked_at(monkeypatch):
    monkeypatch.setattr("pipelines.cleaners.ftfy.BADNESS_RE", re.compile("(unknown)"))
    cleaner = Ftfy(uncurl_quotes=True)
    assert cleaner.touched(pa.array(["plain", "caf\u00e9", "\u4e2d", "\U000e0041", "a &amp; b"])).to_pylist() == [False, True, True, True, True]


def test_lines_beyond_the_segment_length_are_cut_where_ftfy_cuts_them():
    line = "x " * 499_995 + "\u00e2\u20ac\u2122" + "y " * 50_003 + "sch\u00c3\u00b6n &amp; "
    text = f"first &amp; \n{line}\nlast &lt;"
    assert apply(text, Ftfy().changes(text)) == ftfy.fix_text(text, Ftfy().config())


def test_entities_stay_from_the_first_tag_on():
    text = "a &amp; b\nplain\n<p>c &amp; d\ne &amp; f\n"
    assert apply(text, Ftfy().changes(text)) == "a & b\nplain\n<p>c &amp; d\ne &amp; f\n"


def test_what_people_write_stays():
    text = "\u201cquoted\u201d \u4f60\u597d\uff0c10\u00b3 \uff08x\uff09"
    assert Ftfy().changes(text) == []


def test_a_change_is_no_wider_than_what_it_changes():
    text = "before " * 100 + "sch\u00c3\u00b6n" + " after" * 100
    [change] = Ftfy().changes(text)
    assert (text[change.start : change.end], change.new) == ("\u00c3\u00b6", "\u00f6")


def test_plain_ascii_and_an_empty_text_have_no_changes():
    assert Ftfy().changes("") == []
    assert Ftfy().changes("Plain text, with <tags>.\n\tTabs\n" * 1000) == []


@pytest.mark.shared
def test_a_real_sample_is_cleaned_as_ftfy_cleans_it(shared):
    texts = pq.read_table(shared / "corpora" / "small.parquet", columns=["text"])["text"].to_pylist()[::8]
    cleaner = Ftfy()
    changed = 0
    for text in texts:
        changes = cleaner.changes(text)
        changed += bool(changes)
        assert apply(text, changes) == fixed_point(text, cleaner.config())
    assert changed
