"""The question that spares libphonenumber's matcher, against that matcher."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberMatcher, PhoneNumberType
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from pipelines.contract.errors import PartError
from pipelines.detectors import phones
from pipelines.detectors.base import Span
from pipelines.detectors.phones import _regions_of_digits, regions_to_ask
from pipelines.detectors.plausible import is_plausible
from pipelines.detectors.presidio import DEFAULT_REGIONS, REGIONS
from pipelines.detectors.recognizers import _QuickPhoneRecognizer


def plausible(piece, regions, kind=PhoneRecognizer):
    """What presidio's recogniser finds for regions and would be kept."""
    found = kind(supported_regions=regions).analyze(piece, ["PHONE_NUMBER"])
    spans = [Span(start=r.start, end=r.end, entity="PHONE_NUMBER", score=r.score, recognizer="PhoneRecognizer") for r in found]
    return {(span.start, span.end) for span in spans if is_plausible(span, piece)}


def number(region, kind):
    """A number of a region as its people write it."""
    example = phonenumbers.example_number_for_type(region, kind)
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL) if example else region


EXAMPLES = tuple(number(region, kind) for region in DEFAULT_REGIONS for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE))
PIECES = st.sampled_from(
    (
        *EXAMPLES,
        *(
            "+1 650 253 0000",
            "(650) 253-0000",
            "030 12345678",
            "6502530000",
            "253-0000",
            " ext. 12",
            "x12",
            "~",
            "#",
            "0049",
            "+",
            "00",
            "0",
            "1",
            "011",
        ),
        *("2023-01-02", "2002-09-12 17", ":08", "12/31/1999", "79 (1994) 111-114", "1948-1949. 1952-1956", "192.168.1.253", "7.99", "\u0661\u0662"),
        *(" ", "  ", "-", " - ", ".", "/", "(", ")", "[", "]", "\u2013", "\u00a0", ", ", "a", "$", "%", "\u200b"),
    )
) | st.text(alphabet="0123456789", max_size=9)
TEXT = st.lists(PIECES, max_size=7).map("".join)


DECIMALS = st.lists(
    st.tuples(
        st.sampled_from(("", "-", "(", "$")),
        st.decimals(0, 999, places=4).map(str),
        st.sampled_from((" ", "  ", " -", ", ", "\t", " | ", ") ", "/")),
    ),
    min_size=2, max_size=6,
).map(lambda cells: "".join(map("".join, cells)))  # fmt: skip


@given(DECIMALS)
@settings(deadline=None, max_examples=300)
def test_rows_of_decimals_hold_no_number_and_nobody_is_asked(piece):
    assert plausible(piece, DEFAULT_REGIONS) == set()
    assert regions_to_ask(piece, DEFAULT_REGIONS) == ()


@given(TEXT)
@settings(deadline=None, max_examples=400)
def test_regions_that_are_not_asked_have_no_plausible_number(piece):
    expected = plausible(piece, DEFAULT_REGIONS)
    asked = regions_to_ask(piece, DEFAULT_REGIONS)
    assert (plausible(piece, asked) if asked else set()) == expected
    assert plausible(piece, DEFAULT_REGIONS, _QuickPhoneRecognizer) == expected


@given(st.text(alphabet="0123456789", min_size=1, max_size=14), st.lists(st.sampled_from(sorted(REGIONS)), min_size=1, max_size=8, unique=True))
@settings(deadline=None, max_examples=400)
def test_digits_are_a_number_of_a_region_if_its_matcher_says_so(digits, regions):
    assert _regions_of_digits(digits, tuple(regions)) == tuple(r for r in regions if PhoneNumberMatcher(digits, r).has_next())


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_an_example_of_each_kind_is_asked_for_in_each_region(region):
    for kind in PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(region, kind)
        if example is not None:
            national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
            for text in (national, f"{example.national_number}", f"{example.country_code}{national}", f"0{example.national_number}"):
                assert not plausible(text, (region,)) or regions_to_ask(text, (region,)) == (region,)


def test_a_matcher_that_works_otherwise_is_an_error_and_not_a_silent_miss(monkeypatch):
    phones._check.cache_clear()
    monkeypatch.setattr(phones._Tries, "_parse_and_verify", PhoneNumberMatcher._parse_and_verify)
    with pytest.raises(PartError, match="works otherwise than assay expects"):
        regions_to_ask("(650) 253-0000", DEFAULT_REGIONS)


@given(TEXT, st.lists(st.sampled_from(sorted(REGIONS)), min_size=1, max_size=6, unique=True).map(tuple))
@settings(deadline=None, max_examples=150)
def test_the_quick_recogniser_finds_what_presidios_finds_in_any_regions(piece, regions):
    assert plausible(piece, regions, _QuickPhoneRecognizer) == plausible(piece, regions)


def test_what_a_matcher_does_after_a_number_is_what_it_does_without_the_question():
    piece = "[ 5348.887237] (650) 253-0000 2002-09-12 / 030 12345678"
    assert plausible(piece, regions_to_ask(piece, DEFAULT_REGIONS)) == plausible(piece, DEFAULT_REGIONS)
