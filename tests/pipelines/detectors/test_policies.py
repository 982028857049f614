"""What each policy writes, and what scrub makes of several of them in one text."""

from __future__ import annotations

import ipaddress
import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from importlib import metadata
from typing import ClassVar

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.errors import ConfigError
from pipelines.detectors.base import Span
from pipelines.detectors.hits import Places
from pipelines.detectors.presidio import Presidio
from pipelines.detectors.replacement import Replacement, normalised
from pipelines.detectors.scrub import Scrub
from pipelines.detectors.surrogates import _luhn

KEY = b"sixteen bytes or more of key"
SCHEMA = pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("cuts", pa.list_(pa.int64()))])
VALUES = {
    "EMAIL_ADDRESS": ("jane@acme.org", "J.Roe@mail.test", "o'neil+x@b.de"),
    "PHONE_NUMBER": ("+1 650-253-0000", "(650) 253-0000", "+44 20 7946 0958", "030 901820", "0049 30 901820", "+39 06 4991", "+86 139 1234 5678"),
    "CREDIT_CARD": ("4111 1111 1111 1111", "5555-5555-5555-4444"),
    "IP_ADDRESS": ("93.184.216.34", "2a00:1450:4001::200e", "93.184.216.34/16"),
    "IBAN_CODE": ("DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"),
    "US_SSN": ("219-09-9998",),
    "MAC_ADDRESS": ("00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e"),
    "PERSON": ("Jane Roe", "JANE", "\u0410\u043d\u043d\u0430 \u041a\u0430\u0440\u0435\u043d\u0438\u043d\u0430", "\u5c71\u7530 \u306f\u306a\u3053"),
    "LOCATION": ("Berlin", "\u6771\u4eac"),
    "ORGANIZATION": ("Acme Inc",),
    "STREET_ADDRESS": ("12 High Street",),
    "DATE_TIME": ("12 March 1980",),
    "UK_NINO": ("AB 12 34 56 C",),
}


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_bytes(KEY)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def surrogates(key_file):
    return Replacement(style="surrogate", key_file=key_file)


@dataclass(frozen=True)
class Terms:
    """A detector of given terms, each an entity."""

    version: ClassVar[int] = 1
    terms: tuple[tuple[str, str], ...]

    @property
    def entities(self):
        return tuple(entity for entity, _ in self.terms)

    def find(self, text):
        found = [
            Span(start=m.start(), end=m.end(), entity=entity, score=1.0, recognizer="Terms")
            for entity, pattern in self.terms
            for m in re.finditer(pattern, text)
        ]
        return sorted(found, key=lambda span: (span.start, span.end))


def scrubbed(text, policies, key_file=None, cuts=None, terms=(("A_B", "anna"), ("C_D", "anna roe"), ("E_F", "[0-9]+"))):
    scrub = Scrub(detectors={"t": Terms(terms)}, replacement=Replacement(policies=policies, key_file=key_file))
    batch = pa.RecordBatch.from_pylist([{"doc_id": "d", "text": text, "cuts": cuts}], schema=SCHEMA)
    return {name: made.to_pylist() for name, made in scrub(batch).items()}


@pytest.mark.parametrize(("entity", "value"), [(entity, value) for entity, values in VALUES.items() for value in values])
def test_a_surrogate_is_another_value_and_the_same_one_each_time(surrogates, key_file, entity, value):
    made = surrogates.text_for(entity, value)
    assert normalised(entity, made) != normalised(entity, value)
    assert made == pickle.loads(pickle.dumps(surrogates)).text_for(entity, value.upper() if entity == "EMAIL_ADDRESS" else value)
    assert made
    assert "\n" not in made
    assert made != Replacement(style="surrogate", key_file=_other(key_file)).text_for(entity, value) or entity in {"LOCATION", "PERSON", "IP_ADDRESS"}


def _other(key_file):
    path = key_file.with_name("other")
    path.write_bytes(KEY[::-1])
    path.chmod(0o600)
    return path


def test_surrogates_are_of_ranges_that_nobody_has(surrogates):
    networks = [ipaddress.ip_network(name) for name in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]
    for number in range(40):
        assert re.fullmatch(r"[a-z.']+\d{4}@example\.(com|net|org)", surrogates.text_for("EMAIL_ADDRESS", f"jane{number}@acme.org"))
        assert _luhn(surrogates.text_for("CREDIT_CARD", f"41111111111111{number:02d}")) % 10
        for value in (f"93.184.216.{number}", f"2a00:1450::{number}"):
            address = ipaddress.ip_address(surrogates.text_for("IP_ADDRESS", value))
            assert any(address in network for network in networks)
        assert re.fullmatch(r"\+1 \d{3}-555-01\d\d", surrogates.text_for("PHONE_NUMBER", f"+1 650-253-00{number:02d}"))
        assert re.fullmatch(r"\(\d{3}\) 555-01\d\d", surrogates.text_for("PHONE_NUMBER", f"(650) 253-00{number:02d}"))
        assert re.fullmatch(r"\+86 0\d\d \d{4} \d{4}", surrogates.text_for("PHONE_NUMBER", f"+86 139 1234 56{number:02d}"))
        assert re.fullmatch(r"\+39 1\d \d{4}", surrogates.text_for("PHONE_NUMBER", f"+39 06 49{number:02d}"))
        assert re.fullmatch(r"GB00 [A-Z]{4} \d{4} \d{4} \d{4} \d\d", surrogates.text_for("IBAN_CODE", f"GB29 NWBK 6016 1331 9268 {number:02d}"))
        assert re.fullmatch(r"666-\d\d-\d{4}", surrogates.text_for("US_SSN", f"219-09-99{number:02d}"))
        assert re.fullmatch(r"02(:[0-9a-f]{2}){5}", surrogates.text_for("MAC_ADDRESS", f"00:1A:2B:3C:4D:{number:02d}"))


@pytest.mark.parametrize(
    ("number", "pattern"),
    [
        ("PHONE_NUMBER", r"\d[\d-]+ ext \d+"), ("CREDIT_CARD", r"\d[\d-]+ ext \d+"), ("US_SSN", r"\d[\d-]+ ext \d+"),
        ("IP_ADDRESS", r"[\d-]+ ext \d+"), ("UK_NINO", r"[\d-]+ ext \d+"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["Zelda", "\u0417\u043e\u044f", "\u0930\u093e\u092e", "zelda@acme.org"])
def test_of_a_name_that_overlaps_a_number_nothing_is_left(key_file, number, pattern, name):
    text = f"ask {name} 650-253-0000 ext 123456789012 now"
    terms = (("PERSON", rf"{re.escape(name)} 650-253-0000"), (number, pattern))
    made = scrubbed(text, {number: "surrogate", "PERSON": "surrogate"}, key_file, terms=terms)
    (span,) = made["pii_spans"]
    assert span["entity"] == number
    (final,) = made["finals"]
    assert not any(part.lower() in final["text"].lower() for part in re.findall(r"\w+", name))
    assert not set(final["text"]) & set(name) - set("".join(map(chr, range(128))))


def test_the_layout_of_a_number_is_marks_and_the_words_that_numbers_have(surrogates):
    assert re.fullmatch(
        r"\(\d{3}\) 555-01\d\d ext\. \d\d\d|\(\d{3}\) \d{3}-\d{4} ext\. \d{1,3}", surrogates.text_for("PHONE_NUMBER", "(650) 253-0000 ext. 123")
    )
    assert "acme" not in surrogates.text_for("IP_ADDRESS", "2a00:1450:4001:0800::200e/64@acme.org")
    assert surrogates.text_for("IP_ADDRESS", "93.184.216.34/16").endswith("/16")


def test_names_keep_their_script_their_case_and_whether_they_are_one_word(surrogates):
    assert surrogates.text_for("PERSON", "JANE ROE").isupper()
    assert len(surrogates.text_for("PERSON", "Jane").split()) == 1
    assert re.fullmatch(r"[\u0400-\u04ff .-]+", surrogates.text_for("PERSON", VALUES["PERSON"][2]))
    assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", surrogates.text_for("PERSON", VALUES["PERSON"][3]))


def test_few_values_share_a_surrogate_where_there_are_many_to_draw_from(surrogates):
    made = Counter(surrogates.text_for("EMAIL_ADDRESS", f"user{number}@acme.org") for number in range(500))
    assert len(made) == 500


def test_another_process_writes_the_same_surrogates(surrogates, key_file):
    code = f"""
from pathlib import Path
from pipelines.detectors.replacement import Replacement
print(Replacement(style="surrogate", key_file=Path({str(key_file)!r})).text_for("PERSON", "Jane Roe"))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert said.stdout.strip() == surrogates.text_for("PERSON", "Jane Roe")


@pytest.mark.parametrize(
    ("entity", "value", "coarse"),
    [
        ("IP_ADDRESS", "93.184.216.34", "93.184.216.0/24"),
        ("IP_ADDRESS", "2a00:1450:4001:802::200e", "2a00:1450:4001::/48"),
        ("IP_ADDRESS", "no address", "<IP_ADDRESS>"),
        ("DATE_TIME", "on 12 March 1980", "1980"),
        ("DATE_TIME", "1980 to 1990", "<DATE_TIME>"),
        ("PHONE_NUMBER", "+49 30 901820", "+49"),
        ("PHONE_NUMBER", "030 901820", "<PHONE_NUMBER>"),
        ("GEO_COORDINATE", "52.51631, 13.37777", "52.5, 13.3"),
        ("GEO_COORDINATE", "52.51631", "<GEO_COORDINATE>"),
        ("GEO_LOCATION", "33.8567\u00b0 S, 151.2152\u00b0 E", "-33.8, 151.2"),
        ("GEO_LOCATION", "52\u00b030'59\" N 13\u00b022'39.5\" W", "52.5, -13.3"),
        ("GEO_LOCATION", "-33.8567, +151.2152", "-33.8, 151.2"),
        ("GEO_LOCATION", "48.8583 N 2.2945 O", "<GEO_LOCATION>"),
        ("GEO_LOCATION", 'lat="52.5163" lon="13.3777"', "52.5, 13.3"),
        ("UK_POSTCODE", "SW1A 1AA", "SW1A"),
        ("UK_POSTCODE", "jane roe SW1A 1AA", "<UK_POSTCODE>"),
        ("CA_POSTAL_CODE", "K1A 0B1", "K1A"),
        ("DE_PLZ", "10117", "10"),
        ("LOCATION", "berlin", "Germany"),
        ("LOCATION", "France", "France"),
        ("LOCATION", "Atlantis", "<LOCATION>"),
    ],
)
def test_a_value_is_made_coarser_or_becomes_a_placeholder(entity, value, coarse):
    assert Replacement(style="generalise").text_for(entity, value) == coarse


def test_a_mask_is_an_asterisk_for_each_character_and_drop_and_flag_write_nothing():
    assert Replacement(style="mask").text_for("PERSON", "Zo\u00eb K") == "*****"
    assert Replacement(style="drop").text_for("PERSON", "Zo\u00eb K") is None
    assert Replacement(policies={"PERSON": "flag"}).text_for("PERSON", "Zo\u00eb K") is None


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Replacement(style="surrogate"), "scrub.key_file: surrogates need a key file"),
        (lambda: Replacement(policies={"PERSON": "pseudonym"}), "scrub.key_file: pseudonyms need a key file"),
        (
            lambda: Replacement(policies={"US_SSN": "generalise"}),
            "scrub.policies.US_SSN: no rule makes US_SSN coarser; there are rules for CA_",
        ),
        (
            lambda: Replacement(policies={"EMAIL_ADRESS": "mask"}).check(["EMAIL_ADDRESS"]),
            r"EMAIL_ADRESS: .* did you mean 'EMAIL_ADDRESS'",
        ),
        (lambda: Replacement(style="generalise").check(["US_SSN", "IP_ADDRESS"]), "scrub.style: no rule makes US_SSN coarser"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_in_one_line_before_anything_is_read(made, message):
    with pytest.raises(ConfigError, match=message) as caught:
        made()
    assert "\n" not in str(caught.value)


def test_surrogates_without_faker_are_refused_with_the_extras_name(monkeypatch, key_file):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("pipelines.detectors.surrogates.version", missing)
    with pytest.raises(ConfigError, match=r"pip install 'assay\[surrogates\]'"):
        Replacement(style="surrogate", key_file=key_file).faker(["PERSON"])
    with pytest.raises(ConfigError, match=r"pip install 'assay\[surrogates\]'"):
        Replacement(style="generalise").faker(["LOCATION"])
    assert Replacement(style="generalise").faker(["IP_ADDRESS"]) is None


def test_what_is_flagged_stays_with_a_row_and_yields_to_whatever_is_replaced():
    out = scrubbed("anna and anna roe, 7", {"A_B": "flag", "C_D": "mask", "E_F": "flag"})
    assert [row["text"] for row in out["finals"]] == ["anna and ********, 7"]
    assert [(row["entity"], row["policy"], row["replacement"], row["start"], row["end"]) for row in out["pii_spans"]] == [
        ("A_B", "flag", None, 0, 4),
        ("C_D", "mask", "********", 9, 17),
        ("E_F", "flag", None, 19, 20),
    ]
    assert [(row["start"], row["end"]) for row in out["edits"]] == [(9, 17)]
    assert [row["written"] for row in out["written"]] == [[9, 17]]
    out = scrubbed("anna roe", {"A_B": "mask", "C_D": "flag"})
    assert [row["text"] for row in out["finals"]] == ["**** roe"]


def test_a_document_with_what_documents_are_dropped_for_goes_with_a_verdict_and_a_fate():
    out = scrubbed("anna roe 12 and 345", {"E_F": "drop"})
    assert out["finals"] == [] == out["edits"]
    assert out["fates"] == [{"doc_id": "d", "fate": "dropped", "step": "scrub", "reason": "personal_data"}]
    assert out["verdicts"] == [{"doc_id": "d", "step": "scrub", "rule": "scrub.E_F", "reason": "personal_data", "value": 2.0, "threshold": 0.0}]
    assert [(row["entity"], row["policy"], row["replacement"], row["start"]) for row in out["pii_spans"]] == [
        ("E_F", "drop", None, 9),
        ("E_F", "drop", None, 16),
    ]
    assert out["quarantine"] == []


def test_an_address_is_shortened_for_what_is_replaced_or_dropped_and_not_for_what_is_flagged():
    url = "https://host.org/anna/7"
    for policies, shown in (({"A_B": "flag", "E_F": "flag"}, url), ({"A_B": "flag", "E_F": "drop"}, "https://host.org"), ({}, "https://host.org")):
        scrub = Scrub(detectors={"t": Terms((("A_B", "anna"), ("E_F", "[0-9]+")))}, replacement=Replacement(policies=policies))
        assert scrub.addresses(pa.array([url]), pa.array(["d"])).to_pylist() == [shown]


def test_what_is_written_and_found_again_is_known_by_its_place(key_file):
    out = scrubbed("call 030123 now", {"E_F": "surrogate"}, key_file)
    [final] = [row["text"] for row in out["finals"]]
    assert re.fullmatch(r"call \d{6} now", final)
    assert final != "call 030123 now"
    assert [row["written"] for row in out["written"]] == [[5, 11]]
    scrub = Scrub(detectors={"t": Terms((("E_F", "[0-9]+"),))}, replacement=Replacement(policies={"E_F": "surrogate"}, key_file=key_file))
    texts, doc_ids = pa.array([final] * 4), pa.array(["d"] * 4)
    assert scrub.personal(texts, doc_ids, pa.array([[5, 11], [5, 10], [0, 5], None], pa.list_(pa.int64()))) == [False, True, True, True]


def test_a_value_whose_surrogate_grows_together_with_its_neighbour_ends_as_a_placeholder(key_file):
    terms = (("LOCATION", r"^[a-z ]+\d"),)  # letters for letters and a digit, behind which there is always another digit
    out = scrubbed("x1234567890", {"LOCATION": "surrogate"}, key_file, terms=terms)
    assert [row["text"] for row in out["finals"]] == ["<LOCATION>67890"]
    assert [(row["policy"], row["start"], row["end"]) for row in out["pii_spans"]] == [("placeholder", 0, 6)]


def test_a_flagged_or_replaced_span_that_a_cut_joined_has_one_place(key_file):
    out = scrubbed("see 12|gone|34 now", {"E_F": "surrogate"}, key_file, cuts=[6, 12, 0])
    [final] = [row["text"] for row in out["finals"]]
    assert [row["written"] for row in out["written"]] == [[4, len(final) - 4]]
    out = scrubbed("see 12|gone|34 now", {"E_F": "flag"}, cuts=[6, 12, 0])
    assert [(row["start"], row["end"], row["policy"]) for row in out["pii_spans"]] == [(4, 6, "flag"), (12, 14, "flag")]
    assert [row["text"] for row in out["finals"]] == ["see 1234 now"]


PIECES = st.sampled_from(
    ("a@b.org", "@", "+1 650 253 0000", "253-0000", "4111 1111 1111 1111", "93.184.216.34", "://u:p@h.org", " ", "\n", "\u4e2d", "x", "*")
)
POLICIES = st.dictionaries(
    st.sampled_from(("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "URL_CREDENTIALS")),
    st.sampled_from(("mask", "placeholder", "pseudonym", "surrogate", "flag", "drop")),
) | st.just({"IP_ADDRESS": "generalise", "PHONE_NUMBER": "generalise"})


@given(st.lists(PIECES, max_size=7).map("".join), POLICIES, st.integers(0, 20))
@settings(deadline=None, max_examples=150)
def test_whatever_the_policies_a_second_look_finds_nothing_outside_of_what_was_written(key_file, text, policies, cut):
    scrub = Scrub(detectors={"presidio": Presidio()}, replacement=Replacement(policies=policies, key_file=key_file))
    size = len(text.encode())
    cuts = [cut, min(size, cut + 2), 1] if text.isascii() and cut + 2 <= size else None
    made = scrub(pa.RecordBatch.from_pylist([{"doc_id": "d", "text": text, "cuts": cuts}], schema=SCHEMA))
    if not made["finals"].num_rows:
        assert made["verdicts"].num_rows
        assert made["fates"].num_rows == 1
        return
    written = made["written"].column("written").to_pylist() if "written" in made else []
    finals = made["finals"].column("text")
    places = pa.array(written or [None], pa.list_(pa.int64()))
    assert scrub.personal(finals, pa.array(["d"]), places) == [False]
    again = scrub(pa.RecordBatch.from_pylist([{"doc_id": "d", "text": finals[0].as_py(), "cuts": None}], schema=SCHEMA))
    if not written:
        assert again["finals"].column("text") == finals
    held = Places.listed(written[0] if written else None)
    assert all(hit["policy"] == "flag" or held.hold(hit["start"], hit["end"]) for hit in again["pii_spans"].to_pylist())


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6))), st.integers(0, 30), st.integers(0, 6))
def test_places_hold_and_meet_what_their_points_do(spans, start, length):
    places = Places.of((low, low + size) for low, size in spans if size)
    points = {point for low, size in spans for point in range(low, low + size)}
    assert Places.listed(places.flat()) == places
    wanted = range(start, start + length)
    assert places.meet(start, start + length) == any(point in points for point in wanted) or not length
    if length:
        assert places.hold(start, start + length) == all(point in points for point in wanted)
