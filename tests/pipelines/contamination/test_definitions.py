"""Other projects' definitions: what each finds that another does not, and GPT-3's cuts letter for letter."""

from __future__ import annotations

import json
import pickle

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contamination.cut import CutRule
from pipelines.contamination.decontaminate import Decontaminate
from pipelines.contamination.defined import DefinedIndex, DefinedRule
from pipelines.contamination.definitions.base import PartText, definitions
from pipelines.contamination.definitions.decon import Decon
from pipelines.contamination.definitions.gpt3 import Gpt3
from pipelines.contamination.janitor import chunks
from pipelines.contamination.rules import ActionRules
from pipelines.contract.schema import BENCHMARK_ITEMS

QUESTION = "Which of the seven bridges over the slow green river was built last, and who paid the masons for the stone?"
ANSWER = "The bridge at the mill was built last; the guild of the dyers paid all of the masons in wool, salt and silver."
OTHERS = tuple(" ".join(f"{word}{i}" for word in ("where", "does", "the", "old", "road", "end") * 5) for i in range(6))
FILLER = "a plain sentence of filler words without any meaning "


def items(*rows):
    usual = {"benchmark": "exam", "part": "question", "role": "input", "num_words": 0, "match_whole": False, "has_answer": True}
    return pa.Table.from_pylist([{**usual, **row} for row in rows], schema=BENCHMARK_ITEMS.schema)


ITEMS = items(
    {"item_id": "0", "text": QUESTION}, {"item_id": "0", "part": "answer", "role": "label", "text": ANSWER},
    *({"item_id": str(i + 1), "text": text} for i, text in enumerate(OTHERS)),
)  # fmt: skip


def met(name, text):
    index = DefinedIndex.build(ITEMS, definitions[name]())
    (hits,) = index.hits(pa.array([text]))
    for hit in hits:
        part = index.texts[hit.item].encode()
        assert 0 <= hit.doc_start < hit.doc_end <= len(text.encode())
        assert 0 <= hit.item_start < hit.item_end <= len(part)
        assert 0 < hit.coverage <= 1
    return {(index.item_ids[hit.item], index.parts[hit.item], hit.tier) for hit in hits}


@pytest.mark.parametrize("name", sorted(definitions))
def test_a_text_without_a_word_of_any_item_meets_none_and_a_page_of_question_and_answer_is_met_by_all(name):
    assert met(name, "") == met(name, "!?") == met(name, FILLER * 40) == set()
    assert met(name, f"{FILLER * 9}\n{QUESTION}\n{ANSWER}\n{FILLER * 9}") & {("0", "question", "exact"), ("0", "answer", "exact")}


def test_definitions_differ_where_their_authors_say():
    assert met("gpt3", f"é {QUESTION.upper()}") == {("0", "question", "exact")}
    assert met("gpt3", " - ".join(QUESTION.split())) == set()  # a word of punctuation hides an item
    assert met("nemo", " - ".join(QUESTION.split())) == {("0", "question", "exact")}
    assert met("datatrove", QUESTION) == set()  # questions alone are not looked for
    assert met("datatrove", f"{QUESTION} {' '.join(ANSWER.split()[:5])}") == {("0", "answer", "exact")}
    assert met("dolma", f"{QUESTION} And more.\n{ANSWER}") == {("0", "answer", "exact")}  # whole paragraphs only
    changed = QUESTION.replace("slow", "quick")
    assert met("decon", f"{FILLER * 3} {changed} {ANSWER} {FILLER * 9}") == set()  # 44 words ask for more than 0.8


def test_a_long_item_with_a_word_changed_is_inexact_by_decon():
    long = " ".join(f"word{i}" for i in range(100))
    parts = [PartText(benchmark="b", item_id=str(i), role="input", text=text) for i, text in enumerate((long, *OTHERS))]
    (found,) = Decon().finder(parts).find(f"{FILLER * 5} {long.replace('word50', 'changed')} {FILLER * 5}")
    assert (found.part, found.num_edits, found.num_ngrams) == (0, 1, 91)
    assert [Decon().needed(n) for n in (10, 20, 35, 50, 90)] == pytest.approx([1.0, 1.0, 0.9, 0.8, 0.8])


def test_an_answer_that_does_not_follow_weakens_a_short_question_by_decon():
    parts = [
        PartText(benchmark="b", item_id="q", role="input", text=QUESTION), PartText(benchmark="b", item_id="q", role="label", text="the dyers"),
        *(PartText(benchmark="b", item_id=str(i), role="input", text=text) for i, text in enumerate(OTHERS)),
    ]  # fmt: skip
    finder = Decon().finder(parts)
    assert [len(finder.find(f"{QUESTION} {then}")) for then in ("the dyers", "nobody knows")] == [1, 0]


@pytest.mark.shared
def test_janitors_own_cases_come_out_the_same_all_of_them(shared):
    cases = json.loads((shared / "conformance" / "lmeval_janitor.json").read_text())["cases"]
    assert [_pieces(case) for case in cases] == [case["expected_chunks"] for case in cases]


def _pieces(case):
    finder = Gpt3(ngram_words=case["params"]["ngram_n"]).finder(
        [PartText(benchmark="b", item_id=str(i), role="input", text=text) for i, text in enumerate(case["contaminants"])]
    )
    names = ("window_to_remove", "minimum_slice_length", "too_dirty_cutoff")
    window, least, most = (case["params"][name] for name in names)
    rule = CutRule(window_characters=window, min_piece_characters=least, max_cuts=most)
    ngrams = sorted({
        span for run in finder.find(case["text"]) for span in _spans(case["text"], run, case["params"]["ngram_n"])
    })  # fmt: skip
    return [case["text"][start:end] for start, end in chunks(len(case["text"]), ngrams, rule) or ()]


def _spans(text, run, n):
    places = [(i, i + len(word)) for i, word in _words(text) if run.start <= i < run.end]
    return [(places[i][0], places[i + n - 1][1] - 1) for i in range(run.num_ngrams)]


def _words(text):
    place = 0
    for word in text.split():
        place = text.index(word, place)
        yield place, word
        place += len(word)


PIECES = st.sampled_from([QUESTION, ANSWER, FILLER, FILLER * 9, "é東 ", " - ", QUESTION[:60]])


@given(st.lists(PIECES, max_size=9).map(" ".join))
def test_what_is_cut_by_gpt3_leaves_nothing_that_had_to_go_and_conserves_bytes(text):
    index = DefinedIndex.build(ITEMS, Gpt3())
    rules, rule = ActionRules(action_by_benchmark={"exam": "cut"}), CutRule(splitting="janitor")
    body = pickle.loads(pickle.dumps(Decontaminate(index, rules, rule)))
    out = body(pa.RecordBatch.from_pydict({"doc_id": ["d"], "text": [text]}))
    if out["fates"].num_rows:
        return
    utf8, at, kept = text.encode(), 0, b""
    for edit in out["cuts"].to_pylist():
        kept += utf8[at : edit["start"]] + b"\n\n"[: edit["new_length"]]
        at = edit["end"]
    final = (kept + utf8[at:]).decode()
    assert rules.runs_to_remove(pa.array([final]), index) == [[]]


def test_what_a_definition_looks_for_says_which_items_are_unchecked():
    found = {name: DefinedRule(definition=definitions[name]()).looked_for(ITEMS).to_pylist()[:2] for name in definitions}
    assert found == {
        "datatrove": [False, True], "decon": [True, True], "dolma": [True, True], "gpt3": [True, True], "nemo": [True, True],
    }  # fmt: skip
    short = items({"item_id": "s", "text": "one two three four five six seven eight"})
    assert {n: DefinedRule(definition=definitions[n]()).looked_for(short).to_pylist() for n in ("gpt3", "nemo")} == {"gpt3": [False], "nemo": [True]}
