"""The compiled scan against patterns of Python's re that say where a kind of personal data can stand."""

from __future__ import annotations

import re
import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detectors import windows as scan
from pipelines.detectors.characters import CLASSES, facts
from pipelines.detectors.plausible import PHONE_NUMBER
from pipelines.detectors.presidio import DEFAULT_REGIONS
from pipelines.detectors.recognizers import RECOGNIZERS, judged
from pipelines.detectors.windows import REACH, windows

NOT_IN_EMAIL = re.compile(r'[\s"(),:;<>\[\]\\]')
NOT_IN_IP = re.compile(r"[^0-9A-Za-z:.%/]")
NOT_IN_URL = re.compile(r"[\s<>\"']")
PHONE_CHAIN = re.compile(r"\d(?:[^\d\n]{0,40}\d){6,}")


def runs(pattern):
    """Matches with one character on both sides."""
    return lambda text: ((max(0, m.start() - 1), min(len(text), m.end() + 1)) for m in re.finditer(pattern, text))


def around(pattern, stop):
    """Matches grown to the next stop on both sides, or as far as any address goes, and two characters more."""

    def spans(text):
        done = 0
        for match in re.finditer(pattern, text):
            start, end = match.span()
            if start < done:
                continue
            low, floor = start, max(done, start - REACH)
            while low > floor and not stop.match(text, low - 1):
                low -= 1
            found = stop.search(text, end, end + REACH)
            done = found.start() if found else min(len(text), end + REACH)
            yield max(0, low - 2), min(len(text), done + 2)

    return spans


def phone_chains(text):
    for chain in PHONE_CHAIN.finditer(text):
        start, end = chain.span()
        if PHONE_NUMBER.search(text, start, end):
            line_end = text.find("\n", end, end + 4)
            low = text.rfind("\n", max(0, start - 12), start) + 1 or max(0, start - 12)
            yield low, line_end if line_end >= 0 else min(len(text), end + 4)


PLAIN = {
    "EMAIL_ADDRESS": around("@", NOT_IN_EMAIL),
    "PHONE_NUMBER": phone_chains,
    "CREDIT_CARD": runs(r"\d[\d -]{12,}"),
    "IP_ADDRESS": around(r"\d\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:", NOT_IN_IP),
    "IBAN_CODE": runs(r"(?<![A-Z0-9])[A-Z]{2}\d{2}[A-Z0-9 -]{8,}"),
    "US_SSN": runs(r"\d[\d. -]{8,}"),
    "URL_CREDENTIALS": around(r"://[^\s/?#<>\"']*@", NOT_IN_URL),
}
# Kinds whose windows are left out where what the recogniser needs is not in them.
CHOOSY = {"EMAIL_ADDRESS", "CREDIT_CARD", "IP_ADDRESS", "IBAN_CODE", "US_SSN"}


def scanned(texts):
    """Windows of each text and kind in code points, after a look at the bytes that they name."""
    names = {int(RECOGNIZERS[name].window): name for name in PLAIN}
    found = [{name: [] for name in names.values()} for _ in range(len(texts))]
    data = texts.buffers()[-1]
    for text, kind, low, high, place in windows(texts, names).tolist():
        if kind not in names:
            continue
        piece = data.slice(low, high - low).to_pybytes().decode()
        assert texts[text].as_py()[place : place + len(piece)] == piece
        found[text][names[kind]].append((place, place + len(piece)))
    return found


SPACES = "".join(c for c in map(chr, range(sys.maxunicode)) if c.isspace())
PIECES = (
    st.sampled_from(
        (
            *("jane.doe@example.org", "a@b", "@", ".", "x@y.co.uk", "caf\u00e9@ex\u00e4mple.de", "https://bob:secret@host.org/x", "://", "user:pw"),
            *("+1 650 253 0000", "(650) 253-0000", "6502530000", "555-1234", " ext. 12", "2023-01-02 08:00", "#", "x", "X", "12:30:45"),
            *("4111 1111 1111 1111", "4111111111111111", "411111111111", "078-05-1121", "123-45-6789", "12345-6789", "123-456789", "123456789"),
            *(
                "DE89370400440532013000",
                "GB29 NWBK 6016 1331 9268 19",
                "AB12",
                "A",
                "1",
                "12",
                "123",
                "\u0661\u0662\u0663",
                "\U0001d7ce",
                "\u4e2d\u6587",
            ),
            *("93.184.216.34", "1.2.3.4", "2606:2800:220:1:248:1893:25c8:1946", "::", ":", "1:2:3:4:5:6:7:8", "ffff", " ", "\n", "-", "--", ", "),
            *("<", ">", "/", "  ", "(", ")", "std::vector", "[" + "\u2013" * 4 + "]", "\U0001f600", "a" * 60),
        )
    )
    | st.sampled_from(SPACES)
    | st.text(max_size=3)
)
TEXT = st.lists(PIECES, max_size=12).map("".join)


@given(st.lists(TEXT, max_size=4))
@settings(deadline=None, max_examples=200)
def test_windows_are_where_the_patterns_say_and_what_is_left_out_holds_nothing(texts):
    for text, found in zip(texts, scanned(pa.array(texts, pa.string())), strict=True):
        for entity, plain in PLAIN.items():
            expected = list(plain(text))
            if entity not in CHOOSY:
                assert found[entity] == expected
            assert [w for w in expected if w in found[entity]] == found[entity]
            for start, end in expected:
                assert (start, end) in found[entity] or judged(entity, text[start:end], DEFAULT_REGIONS) == ()


@given(st.lists(TEXT, min_size=2, max_size=5), st.data())
@settings(deadline=None, max_examples=50)
def test_a_slice_of_an_array_and_one_with_wide_offsets_have_the_windows_of_their_texts(texts, data):
    start = data.draw(st.integers(0, len(texts)))
    whole = scanned(pa.array(texts, pa.string()))
    assert scanned(pa.array(texts, pa.string()).slice(start)) == whole[start:]
    assert scanned(pa.array(texts, pa.large_string()).slice(0, start)) == whole[:start]


AT_OTHERWISE = re.compile(rb"%40|[(\[{] ?at ?[)\]}]|\xef\xbc\xa0|\xef\xb9\xab", re.IGNORECASE)
IN_DEGREES = re.compile(
    rb"\xc2\xb0(?= ?[0-9])|(?<=geo):|(?<=[0-9])\.(?=(?:[0-9]{20}|[0-9]{4,19}(?![0-9]))[^0-9]{0,24}[0-9]{1,3}\.[0-9]{4})", re.IGNORECASE
)


def reached(pattern, steps):
    """Stretches around the characters that matches begin with, a run of blanks counted as one, joined where they touch."""

    def grown(text, place, step):
        left, blank = steps, False
        while 0 <= place < len(text) and (left or (blank and text[place].isspace())):
            is_blank = re.match(r"\s", text[place]) is not None
            left -= not (is_blank and blank)
            blank = is_blank
            place += step
        return place

    def spans(text):
        found = []
        for match in pattern.finditer(text.encode()):
            place = len(text.encode()[: match.start()].decode())
            low, high = grown(text, place - 1, -1) + 1, grown(text, place + 1, 1)
            if found and low <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], high))
            else:
                found.append((low, high))
        return found

    return spans


def rows(texts, kinds):
    """Windows of each text by kind, in code points."""
    found = [{kind: [] for kind in kinds} for _ in range(len(texts))]
    data = texts.buffers()[-1]
    for text, kind, low, high, place in scan.windows(texts, kinds).tolist():
        if kind in kinds:
            found[text][kind].append((place, place + len(data.slice(low, high - low).to_pybytes().decode())))
    return found


RARE = st.sampled_from(
    (
        *(
            "jane%40example.org",
            "[at]",
            "( AT )",
            "{at",
            "\uff20",
            "\ufe6b",
            "48.85840",
            ", ",
            "2.29450",
            "148.1234",
            "20 \u00b0 5",
            "\u00b0C",
            "geo:48.2,1.2",
        ),
        *(
            "GEO:",
            "1.123456789012345678901",
            "10 Main",
            "12,Rue",
            "5 rue de",
            "Weg 7",
            "Am Weg, 7",
            "stra\u00dfe 5",
            "9",
            "\u4e2d",
            " ",
            "\n",
            "  \t",
            "x" * 70,
        ),
    )
)


@given(st.lists(st.lists(RARE | PIECES, max_size=10).map("".join), max_size=4))
@settings(deadline=None, max_examples=150)
def test_rare_marks_have_windows_around_them_and_no_text_sees_another(texts):
    kinds = [int(kind) for kind in (scan.EMAIL_OTHERWISE, scan.DEGREES, scan.STREET, scan.NUMBER, scan.WORD, scan.NEAR_DIGIT, scan.HEX)]
    together = rows(pa.array(texts, pa.string()), kinds)
    for text, found in zip(texts, together, strict=True):
        assert found[kinds[0]] == reached(AT_OTHERWISE, 120)(text)
        assert found[kinds[1]] == reached(IN_DEGREES, 48)(text)
        assert [found] == rows(pa.array([text]), kinds)


@pytest.mark.parametrize(
    ("text", "is_street"),
    [
        ("10 Main", True), ("10 main", False), ("10 rue x", True), ("10, Rue", True), ("10a Main", True), ("1234567 Main", False),
        ("Weg 7", True), ("Musterstra\u00dfe 7", True), ("in den weg 7", True), ("the 7", False), ("see 7", False), ("Chapter 7", True),
    ],
)  # fmt: skip
def test_a_house_has_a_word_with_a_capital_or_a_street_beside_its_number(text, is_street):
    kind = int(scan.STREET)
    assert bool(rows(pa.array([text]), [kind])[0][kind]) == is_street


def test_no_texts_and_empty_texts_have_no_windows():
    assert windows(pa.array([], pa.string())).tolist() == []
    assert windows(pa.array(["", ""], pa.string())).tolist() == []


@pytest.mark.parametrize("length", [REACH - 2, REACH - 1, REACH, REACH + 1, REACH + 2, 3 * REACH])
@pytest.mark.parametrize("letter", ["a", "\u00e9", "\u4e2d", "\U0001f600"])
def test_a_window_reaches_as_far_as_any_address_in_characters_of_any_width(length, letter):
    text = f"{letter * length}@{letter * length}.org"
    [found] = scanned(pa.array([text]))
    assert found["EMAIL_ADDRESS"] == [w for w in PLAIN["EMAIL_ADDRESS"](text) if "." in text[w[0] : w[1]]]


def test_more_windows_than_there_is_room_for_are_all_found():
    text = "a@b.c " * 5000
    [found] = scanned(pa.array([text]))
    assert len(found["EMAIL_ADDRESS"]) == 5000


def test_every_character_is_what_re_says():
    found = facts()
    everything = "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, sys.maxunicode + 1)))
    for bit, pattern in CLASSES.items():
        expected = {ord(m[0]) for m in pattern.finditer(everything)}
        assert set(map(ord, everything)) & set((found & bit).nonzero()[0].tolist()) == expected
