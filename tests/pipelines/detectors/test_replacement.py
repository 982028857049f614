"""Placeholders, pseudonyms, their key, and spans that overlap."""

from __future__ import annotations

import hashlib
import hmac
import pickle
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.config import encode
from pipelines.contract.errors import ConfigError
from pipelines.detectors.base import Span
from pipelines.detectors.replacement import Replacement, normalised, resolve

KEY = b"sixteen bytes or more of key"


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(0o600)
    return path


def span(start, end, entity="EMAIL_ADDRESS", score=0.5):
    return Span(start=start, end=end, entity=entity, score=score, recognizer="r")


def test_a_placeholder_names_the_entity_alone():
    assert Replacement().text_for("EMAIL_ADDRESS", "jane@example.org") == "<EMAIL_ADDRESS>"
    assert Replacement().key_id is None


def test_a_pseudonym_is_the_hmac_of_entity_and_normalised_value(key_file):
    made = Replacement(style="pseudonym", key_file=key_file).text_for("EMAIL_ADDRESS", "Jane@Example.org")
    digest = hmac.new(KEY, b"EMAIL_ADDRESS|jane@example.org", hashlib.sha256).hexdigest()[:16]
    assert made == "<EMAIL_ADDRESS:" + "".join("abcdefghijklmnop"[int(digit, 16)] for digit in digest) + ">"


def test_equal_values_have_equal_pseudonyms_and_others_do_not(key_file, tmp_path):
    replacement = Replacement(style="pseudonym", key_file=key_file)
    assert replacement.text_for("PHONE_NUMBER", "+1 (650) 253-0000") == replacement.text_for("PHONE_NUMBER", "+16502530000")
    assert replacement.text_for("PHONE_NUMBER", "+1 650") != replacement.text_for("US_SSN", "+1 650")
    other = tmp_path / "other"
    other.write_bytes(KEY[::-1])
    other.chmod(0o600)
    assert replacement.text_for("US_SSN", "1") != Replacement(style="pseudonym", key_file=other).text_for("US_SSN", "1")
    assert replacement.key_id != Replacement(style="pseudonym", key_file=other).key_id


@pytest.mark.parametrize(
    ("entity", "values"),
    [
        ("EMAIL_ADDRESS", ["A@B.org", "a@b.org", "\uff41@b.org"]),
        ("IBAN_CODE", ["DE89 3704 0044", "de8937040044", "DE89-3704-0044"]),
        ("CREDIT_CARD", ["4111 1111", "4111-1111"]),
    ],
)
def test_spellings_of_one_value_are_one_value(entity, values):
    assert len({normalised(entity, v) for v in values}) == 1


def test_the_key_is_in_no_repr_pickle_or_configuration(key_file):
    replacement = Replacement(style="pseudonym", key_file=key_file)
    assert len(replacement.key_id) == 8
    for shown in (repr(replacement).encode(), pickle.dumps(replacement), repr(encode(replacement)).encode()):
        assert KEY not in shown
        assert KEY.hex().encode() not in shown
    assert pickle.loads(pickle.dumps(replacement)).key_id == replacement.key_id


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [(None, 0o600, "cannot be read"), (b"short", 0o600, "at least 16"), (KEY, 0o644, "chmod 600"), (KEY, 0o640, "chmod 600")],
)
def test_a_key_that_is_missing_short_or_open_to_others_is_refused_in_one_line(tmp_path, content, mode, message):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(ConfigError, match=message) as caught:
        Replacement(style="pseudonym", key_file=path).text_for("EMAIL_ADDRESS", "a@b.org")
    assert "\n" not in str(caught.value)
    assert KEY.decode() not in str(caught.value)


def test_pseudonyms_without_a_key_file_are_refused_at_once():
    with pytest.raises(ConfigError, match="need a key file"):
        Replacement(style="pseudonym")


def test_of_spans_that_overlap_the_longest_then_the_surest_then_the_first_names_them_all():
    assert resolve([span(0, 5), span(3, 10, "IP_ADDRESS")]) == [span(0, 10, "IP_ADDRESS")]
    assert resolve([span(0, 5, score=0.4), span(0, 5, "US_SSN", 0.9)]) == [span(0, 5, "US_SSN", 0.9)]
    assert resolve([span(0, 4, "US_SSN"), span(2, 6, "IP_ADDRESS")]) == [span(0, 6, "US_SSN")]
    assert resolve([span(0, 4, "US_SSN"), span(0, 4, "IP_ADDRESS")]) == [span(0, 4, "IP_ADDRESS")]
    assert resolve([span(0, 4), span(4, 6)]) == [span(0, 4), span(4, 6)]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5), st.sampled_from("AB"), st.sampled_from([0.4, 1.0])), max_size=8), st.randoms())
@settings(deadline=None, max_examples=200)
def test_resolved_spans_cover_the_same_characters_whatever_the_order_they_came_in(given_spans, shuffler):
    spans = [span(start, start + length, entity, score) for start, length, entity, score in given_spans]
    found = resolve(spans)
    shuffler.shuffle(spans)
    assert resolve(spans) == found
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert {i for s in spans for i in range(s.start, s.end)} == {i for s in found for i in range(s.start, s.end)}
