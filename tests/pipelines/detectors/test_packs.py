"""National numbers and what else shares its windows: every recogniser's patterns against the places where it is asked."""

from __future__ import annotations

import inspect
import re

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from presidio_analyzer import PatternRecognizer, predefined_recognizers
from presidio_engine import by_engine, engine_for, is_what_presidio_finds

from pipelines.contract.errors import ConfigError
from pipelines.detectors.presidio import DEFAULT_REGIONS, ENTITIES, ON_DEMAND, PACKS, SURE, Presidio
from pipelines.detectors.recognizers import _SHARED, RECOGNIZERS, _gate, _recognizer
from pipelines.detectors.windows import windows

SHARED = [entity for entity, one in RECOGNIZERS.items() if one.window in _SHARED]
EVERYTHING = Presidio(entities=(*ENTITIES, *ON_DEMAND), locales=tuple(PACKS))
BEFORE = st.sampled_from(("", " ", "a", "9", "-", "(", "\u4e2d", "x 12 ", "_", "12:30 ", "\u0661", "AB", "1.2,"))
AFTER = st.sampled_from(("", " ", "a", "9", "-", ")", "\u4e2d", " 12", "_", ".", "/7", "\u0661", "ZZ", " 3 4"))
# Presidio is never surer of these than 0.35 without a language model, or they are in no country, or they ask a service.
NOT_TAKEN = {
    *("CA_POSTAL_CODE", "DE_FUEHRERSCHEIN", "DE_KFZ", "DE_PLZ", "ES_PASSPORT", "IN_PASSPORT", "IT_DRIVER_LICENSE", "IT_IDENTITY_CARD", "IT_PASSPORT"),
    *("KR_PASSPORT", "PH_PASSPORT", "PH_TIN", "UK_PASSPORT", "UK_POSTCODE", "US_BANK_NUMBER", "US_CLAIM_NUMBER", "US_DRIVER_LICENSE"),
    *("US_HEALTH_INSURANCE_MEMBER_ID", "US_PASSPORT", "US_PRIOR_AUTHORIZATION_NUMBER", "US_PROVIDER_TAX_ID", "US_REFERRAL_NUMBER"),
    "URL",  # a link is no person, and its pattern takes longer than all others together
}


def by_name(name):
    """A recogniser of presidio's, or None where a name is something else."""
    kind = getattr(predefined_recognizers, name)
    return kind() if inspect.isclass(kind) and issubclass(kind, PatternRecognizer) else None


def made(pattern):
    """Texts with what a pattern matches."""
    shape = "rx number: 1234567" if "(?<=" in pattern and "rx" in pattern.lower() else None
    match = st.just(shape) if shape else st.from_regex(re.compile(pattern, re.IGNORECASE | re.MULTILINE | re.DOTALL), fullmatch=True)
    return st.tuples(BEFORE, match, AFTER, match, AFTER).map("".join)


@pytest.mark.parametrize("entity", SHARED)
def test_a_pattern_matches_in_the_windows_of_its_kind_what_it_matches_in_the_text(entity):
    kind = int(RECOGNIZERS[entity].window)
    gate = _gate(entity)

    @given(st.one_of([made(pattern.pattern) for pattern in gate]))
    @settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def holds(text):
        data = text.encode()
        found = set()
        for _, of_kind, low, high, place in windows(pa.array([text]), {kind}).tolist():
            if of_kind == kind:
                found |= {(p.pattern, place + m.start(), place + m.end()) for p in gate for m in p.finditer(data[low:high].decode())}
        expected = {(p.pattern, m.start(), m.end()) for p in gate for m in p.finditer(text)}
        # A fiscal code may have a letter in the place of each of its digits; without any digit it is not seen.
        assert {m for m in found ^ expected if any(c.isdecimal() for c in text[m[1] : m[2]])} == set()

    holds()


# One of each, with the checksum that it has.
VALID = (
    *("011000015", "011000-015", "51 824 753 556", "004 085 616", "2123 45670 1", "876 543 210", "046 454 286", "130 692 544"),
    *("HRB 12345", "HRB\u00a0 9", "L01X00T47", "C01X00T478", "65170839J003", "86095742719", "123/456/78901", "DE136695976", "DE 136 695 976"),
    *("X9613851N", "12345678Z", "131052-308T", "ABCPE1234F", "27AAPFU0939F1ZV", "2341 2341 2346", "MH12AB1234", "ABC1234567"),
    *("RSSMRA85T10A562S", "12345670017", "960121-1234567", "123-45-67891", "ABC-123DE", "0111-1234567-8", "44051401359", "212000-0142"),
    *("811218-9876", "S1234567D", "T01AB1234C", "1234567890121", "34 ABC 12", "10000000146", "MORGA657054SM9IJ", "401 023 2137"),
    *(
        "AB 12 34 56 C",
        "AB12 CDE",
        "912-70-1234",
        "1EG4-TE5-MK73",
        "1234567893",
        "rx number: 1234567",
        "BB1388568",
        "8001015009087",
        "2011/123456/07",
    ),
    *("CA 123 GP", "A12345678", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvM", "00:1B:44:11:3A:B7", "dead.beef.cafe"),
    *("123e4567-e89b-12d3-a456-426614174000", "2023-01-02", "12/31/1999", "01-JAN-2020", "jane@example.org", "+1 650 253 0000", "219-09-9998"),
)


@pytest.fixture(scope="module")
def engine():
    return engine_for(EVERYTHING.entities, DEFAULT_REGIONS)


@given(st.lists(st.sampled_from(VALID) | st.sampled_from((" ", "\n", ", ", "a", "9", "-", "\u4e2d", "see ", "_", ".")), max_size=6).map("".join))
@settings(deadline=None, max_examples=200)
def test_with_every_locale_the_windows_change_nothing(engine, text):
    assert is_what_presidio_finds(EVERYTHING.find(text), by_engine(engine, text, EVERYTHING.entities))


def test_most_of_what_is_made_is_found():
    assert sum(bool([s for s in EVERYTHING.find(value) if s.passed_over is None]) for value in VALID) > 0.8 * len(VALID)


def test_every_recogniser_of_presidio_is_taken_or_named():
    recognizers = [made for made in map(by_name, predefined_recognizers.__all__) if made]
    theirs = {made.supported_entities[0]: getattr(made, "COUNTRY_CODE", None) for made in recognizers}
    packed = {entity: country for country, pack in PACKS.items() for entity in pack}
    assert {e: c for e, c in theirs.items() if c and e not in NOT_TAKEN} == packed
    assert {e for e, c in theirs.items() if not c} - NOT_TAKEN <= {*ENTITIES, *ON_DEMAND}
    assert set(theirs) >= NOT_TAKEN
    assert {e for pack in PACKS.values() for e in pack} | set(ON_DEMAND) <= set(RECOGNIZERS)


@pytest.mark.parametrize("entity", sorted(NOT_TAKEN - {"URL"}))
def test_what_is_not_taken_is_never_sure_without_a_language_model(entity):
    [recognizer] = [one for one in map(by_name, predefined_recognizers.__all__) if one and one.supported_entities == [entity]]
    assert type(recognizer).validate_result is PatternRecognizer.validate_result
    assert max(pattern.score for pattern in recognizer.patterns) < SURE


def test_digits_of_another_script_stop_no_run():
    text = "RSSMRA\u0668\u0665T10A562S and RSSMRA85T10A562S"
    [span] = Presidio(entities=("IT_FISCAL_CODE",)).find(text)
    assert text[span.start : span.end] == "RSSMRA85T10A562S"


def test_a_locale_adds_its_entities_and_a_low_score_is_refused_with_them():
    assert Presidio(locales=("de",)).entities == (*ENTITIES, *PACKS["de"])
    with pytest.raises(ConfigError, match="did you mean 'de'"):
        Presidio(locales=("dee",))
    with pytest.raises(ConfigError, match=r"0\.4 or more"):
        Presidio(locales=("de",), min_score=0.1)
    assert _recognizer("DE_TAX_ID", ()).supported_entities == ["DE_TAX_ID"]
