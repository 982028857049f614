"""The presidio detector against presidio itself, and what it adds: windows, rules, chunks, and a closed failure."""

from __future__ import annotations

import json
import logging
import pickle
import random
import subprocess
import sys

import phonenumbers
import presidio_analyzer.pattern_recognizer
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from presidio_analyzer.predefined_recognizers import PhoneRecognizer
from presidio_engine import by_engine, engine_for, is_what_presidio_finds

from pipelines.contract.errors import ConfigError
from pipelines.detectors.base import DetectorTimeout
from pipelines.detectors.presidio import DEFAULT_REGIONS, ENTITIES, REGIONS, Presidio
from pipelines.detectors.recognizers import RECOGNIZERS
from pipelines.detectors.search import CHUNK_LENGTH, OVERLAP_LENGTH, chunks
from pipelines.detectors.windows import windows

DETECTOR = Presidio()


@pytest.fixture(scope="module")
def engine():
    return engine_for(ENTITIES, DEFAULT_REGIONS)


def agree(engine, text):
    return is_what_presidio_finds(DETECTOR.find(text), by_engine(engine, text, ENTITIES))


def values(text, detector=DETECTOR):
    return [(s.entity, text[s.start : s.end]) for s in detector.find(text) if s.passed_over is None]


PIECES = st.sampled_from(
    (
        *("jane.doe@example.org", "a@b", "@", "x@y.co.uk", "caf\u00e9@ex\u00e4mple.de", "https://bob:secret@host.org/x", "://", "user:pw"),
        *("+1 650 253 0000", "(650) 253-0000", "030 12345678", "6502530000", "555-1234", " ext. 12", "2023-01-02 08:00", "#", "x"),
        *("4111 1111 1111 1111", "4111111111111111", "411111111111", "078-05-1121", "123-45-6789", "12", "\u0661\u0662\u0663"),
        *("DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "AB12", "\u4e2d\u6587", "\u00a0"),
        *("93.184.216.34", "10.0.0.1", "2606:2800:220:1:248:1893:25c8:1946", "::1", "a::b", "1.2.3.4"),
        *(" ", "\n", ", ", "-", ".", ":", "<", ">", "(", ")", "\t", "/", "  "),
    )
)


@given(st.lists(PIECES, max_size=9).map("".join))
@settings(deadline=None, max_examples=400)
def test_looking_only_where_something_can_be_finds_what_looking_everywhere_finds(engine, text):
    assert agree(engine, text)


@pytest.mark.shared
def test_windows_change_nothing_on_real_text(engine, shared):
    texts = pq.read_table(shared / "corpora" / "small.parquet", columns=["text"])["text"].to_pylist()
    sample = [t for t in random.Random(1).sample(texts, 500) if len(t) < 20_000]
    found = 0
    for text in sample:
        found += len(DETECTOR.find(text))
        assert agree(engine, text)
    assert found > 50


@pytest.mark.shared
def test_quality_on_labelled_text_does_not_fall(shared):
    examples = json.loads((shared / "corpora" / "truth" / "pii_synthetic_600.json").read_text())
    labelled = dict.fromkeys(ENTITIES, 0)
    met, wrong = dict(labelled), dict(labelled)
    for example in examples:
        truth = [(s["entity_type"], s["start_position"], s["end_position"]) for s in example["spans"]]
        spans = [s for s in DETECTOR.find(example["full_text"]) if s.passed_over is None]
        for entity, start, end in truth:
            if entity in labelled:
                labelled[entity] += 1
                met[entity] += any(s.entity == entity and s.start < end and start < s.end for s in spans)
        for s in spans:
            wrong[s.entity] += not any(entity == s.entity and s.start < end and start < s.end for entity, start, end in truth)
    assert {e: met[e] / n for e, n in labelled.items() if n} == pytest.approx(
        {"EMAIL_ADDRESS": 1, "PHONE_NUMBER": 24 / 32, "CREDIT_CARD": 1, "IP_ADDRESS": 1, "IBAN_CODE": 1, "US_SSN": 1, "STREET_ADDRESS": 159 / 233}
    )
    assert sum(wrong.values()) <= 4  # two of them the numbers of driving licences, which have another name there


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail jane@example.org now", [("EMAIL_ADDRESS", "jane@example.org")]),
        ("call +353-1-7161987 or (661) 286-0041", [("PHONE_NUMBER", "+353-1-7161987"), ("PHONE_NUMBER", "(661) 286-0041")]),
        ("card 4111 1111 1111 1111", [("CREDIT_CARD", "4111 1111 1111 1111")]),
        ("card 4111 1111 1111 1112", []),
        ("to DE89 3704 0044 0532 0130 00", [("IBAN_CODE", "DE89 3704 0044 0532 0130 00")]),
        ("from 93.184.216.34.", [("IP_ADDRESS", "93.184.216.34")]),
        ("ssn 219-09-9998", [("US_SSN", "219-09-9998")]),
        ("git clone https://bob:hunter2@host.org/x.git", [("URL_CREDENTIALS", "bob:hunter2@host.org")]),
        ("\U0001f600 jane@example.org", [("EMAIL_ADDRESS", "jane@example.org")]),
    ],
)
def test_what_is_personal_is_found(text, expected):
    assert [v for v in values(text) if v[0] == (expected[0][0] if expected else v[0])] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "host 10.0.0.1 and 192.168.1.1, 127.0.0.1, ::1, fe80::1, 2001:db8::1",
        "see section 5.1.4.1",
        "version 93.184.216.34",
        "OID 1.3.6.1.4.1.311.21.20",
        "std::vector, dead::beef",
        "2147483647",
        "Boston, MA 02110-1301",
        "(1694-1778)",
        "0.2329985562",
        "0 1 2 3 4 5 6 7 8 9",
        "netmask 255.255.255.0",
        "https://{user}:{password}@host",
        "http://host:8080/@x",
        "foo@2x.png",
        "decorator @property",
        "1700000000000",
        "11.3321028236252",
    ],
)
def test_what_only_looks_personal_is_not_found(text):
    assert values(text) == []


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("tail", ["", ":abcdefghijklmnop", ":ponmlkjihgfedcba"])
def test_placeholders_are_never_found(entity, tail):
    mark = f"<{entity}{tail}>"
    for text in (mark, mark * 3, f"a{mark}b", f"1 {mark} 2", f"https://{mark}/x", f"{mark}@host.org", f"mailto:{mark}", f"+1 {mark} 650"):
        assert values(text) == []


def test_a_number_is_found_whole_and_once_wherever_it_stands_in_a_run_that_is_cut_in_pieces():
    card, width = "4111 1111 1111 1111", 3 * CHUNK_LENGTH
    for place in (CHUNK_LENGTH - 30, CHUNK_LENGTH - 19, CHUNK_LENGTH - 7, CHUNK_LENGTH, CHUNK_LENGTH + 3, 2 * CHUNK_LENGTH - 10, width - 40):
        text = "- " * (place // 2) + card + " -" * ((width - place) // 2)
        assert values("1" + text, Presidio(entities=("CREDIT_CARD",))) == [("CREDIT_CARD", card)]


def test_a_long_run_without_a_space_is_neither_slow_nor_a_reason_to_miss_its_address():
    text = "a." * 100_000 + "jane@example.org" + "/b" * 100_000
    [(entity, value)] = values(text)
    assert entity == "EMAIL_ADDRESS"
    assert value.endswith("jane@example.org")


@pytest.mark.parametrize("junk", ["1  1 - ", "1 ", "(1) ", "1/1 ", "1-1 ", "12-34/56.78~"])
def test_a_number_behind_any_amount_of_digits_is_found(junk):
    text = junk * (100_000 // len(junk)) + " call (650) 253-0000 now"
    assert values(text, Presidio(entities=("PHONE_NUMBER",), phone_regions=("US",)))[-1:] == [("PHONE_NUMBER", "(650) 253-0000")]


# As long as pieces get, and as slow for presidio's patterns as could be made up; each takes a tenth of a second or less.
SLOWEST = {
    "EMAIL_ADDRESS": ("a-" * 500 + "@" + "a-" * 400 + ".", "a." * 500 + "@" + "b" * 1000, "-." * 500 + "@" + "a-b." * 250),
    "IP_ADDRESS": ("1:" * 1000, "1.1.1.1." * 250, "ffff:" * 400),
    "URL_CREDENTIALS": ("://" + "a:" * 1000 + "@", "://a:b@" * 280),
    "CREDIT_CARD": ("4111 1111 1111 1111 " * 700, "41111111111111111111" * 700),
    "US_SSN": ("123-45-6789 " * 1160, "1-" * 7000 + "123-45-6789"),
    "IBAN_CODE": ("DE89 3704 0044 0532 0130 00 " * 500, "AB12 " * 2800),
}


@pytest.mark.parametrize(("entity", "text"), [(entity, text) for entity, texts in SLOWEST.items() for text in texts])
def test_no_piece_that_a_pattern_sees_is_long_enough_to_keep_it_busy(monkeypatch, entity, text):
    kind = RECOGNIZERS[entity].window
    found = [(start, end) for _, of_kind, start, end, _ in windows(pa.array([text * 3])).tolist() if of_kind == kind]
    assert max(high - low for start, end in found for low, high, _, _ in chunks(start, end)) <= CHUNK_LENGTH + 2 * OVERLAP_LENGTH
    monkeypatch.setattr(presidio_analyzer.pattern_recognizer, "REGEX_TIMEOUT_SECONDS", 6)  # a tenth of what it is
    DETECTOR.find(text * 3)


def test_a_pattern_that_times_out_is_an_error_and_not_a_silent_miss(monkeypatch):
    monkeypatch.setattr(presidio_analyzer.pattern_recognizer, "REGEX_TIMEOUT_SECONDS", 1e-9)
    text = "SECRET" + "a.b-" * 400 + "@a.b"
    with pytest.raises(DetectorTimeout) as caught:
        DETECTOR.find(" ".join([text] * 50))
    assert "SECRET" not in str(caught.value)


def test_logging_that_would_hide_a_timeout_is_refused():
    logging.disable(logging.CRITICAL)
    try:
        with pytest.raises(ConfigError, match="would go unseen"):
            DETECTOR.find("text")
    finally:
        logging.disable(logging.NOTSET)


def test_what_presidio_would_log_of_a_text_reaches_no_log(caplog):
    logging.getLogger("presidio-analyzer").error("Failed to validate text %s", "DE89370400440532013000")
    assert caplog.text == ""


def test_an_unknown_entity_or_region_is_an_error_with_a_suggestion():
    with pytest.raises(ConfigError, match="did you mean 'EMAIL_ADDRESS'"):
        Presidio(entities=("EMAIL_ADRESS",))
    with pytest.raises(ConfigError, match="no region"):
        Presidio(phone_regions=("XX",))


def test_entities_and_regions_are_those_of_presidio():
    assert PhoneRecognizer.DEFAULT_SUPPORTED_REGIONS == DEFAULT_REGIONS
    assert phonenumbers.SUPPORTED_REGIONS == REGIONS


def test_presidio_is_imported_when_a_text_is_looked_at_and_not_before():
    heavy = "{'presidio_analyzer', 'phonenumbers', 'numba'} & set(sys.modules)"
    code = f"import sys; from pipelines.detectors.presidio import Presidio; Presidio(); print({heavy})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def test_a_detector_travels_to_a_worker_and_other_regions_find_other_numbers():
    assert pickle.loads(pickle.dumps(DETECTOR)) == DETECTOR
    text = "with 060 123 456"
    assert values(text) == []
    assert values(text, Presidio(phone_regions=("SI", "HR", "RS", "BA"))) == [("PHONE_NUMBER", "060 123 456")]
