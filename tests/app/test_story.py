"""A document's story: every kind of end, in both forms, and nothing private unless asked."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import tiny_warehouse
from tiny_warehouse import _find

from app.story import render, story
from app.visible import visible
from pipelines.contract.errors import ConfigError, CorruptFile


def told(warehouse, key, **options):
    return story(warehouse, _find(key).doc_id, **options)


@pytest.mark.parametrize("doc", tiny_warehouse.DOCS, ids=lambda d: d.key)
def test_every_document_has_a_story_that_is_text_and_json(tiny, doc):
    found = story(tiny, doc.doc_id)
    assert found.doc_id in render(found)
    assert json.loads(json.dumps(found.to_dict()))["doc_id"] == doc.doc_id
    assert found.fate["fate"] == (doc.end[1] if doc.end else "kept")


def test_a_dropped_document_names_rule_value_and_bound(tiny):
    page = render(told(tiny, "symbols"))
    assert "too_many_hashes: measured 2.143, bound 0.1" in page
    assert "too_few_words: measured 7, bound 50" in page


def test_the_way_ends_at_the_step_that_decided(tiny):
    journey = {r["step"]: r["outcome"] for r in told(tiny, "symbols").journey}
    assert journey["measure"] == "passed"
    assert journey["judge"] == "dropped"
    assert journey["dedup"] == journey["publish"] == "not reached"


def test_bytes_after_each_step_show_where_text_was_cut(tiny):
    sizes = {r["step"]: r["num_bytes"] for r in told(tiny, "quiz-cut").journey}
    assert sizes["split"] - sizes["decontaminate"] == len(tiny_warehouse.QUESTION)


def test_a_copy_names_its_partner_and_the_partner_names_its_copies(tiny):
    near, kept = told(tiny, "mill-near"), told(tiny, "mill")
    assert near.duplicate["kept_doc_id"] == kept.doc_id
    assert near.duplicate["jaccard"] == 0.9375
    assert {c["doc_id"] for c in kept.copies} == {_find("mill-copy").doc_id, near.doc_id}


def test_contamination_personal_data_and_tokens_are_told(tiny):
    assert told(tiny, "quiz-drop").contamination[0]["action"] == "drop"
    letter = told(tiny, "letter")
    assert letter.pii == ({"entity": "EMAIL_ADDRESS", "policy": "placeholder", "rule": None, "num_spans": 1, "recognizers": ["patterns.email"]},)
    assert letter.passed_over == ({"rule": "phone_number.year_range", "entity": "PHONE_NUMBER", "num_places": 1},)
    page = render(letter)
    assert "1 span, found by patterns.email; its kind stands there now" in page
    assert "not taken for PHONE_NUMBER" in page
    assert "1 place, year range (phone_number.year_range)" in page
    assert letter.num_tokens == len(_find("letter").final.encode())


def test_nothing_private_is_told_unless_raw_is_asked_for(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    for doc in tiny_warehouse.DOCS:
        found = story(warehouse, doc.doc_id)
        for form in (render(found), json.dumps(found.to_dict(), ensure_ascii=False)):
            assert tiny_warehouse.EMAIL not in form
            assert "jane-doe" not in form
            assert "Ann Lee" not in form
    assert not (warehouse.root / "raw_access.log").exists()
    assert tiny_warehouse.EMAIL in render(told(warehouse, "letter", raw=True))
    assert len((warehouse.root / "raw_access.log").read_text().splitlines()) == 1


def test_a_text_that_nobody_looked_through_says_why_it_is_not_shown(tiny):
    assert "nobody looked for personal data" in render(told(tiny, "short"))


def test_escape_sequences_of_a_text_never_reach_the_terminal(tiny):
    assert "\x1b" not in render(told(tiny, "hostile"))
    assert visible("a\u202eb\x07\u2028c\n\t") == "a<202e>b␇<2028>c\n\t"


def test_the_beginning_of_an_id_is_enough_if_it_is_the_only_one(tiny):
    assert story(tiny, _find("letter").doc_id[:10].upper()).doc_id == _find("letter").doc_id


def test_training_steps_come_from_the_caller(tiny):
    assert told(tiny, "bees").train_steps is None
    found = told(tiny, "bees", steps=lambda doc_id: [3, 1_207] if doc_id == _find("bees").doc_id else [])
    assert found.train_steps == (3, 1207)
    assert "3, 1,207" in render(found)


def test_steps_that_cannot_be_known_are_said_to_be_unknown_and_why(tiny):
    def unreadable(_doc_id):
        raise CorruptFile("step-9/state.json: damaged\x1b")

    found = told(tiny, "bees", steps=unreadable)
    assert (found.train_steps, found.to_dict()["train_steps_unknown"]) == (None, "step-9/state.json: damaged\x1b")
    assert "read at training steps  unknown: step-9/state.json: damaged␛" in render(found)


@pytest.mark.parametrize(("value", "shown"), [(math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan"), (7.0, "7"), (None, "-")])
def test_a_number_that_is_not_finite_can_be_told(tiny, value, shown):
    symbols = told(tiny, "symbols")
    broken = replace(symbols, signals=({"family": "lengths", "signal": "word_count", "value": value},))
    assert f"lengths.word_count  {shown}" in render(broken)


@pytest.mark.parametrize(
    ("asked", "said"), [("zzzzzz", "no document"), ("ab", "no document"), ("", "no document"), ("'; DROP TABLE x", "no document")]
)
def test_an_unknown_id_is_one_clear_line(tiny, asked, said):
    with pytest.raises(ConfigError, match=said) as caught:
        story(tiny, asked)
    assert "\n" not in str(caught.value)


def test_an_unknown_id_names_the_nearest(tiny):
    known = _find("letter").doc_id
    with pytest.raises(ConfigError, match=known):
        story(tiny, known[:12] + "0" * 20)


def test_an_empty_warehouse_says_what_to_run(empty):
    with pytest.raises(ConfigError, match="assay demo"):
        story(empty, "abcdef")
