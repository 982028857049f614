"""Words of folded texts, in both readings, against a reference of ``re``, ``html`` and ``unicodedata`` that is written apart from the kernel."""

# The reference is one state machine, as what it is the reference of; characters that look like others are what is tested.
# ruff: noqa: C901, PLR0911, RUF001

import re
import unicodedata
from functools import cache
from html import unescape
from html.entities import html5
from itertools import groupby, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contamination.matching import MULTIPLIER, prefix_hashes
from pipelines.contamination.screen import both_sums
from pipelines.text import word_forms
from pipelines.text.hashing import word_hashes
from pipelines.text.word_forms import SPACELESS
from pipelines.text.words import contamination_words

READINGS = ("joined", "parted")
ALONE = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in SPACELESS) + "]")
B = r"[ \t\n\v\f\r]"
INLINE = {
    *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label", "mark"),
    *("nobr", "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
}
TAG = re.compile(
    rf"<(?P<kind>[/!?]?)(?P<name>[A-Za-z][A-Za-z0-9:_-]{{0,31}})"
    rf"""(?:/>|{B}*/?>|(?P<rest>{B}(?>={B}*+(?:"[^"<]*+"|'[^'<]*+')|=(?!{B}*+["'])|[^<>=])*+)>)"""
)
COMMENT = re.compile(r"<!--(?:>|->|(?P<inner>[^<]*?)-->)")
VALUES = re.compile(rf"""={B}*+(?:"([^"<]*+)"|'([^'<]*+)')""")
ENTITY = re.compile(r"&(?:amp;)*(?P<body>#[xX][0-9a-fA-F]+;?|#[0-9]+;?|(?P<name>[A-Za-z0-9]{1,32})(?![A-Za-z0-9])(?P<end>;?))?")
SYLLABLE = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\uac00-\ud7a3][\u11a8-\u11c2]")
LINE_END = re.compile(f"[-\u00ad\u2010]({B}*)(?!{B})(.)", re.DOTALL)
PARTS = "parts"

PIECES = st.sampled_from(
    [
        *"aZé9 \n\t.,'\"-_/<>&=;!?Σςßẞıİ#x", "\u00ad", "\u200b", "\u200d", "\ufeff", "\u0301", "\u0323", "\u0302", "\u3000",
        "東", "ー", "ก", "ำ", "\u0e31", "ໜ", "ﬁ", "\uff21", "½", "℃", "™", "Ⓐ", "ｶ", "ﾞ", "が", "가", "각", "\u1100", "\u1161", "\u11a8",
        "\ufe0f", "\u3164", "\u2019", "\u02bc", "\u0374", "\u2010", "\U0001d400", "👍🏽", "\x00", "\x0b", "ﷺ", "ͅ", "ᾳ",
        "&amp;", "&#", "&#x41;", "&#65", "&#0;", "&#x80;", "&#xd800;", "&nbsp", "&nbsp;", "&shy;", "&eacute;", "&NotEqualTilde;", "&fjlig;",
        "&ThickSpace;", "&copy=", "&rsquo;", "amp;", "<b>", "</b>", "<br/>", "<p class='a b'>", '<a href="x">', "<!--", "-->", "<!-- one -->",
        "<!DOCTYPE html>", "<?xml?>", "<i and c>", 'alt="a b c d e f g h"', "<img ", "-\n", "-\r\n  ", "-\n\n", "word ", " of ",
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)), max_size=5)


@cache
def folded(character):
    """Characters that one stands for; PARTS, a blank, or nothing."""
    point, category = ord(character), unicodedata.category(character)
    if re.match(r"\s", character):
        return " "
    if character in "\u00ad\u034f\u17b4\u17b5":
        return ""
    if 0x180B <= point <= 0x180F or 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF:
        return ""
    if category in {"Cc", "Cf"} or character in "\u115f\u1160\u3164\uffa0\u02b9\u02bb\u02bc\u02bd":
        return PARTS
    is_syllable, is_symbol = 0xAC00 <= point < 0xD7A4, category[0] in "PS"
    decomposed = character if is_syllable else unicodedata.normalize("NFKD", character)
    new = decomposed if is_syllable else unicodedata.normalize("NFKD", decomposed.replace("ı", "i").casefold())
    if new == character:
        return PARTS if is_symbol else character
    kept = "".join(c for c in new if unicodedata.category(c)[0] not in "PSZ" and unicodedata.category(c) != "Cf" and c not in "ʹʼ\u034f\u115f\u1160")
    if is_symbol:
        return kept if len(kept) == 1 and not unicodedata.decomposition(character).startswith("<super>") else PARTS
    return character if len(kept) > 6 else kept or PARTS


def is_kept(character):
    return folded(character) not in {"", " ", PARTS}


def unit(text, at, is_after_kept):
    """What is read at a place, and how many characters it takes."""
    if found := (TAG.match(text, at) or COMMENT.match(text, at)):
        groups = found.groupdict()
        if "inner" in groups:
            if len(re.findall(rf"[^{B[1:-1]}]+", (groups["inner"] or "") + "--")) <= 8:
                return " ", len(found[0])
        elif groups["rest"] is None:
            return "-" if groups["name"].lower() in INLINE and groups["kind"] in ("", "/") else " ", len(found[0])
        else:
            values = [a or b for a, b in VALUES.findall(groups["rest"])]
            has_value = ("=" in groups["rest"] and groups["kind"] != "/") or groups["kind"] in ("!", "?")
            if has_value and all(len(re.findall(rf"[^{B[1:-1]}]+", value)) < 8 for value in values):
                return "-" if groups["name"].lower() in INLINE and not groups["kind"] else " ", len(found[0])
    if found := ENTITY.match(text, at):
        name, body = found["name"], found["body"]
        if body and body.startswith("#"):
            return unescape("&" + body) or "\ufffd", len(found[0])
        if name and name + ";" in html5 and (found["end"] or (name in html5 and text[found.end() : found.end() + 1] != "=")):
            return html5[name + ";"], len(found[0])
        return "&", len(found[0]) - len(body or "")
    found = SYLLABLE.match(text, at)
    if found and (len(found[0]) == 3 or not (len(found[0]) == 2 and found[0][0] >= "\uac00") or (ord(found[0][0]) - 0xAC00) % 28 == 0):
        return unicodedata.normalize("NFC", found[0]), len(found[0])
    if is_after_kept and (found := LINE_END.match(text, at)) and found[1].count("\n") == 1 and is_kept(found[2]):
        return "-", len(found[0]) - 1
    return text[at], 1


def in_order(piece):
    return "".join(
        "".join(sorted(run, key=unicodedata.combining) if is_mark else run) for is_mark, run in groupby(piece, lambda c: unicodedata.combining(c) > 0)
    )


def plain_words(text, reading):
    """Words with their places in bytes. A word is pieces; marks are put in order within a piece."""
    words, at, place = [], 0, 0
    is_open = has_word = after_alone = after_kept = False
    head = None
    while at < len(text):
        characters, size = unit(text, at, after_kept)
        at, start, place = at + size, place, place + len(text[at : at + size].encode())
        given = [folded(c) for c in characters]
        kept = [c for new in given if new not in {"", " ", PARTS} for c in new]
        after_kept = bool(kept)
        if not kept and given[0] == " ":
            if has_word:
                words[-1][2] = start
            is_open = has_word = after_alone = False
            head = None
        elif not kept:
            if given[0] == PARTS or len(given) > 1:
                if words:
                    words[-1][0].append("")
                if reading == "parted":
                    is_open = False
            head = start if head is None and not has_word else head
        for number, c in enumerate(kept):
            is_mark, is_alone, edge = unicodedata.category(c)[0] == "M", bool(ALONE.match(c)), place if number else start
            if not is_open or (not is_mark and (is_alone or after_alone)):
                if has_word:
                    words[-1][2] = edge
                words.append([[""], start if head is None else head, None])
                head, is_open, has_word = None, True, True
            words[-1][0][-1] += c
            after_alone = after_alone if is_mark else is_alone
    if has_word:
        words[-1][2] = place
    return [("".join(map(in_order, pieces)), start, end) for pieces, start, end in words]


def kernel_words(words, text):
    inside = slice(words.first[text], words.first[text + 1])
    return list(zip(words.of_text(text), words.text_starts[inside].tolist(), words.text_ends[inside].tolist(), strict=True))


@pytest.mark.parametrize("reading", READINGS)
@settings(max_examples=250)
@given(texts=TEXTS)
def test_words_are_what_python_says_they_are(reading, texts):
    words = contamination_words(pa.array(texts, pa.string()), reading)
    assert [kernel_words(words, i) for i in range(len(texts))] == [plain_words(text, reading) for text in texts]


def joined(*texts):
    words = contamination_words(pa.array(texts, pa.string()))
    return [words.of_text(i) for i in range(len(texts))]


def parted(*texts):
    words = contamination_words(pa.array(texts, pa.string()), "parted")
    return [words.of_text(i) for i in range(len(texts))]


@pytest.mark.parametrize("reading", READINGS)
def test_every_code_point_is_folded_as_python_says(reading):
    points = [chr(p) for p in range(0x110000) if not 0xD800 <= p < 0xE000 and (p < 0x3400 or p % 61 == 0 or 0xF900 <= p <= 0xFFFF)]
    texts = [" ".join(f"a{c}b" for c in points[i : i + 500]) for i in range(0, len(points), 500)]
    words = contamination_words(pa.array(texts, pa.string()), reading)
    assert [kernel_words(words, i) for i in range(len(texts))] == [plain_words(text, reading) for text in texts]


def test_what_is_folded_is_folded():
    tables = word_forms.assay_tables()
    points = np.arange(0x110000)
    single = ~tables.lower[: len(points)] >> 31 == 1
    once = tables.lower[: len(points)][single]
    assert np.array_equal(tables.lower[once], once)
    assert np.array_equal(tables.lower[tables.codes], tables.codes)


def test_folding_makes_no_text_three_times_longer_and_no_character_more_than_two_words():
    tables = word_forms.assay_tables()
    for point in np.flatnonzero(tables.lower[:0x110000] & word_forms.EXPANDS):
        value = int(tables.lower[point]) ^ word_forms.EXPANDS
        codes = tables.codes[value >> 3 : (value >> 3) + (value & 7)]
        alone = int((tables.kinds[codes] & word_forms.ALONE != 0).sum())
        assert len("".join(map(chr, codes)).encode()) + max(alone, 1) <= 3 * len(chr(point).encode()) + 1, hex(point)
        assert alone < 2 or (alone == 2 and len(chr(point).encode()) == 3), hex(point)


# What stands between parts of words in another copy of the text: the same words in one reading or the other.
@pytest.mark.parametrize(
    "between",
    ["<br>", "</p><p>", "\u00a0", "&nbsp;", "&amp;nbsp;", "&#160;", "&#xA0", "&ThickSpace;", "<!-- two words -->", "\r\n", "\u3000", "\u2028"],
)
def test_what_is_white_space_to_a_reader_parts_words_in_both_readings(between):
    assert joined(f"one{between}two") == parted(f"one{between}two") == [["one", "two"]]


OPEN = [*"_/-'", "\u2014", "\u2019", "\u02bc", "\u200b", "\ufeff", "\u2060", "\u2800", "&rsquo;", "&#39;", "&#x200b;", "</span><i>", "-\n  "]


@pytest.mark.parametrize("between", OPEN)
def test_what_may_stand_for_white_space_or_for_nothing_is_one_word_or_two(between):
    assert joined(f"one{between}two") == [["onetwo"]]
    assert parted(f"one{between}two") == [["one", "two"]]


@pytest.mark.parametrize("within", ["\u00ad", "\ufe0f", "&shy;", "\u034f"])
def test_what_is_nothing_to_a_reader_is_nothing_in_both_readings(within):
    assert joined(f"one{within}two") == parted(f"one{within}two") == [["onetwo"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a < b and c > d", ["a", "b", "and", "c", "d"]),
        ("if a<b and c>d", ["if", "ab", "and", "cd"]),
        ("list<int, 3>", ["listint", "3"]),
        ("<john@example.com>", ["johnexamplecom"]),
        ("AT&T R&D Q&A; fish&chips", ["att", "rd", "qa", "fishchips"]),
        ('<img alt="one two three four five six seven eight">', ["img", "altone", "two", "three", "four", "five", "six", "seven", "eight"]),
        ("<!-- one two three four five six seven eight -->", ["one", "two", "three", "four", "five", "six", "seven", "eight"]),
    ],
)
def test_what_is_no_tag_and_no_entity_is_text(text, words):
    assert joined(text) == [words]


def test_spans_are_bytes_of_the_text_as_it_was_given():
    text = "<p>Caf&eacute; &#x201c;na\u00efve&#x201d;<br>\uff21\uff22 x</p>"
    words = contamination_words(pa.array([text]))
    spans = zip(words.text_starts.tolist(), words.text_ends.tolist(), strict=True)
    assert [text.encode()[start:end].decode() for start, end in spans] == ["Caf&eacute;", "&#x201c;na\u00efve&#x201d;", "\uff21\uff22", "x"]


def test_hyphenation_is_one_break_of_a_line_between_parts_of_words():
    assert joined("well-\nknown", "- one -\n- two", "one -\ntwo", "one-\n\ntwo", "one--\ntwo") == [
        ["wellknown"], ["one", "two"], ["one", "two"], ["one", "two"], ["one", "two"]
    ]  # fmt: skip


@given(st.text(st.sampled_from("aeoßçñệẫﬁがド각힣ᾳΰйёأآ가각क़ড়ทำ²①"), max_size=30))
def test_a_text_and_its_normal_forms_are_the_same_words(text):
    assert all(joined(unicodedata.normalize(form, text)) == joined(text) for form in ("NFC", "NFD", "NFKC", "NFKD"))


@given(st.text(st.characters(codec="latin-1")))
def test_a_text_in_capitals_or_small_letters_is_the_same_words(text):
    assert joined(text.upper()) == joined(text.lower()) == joined(text)


@settings(max_examples=200)
@given(TEXTS, st.sampled_from([pa.string(), pa.large_string()]), st.integers(0, 3))
def test_both_sums_are_those_of_the_words(texts, kind, start):
    array = pa.array(texts, kind).slice(start)
    readings = [contamination_words(array, reading) for reading in READINGS]
    both = both_sums(array)
    assert all(map(same_sums, (both.joined, both.parted), readings))
    assert both.differs.tolist() == [readings[0].of_text(i) != readings[1].of_text(i) for i in range(len(array))]


def same_sums(sums, words):
    expected = prefix_hashes(word_hashes(words.utf8, words.starts, words.ends))
    return np.array_equal(sums[0], words.first) and np.array_equal(sums[1], expected)


def grams(first, sums, length):
    """The n-grams of texts as sums that tell them apart, a list a text."""
    power, values = pow(int(MULTIPLIER), length, 1 << 64), list(map(int, sums))
    borders = pairwise(first.tolist())
    return [[(values[i + length] - values[i] * power) % (1 << 64) for i in range(low, high - length + 1)] for low, high in borders]


@settings(max_examples=200)
@given(TEXTS, st.integers(1, 6))
def test_an_n_gram_that_only_parting_makes_holds_a_word_that_only_parting_makes(texts, length):
    both = both_sums(pa.array(texts, pa.string()))
    first, sums = both.parted
    for text, (joined_grams, parted_grams) in enumerate(zip(grams(*both.joined, length), grams(first, sums, length), strict=True)):
        starts = range(first[text], first[text + 1] - length + 1)
        known = {gram for gram, start in zip(parted_grams, starts, strict=True) if not both.is_other[start : start + length].any()}
        assert known <= set(joined_grams)


def test_what_opens_a_tag_or_an_entity_a_hundred_thousand_times_is_looked_at_once():
    assert joined("<" * 100_000, "<a " * 100_000, "<!--" * 100_000, "&amp;" * 100_000, "&#1" * 100_000)[:1] == [[]]
    assert len(joined('<a b="' * 100_000)[0]) == 100_001
    assert len(joined("a-" + " " * 100_000 + "b")[0]) == 2


def test_a_letter_under_more_marks_than_are_put_in_order_is_a_word_like_another():
    piled = "a" + "\u0301\u0323" * 50 + "b"
    words = contamination_words(pa.array([piled]))
    assert len(words.of_text(0)) == 1
    assert len(words.of_text(0)[0]) == 102
    assert same_sums(both_sums(pa.array([piled])).joined, words)


@pytest.mark.shared
def test_words_of_real_documents_in_many_languages_are_python_s(shared):
    texts = pq.read_table(shared / "corpora" / "small.parquet").column("text").to_pylist()[::37]
    for reading in READINGS:
        words = contamination_words(pa.array(texts), reading)
        assert [kernel_words(words, i) for i in range(len(texts))] == [plain_words(text, reading) for text in texts]
