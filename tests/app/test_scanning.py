"""A dropped document's text: looked through when it is shown, by the run's own detectors or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_warehouse
from streamlit.testing.v1 import AppTest
from tiny_warehouse import _find

from app import look
from app.catalog import connect, shown_manifests
from app.scanning import scanned
from app.story import render, story
from pipelines.contract.config import encode
from pipelines.detectors.word_list import WordList

DROPPED = _find("quiz-drop")
NAME = "Ann Lee"


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    path = tmp_path_factory.mktemp("names") / "names.txt"
    path.write_text(f"{NAME}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def listed(names, tmp_path_factory):
    """A warehouse whose run looked for a list of names."""
    detectors = {"word_list": encode(WordList(path=names, entity="LISTED_NAME"))}
    return tiny_warehouse.build(tmp_path_factory.mktemp("scanned") / "w", {"detectors": detectors})


def test_a_dropped_documents_text_is_shown_masked_and_says_with_what(listed):
    told = story(listed, DROPPED.doc_id)
    assert told.text == DROPPED.text.replace(NAME, "*" * len(NAME))
    assert told.scanned == {"detectors": ["word_list"], "num_hidden": 1, "why_not": None}
    page = render(told)
    assert "scanned now with word_list, as the run scans: 1 place is hidden" in page
    assert NAME not in page + json.dumps(told.to_dict())
    assert not (listed.root / "raw_access.log").exists()


def test_a_text_that_was_looked_through_is_not_looked_through_again_nor_shown_to_sql(listed):
    assert story(listed, _find("letter").doc_id).scanned is None
    assert story(listed, _find("broken").doc_id).scanned is None  # it never had a clean text
    with connect(listed) as connection:
        assert connection.sql("SELECT text FROM texts WHERE doc_id = $id", params={"id": DROPPED.doc_id}).fetchall() == [(None,)]


def test_who_may_see_raw_text_sees_it_unmasked(tmp_path, names):
    detectors = {"word_list": encode(WordList(path=names, entity="LISTED_NAME"))}
    told = story(tiny_warehouse.build(tmp_path / "w", {"detectors": detectors}), DROPPED.doc_id, raw=True)
    assert told.scanned is None
    assert NAME in render(told)


def test_detectors_that_are_not_the_runs_show_nothing(listed, tmp_path):
    manifests = shown_manifests(listed)
    recorded = manifests["scrub"].params["detectors"]["word_list"]
    other = tmp_path / "other.txt"
    other.write_text("Bob\n", encoding="utf-8")
    for table, said in (
        ({**recorded, "version": -1}, "is another here"),
        ({**recorded, "path": str(other)}, "is another here"),
        ({**recorded, "path": str(tmp_path / "gone.txt")}, "gone.txt"),
        ({"use": "gone", "version": 1}, "no detector is named 'gone'"),
    ):
        scrub = replace(manifests["scrub"], params={"detectors": {"some": table}})
        told = scanned(listed, {**manifests, "scrub": scrub}, DROPPED.doc_id)
        assert told.text is None
        assert said in told.why_not
        assert NAME not in told.why_not
    refused = tiny_warehouse.build(tmp_path / "w", {"detectors": {"gone": {"use": "gone", "version": 1}}})
    assert "it cannot be scanned: no detector is named 'gone'" in render(story(refused, DROPPED.doc_id))


def test_without_detectors_or_text_there_is_nothing_to_look_through(listed):
    manifests = shown_manifests(listed)
    assert scanned(listed, {**manifests, "scrub": replace(manifests["scrub"], params={"detectors": {}})}, DROPPED.doc_id) is None
    assert scanned(listed, manifests, "0" * 32) is None
    assert scanned(listed, {"clean": manifests["clean"]}, DROPPED.doc_id) is None


@pytest.mark.parametrize("page", ["documents", "contamination"])
def test_the_page_shows_it_masked_and_says_so(listed, monkeypatch, page):
    monkeypatch.setenv("ASSAY_WAREHOUSE", str(listed.root))
    test = AppTest.from_file(str(Path(look.__file__).parent / "pages" / "Home.py"), default_timeout=60)
    test.switch_page(f"{page}.py")
    for name, value in {"doc": DROPPED.doc_id, "item": "rivers-7", "at": str(DROPPED.span(DROPPED.item)[0])}.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    told = "\n".join(str(e.value) for e in (*test.text, *test.code))
    assert "scanned now with word_list, as the run scans: 1 place is hidden." in told
    assert f"Call {'*' * len(NAME)} on" in told
    assert NAME not in told
