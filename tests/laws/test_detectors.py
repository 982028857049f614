"""Laws of every registered detector."""

from __future__ import annotations

import pickle

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detectors.base import detectors
from pipelines.detectors.presidio import ENTITIES
from pipelines.detectors.replacement import Replacement

VALUES = (
    "jane@example.org",
    "+1 650 253 0000",
    "4111 1111 1111 1111",
    "93.184.216.34",
    "DE89370400440532013000",
    "219-09-9998",
    "://u:p@host.org",
    "password = 'k8#fQz!2'",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.",
    " ",
    "\n",
    "x",
)
TEXTS = st.lists(st.sampled_from(VALUES) | st.text(max_size=4), max_size=8).map("".join)

# Detectors that need something to be made with; one that needs nothing has no entry.
PREPARE = {"word_list": lambda root: {"path": _terms(root)}, "names": lambda root: {"models": {"en": _model(root)}}}


def _terms(root):
    path = root / "terms.txt"
    path.write_text("# listed\njane\nexample org\nPHONE_NUMBER\n219\n", encoding="utf-8")
    return path


def _model(root):
    """A model that knows two names, in the form in which spaCy keeps all of them: what a model has learned is not what these laws are about."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": "jane"}, {"label": "ORG", "pattern": "PHONE_NUMBER"}, {"label": "GPE", "pattern": "host.org"}])
    nlp.to_disk(root / "model")
    return str(root / "model")


@pytest.fixture(params=list(detectors), scope="module")
def detector(request, tmp_path_factory):
    """A detector as its entry in PREPARE makes it."""
    name = request.param
    return detectors[name](**(PREPARE[name](tmp_path_factory.mktemp(name)) if name in PREPARE else {}))


@given(text=TEXTS)
@settings(deadline=None, max_examples=150)
def test_spans_lie_in_the_text_in_order_and_have_a_score(detector, text):
    spans = detector.find(text)
    assert spans == sorted(spans, key=lambda s: s.start)
    assert {span.entity for span in spans} <= set(detector.entities)
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert 0 < span.score <= 1
        assert span.entity
        assert span.recognizer


@given(text=TEXTS)
@settings(deadline=None, max_examples=50)
def test_a_text_gives_the_same_spans_each_time(detector, text):
    assert detector.find(text) == detector.find(text)


def test_an_empty_text_has_no_spans(detector):
    assert detector.find("") == []


@pytest.mark.parametrize("style", ["placeholder", "pseudonym"])
def test_what_scrub_writes_is_never_found(detector, style, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    key.chmod(0o600)
    replacement = Replacement(style=style, key_file=key)
    for entity in dict.fromkeys((*ENTITIES, *detector.entities)):
        for number in range(50):
            mark = replacement.text_for(entity, str(number))
            assert detector.find(f"{number} {mark}, {mark}{mark}@host.org {number}") == []


def test_a_detector_travels_to_a_worker(detector):
    assert pickle.loads(pickle.dumps(detector)) == detector
