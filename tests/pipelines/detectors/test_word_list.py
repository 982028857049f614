"""A detector whose file decides what it finds."""

from __future__ import annotations

import pytest

from pipelines.contract.config import decode
from pipelines.contract.errors import ConfigError
from pipelines.detectors.scrub import Scrub
from pipelines.detectors.word_list import WordList
from pipelines.steps.scrub import Scrub as ScrubStep
from pipelines.steps.settings import Curation
from pipelines.steps.settings import Scrub as Scrubbing


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "terms.txt"
    path.write_text("# people\nJane Roe\nJane Roe Smith\nO'Neil\n\nProject X-17\n\u6771\u4eac\nphone_number\n", encoding="utf-8")
    return WordList(path=path)


def values(detector, text):
    return [text[s.start : s.end] for s in detector.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask jane roe, or JANE\n  ROE", ["jane roe", "JANE\n  ROE"]),
        ("Jane Roe Smith", ["Jane Roe Smith"]),
        ("Jane Roe Smithson", ["Jane Roe"]),
        ("Janet Roe and Jane Roeder", []),
        ("Jane. After a while, Roe", []),
        ("\u00e9 O\u2019Neil's project x 17", ["O\u2019Neil", "project x 17"]),
        ("\u6771\u4eac", ["\u6771\u4eac"]),
        ("<JANE ROE> and <jane_roe>", ["JANE ROE"]),
        ("<PHONE_NUMBER> phone_number", ["phone_number"]),
        ("", []),
    ],
)
def test_a_term_is_met_as_whole_words_in_any_case(listed, text, expected):
    assert values(listed, text) == expected


def test_what_was_replaced_by_it_is_not_found_again(listed):
    scrubbed = Scrub(detectors={"word_list": listed}).replacement.text_for(listed.entity, "Jane Roe")
    assert scrubbed == "<LISTED_TERM>"
    assert values(listed, f"Jane {scrubbed} Roe") == []


def test_other_terms_under_the_same_path_are_other_data_and_are_found(listed):
    before = listed.data()
    assert list(before) == ["terms.txt"]
    assert values(listed, "mary major") == []
    listed.path.write_text("Mary Major\n", encoding="utf-8")
    assert listed.data() != before
    assert values(listed, "mary major and jane roe") == ["mary major"]


def test_other_terms_under_the_same_path_are_another_key_of_scrub(listed):
    config = Curation(name="run", sources=(), scrub=Scrubbing(detectors=({"use": "word_list", "path": str(listed.path)},)))
    before = ScrubStep().params(config)
    assert ScrubStep().params(config) == before
    listed.path.write_text("Mary Major\n", encoding="utf-8")
    assert ScrubStep().params(config) != before


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"\xff\xfe", "not UTF-8"), (b"one\n--\n", "line 2 holds no word")],
)
def test_a_list_that_cannot_be_used_is_refused_without_a_word_of_it(tmp_path, content, message):
    path = tmp_path / "terms.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        WordList(path=path).find("text")


@pytest.mark.parametrize("entity", ["", "Name", "NAME", "A_", "A-B"])
def test_a_placeholder_that_could_be_a_name_is_refused(tmp_path, entity):
    with pytest.raises(ConfigError, match="must be capitals and digits with an underscore"):
        decode(WordList, {"path": str(tmp_path), "entity": entity}, "run.toml")
