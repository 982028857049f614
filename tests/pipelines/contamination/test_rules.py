"""What is done about a run of benchmark text, and which parts are looked for."""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest

from pipelines.contamination.boilerplate import Boilerplate, count_ngrams
from pipelines.contamination.claims import Hit
from pipelines.contamination.decontaminate import CountNgrams, Decontaminate
from pipelines.contamination.defined import DefinedIndex
from pipelines.contamination.definitions.decon import Decon
from pipelines.contamination.definitions.dolma import Dolma
from pipelines.contamination.inexact import InexactRule
from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contamination.parts import PartRule
from pipelines.contamination.rules import ActionRules
from pipelines.contract.schema import BENCHMARK_ITEMS
from pipelines.text.words import count_words

LONG = " ".join(f"word{i}" for i in range(40))
WORDS = LONG.split()


def items(*rows):
    usual = {"benchmark": "exam", "item_id": "1", "part": "question", "role": "input", "match_whole": False, "has_answer": True}
    told = [{**usual, **row, "num_words": count_words(row["text"])} for row in rows]
    return pa.Table.from_pylist(told, schema=BENCHMARK_ITEMS.schema)


def decided(rules, index, text):
    (hits,) = rules.met(pa.array([text]), index)
    return [(hit.item_start, decision.action, decision.reason) for hit, decision in zip(hits, rules.decide(hits, index), strict=True)]


def test_text_of_an_item_without_an_answer_is_flagged_whatever_its_benchmark_asks_for():
    index = NgramIndex.build(items({"text": LONG, "has_answer": False}))
    rules = ActionRules(action_by_benchmark={"exam": "drop"})
    assert decided(rules, index, LONG) == [(0, "flag", "no_answer")]
    assert rules.runs_to_remove(pa.array([LONG]), index) == [[]]


def test_several_runs_of_a_part_cover_it_together_and_what_they_share_counts_once():
    index = NgramIndex.build(items({"text": LONG}))
    first, second, again = WORDS[:13], WORDS[20:33], WORDS[:13]
    text = " and ".join(" ".join(run) for run in (first, second, again))
    rules = {share: ActionRules(action_by_benchmark={"exam": "cut"}, min_coverage=share) for share in (0.65, 0.66)}
    actions = {share: {action for _, action, _ in decided(rule, index, text)} for share, rule in rules.items()}
    assert actions == {0.65: {"cut"}, 0.66: {"flag"}}
    assert {why for _, _, why in decided(rules[0.66], index, text)} == {"low_coverage"}


@pytest.mark.parametrize(
    ("asked", "inexact", "expected"),
    [("drop", "flag", ("flag", "inexact")), ("drop", "cut", ("cut", "inexact")), ("cut", "drop", ("cut", None)), ("flag", "drop", ("flag", None))],
)
def test_an_inexact_run_has_at_most_the_action_of_its_tier(asked, inexact, expected):
    index = NgramIndex.build(items({"text": LONG}))
    hit = Hit(item=0, num_ngrams=3, coverage=0.5, doc_start=0, doc_end=9, item_start=0, item_end=9, tier="inexact", num_edits=1)
    (decision,) = ActionRules(action_by_benchmark={"exam": asked}, inexact_action=inexact).decide([hit], index)
    assert (decision.action, decision.reason) == expected


def test_a_run_over_what_was_written_in_the_place_of_something_else_is_none():
    item = " ".join(WORDS[:16])
    index = NgramIndex.build(items({"text": item}), inexact=InexactRule())
    rules = ActionRules(action_by_benchmark={"exam": "drop"}, inexact_action="drop")
    mark = index.foreign_character()
    texts = pa.array([item.replace("word8", mark), f"{item} {mark}", item.replace("word8", "another")])
    tiers = [["inexact"], ["exact"], ["inexact"]]
    assert [[hit.tier for hit in hits] for hits in rules.runs_to_remove(texts, index)] == tiers
    assert [[hit.tier for hit in hits] for hits in rules.runs_to_remove(texts, index, written=mark)] == [[], *tiers[1:]]


def test_an_inexact_run_that_shows_once_a_longer_run_is_broken_adds_nothing_to_what_is_covered():
    number = "777 123 456"
    index = NgramIndex.build(items({"text": " ".join([*WORDS[:13], number, *WORDS[13:]])}), inexact=InexactRule())
    mark = index.foreign_character()
    before = " ".join([*WORDS[:13], number, *WORDS[13:21], "other", *WORDS[22:26]])  # 24 of 43 words; with 8 and 4 around a fault it would be 26
    rules = ActionRules(action_by_benchmark={"exam": "cut"}, inexact_action="cut", min_coverage=0.6)
    texts = pa.array([before, before.replace(number, mark)])
    assert [len(hits) for hits in rules.runs_to_remove(texts, index)] == [0, 2]
    assert rules.runs_to_remove(texts, index, written=mark) == [[], []]


def test_a_piece_of_boilerplate_that_a_number_broke_is_no_evidence():
    item = "joe@acme.com word0 word1 word2 word3 word4<word5 word6-word7-word8 word9 word10 word11"
    index = NgramIndex.build(items({"text": item}), 5, 2)
    mark = index.foreign_character()
    texts = pa.array([item, item.replace("joe@acme.com", mark)])
    rules = ActionRules(action_by_benchmark={"exam": "cut"}, ngram_words=5, boilerplate=Boilerplate(starts={("exam", "1", "question"): {0}}))
    assert [bool(hits) for hits in rules.runs_to_remove(texts, index)] == [True, True]
    assert [bool(hits) for hits in rules.runs_to_remove(texts, index, written=mark)] == [True, False]


def test_what_a_definition_that_looks_around_meets_once_words_have_moved_is_no_fault():
    words = ["where", "does", "the", "old", "road", "end", "and", "who", "built", "it", "of", "stone"]
    voices = [" ".join(f"{word}{i}" for word in words) for i in range(9)]
    parts = [
        {"item_id": str(i), "text": voice, "part": part, "role": role}
        for i, voice in enumerate(voices)
        for part, role, voice in (("question", "input", voice[: voice.index(" end")]), ("answer", "label", voice.split(" end", 1)[1] + " " + voice))
    ]  # fmt: skip
    index = DefinedIndex.build(items(*parts), Decon())
    filler = " and more" * 20
    texts = [f"mail joe@acme.org now {'x ' * shift}{' '.join(part['text'] for part in parts[:2])}{filler}" for shift in range(10)]
    rules, mark = ActionRules(action_by_benchmark={"exam": "drop"}), index.foreign_character()
    scrubbed = [text.replace("joe@acme.org", mark) for text in texts]
    moved = [not before and bool(after) for before, after in zip(index.hits(pa.array(texts)), index.hits(pa.array(scrubbed)), strict=True)]
    assert any(moved)
    assert rules.runs_to_remove(pa.array(scrubbed), index, written=mark) == [[]] * 10
    assert rules.runs_to_remove(pa.array(texts), index, written=mark) == index.hits(pa.array(texts))


def test_a_part_of_which_only_another_definition_makes_words_is_counted_and_covered():
    line = " ".join("_" * 14)
    index = DefinedIndex.build(items({"text": line}), Dolma())
    (row,) = count_ngrams(pa.array([f"before\n{line}\nbehind"]), index, 13).to_pylist()
    assert (row["item_start"], row["item_end"], row["num_documents"]) == (0, len(line), 1)
    rules = ActionRules(action_by_benchmark={"exam": "cut"}, min_coverage=0.5)
    assert [len(hits) for hits in rules.runs_to_remove(pa.array([line]), index)] == [1]


def test_an_item_of_fifty_thousand_words_is_met_in_part_and_its_coverage_says_how_little():
    words = [f"long{i}" for i in range(50_000)]
    index = NgramIndex.build(items({"text": " ".join(words)}), inexact=InexactRule())
    text = f"{' '.join(words[100:160])} filler {' '.join(words[40_000:40_040])}"
    for least, action in ((0.002, "drop"), (0.0021, "flag")):
        assert {a for _, a, _ in decided(ActionRules(action_by_benchmark={"exam": "drop"}, min_coverage=least), index, text)} == {action}


def test_what_goes_with_a_document_or_a_cut_says_so():
    flagged = " ".join(f"other{i}" for i in range(13))
    index = NgramIndex.build(items({"text": LONG}, {"benchmark": "quiz", "text": flagged}))
    for action, reason in (("drop", "document_dropped"), ("cut", "in_a_cut")):
        body = Decontaminate(index, ActionRules(action_by_benchmark={"exam": action, "quiz": "flag"}))
        text = f"{'filler ' * 200}{LONG} {flagged}{' filler' * 200}"
        rows = body(pa.RecordBatch.from_pydict({"doc_id": ["d"], "text": [text]}))["contamination"].to_pylist()
        assert [(r["benchmark"], r["action"], r["reason"], r["tier"], r["num_edits"]) for r in rows] == [
            ("exam", action, None, "exact", 0), ("quiz", action, reason, "exact", 0),
        ]  # fmt: skip


def test_ngrams_are_counted_once_a_document_and_the_counts_of_batches_add_up():
    index = NgramIndex.build(items({"text": LONG}, {"item_id": "2", "text": "東京は日本の首都です"}))
    texts = [LONG, f"{LONG} and {LONG}", " ".join(WORDS[:14]), "東京は日本の首都です", "nothing"]
    rows = count_ngrams(pa.array(texts), index, 13).to_pylist()
    counts = {(r["item_id"], r["item_start"]): r["num_documents"] for r in rows}
    starts = [LONG.index(word) for word in WORDS]
    assert [counts["1", start] for start in starts[:28]] == [3, 3, *[2] * 26]
    assert counts["2", 0] == 1
    assert {(r["item_end"] - r["item_start"]) for r in rows if r["item_id"] == "1"} >= {len(" ".join(WORDS[:13]))}
    halves = [count_ngrams(pa.array(half), index, 13).to_pylist() for half in (texts[:1], texts[1:])]
    added = {}
    for row in (row for half in halves for row in half):
        added[row["item_id"], row["item_start"]] = added.get((row["item_id"], row["item_start"]), 0) + row["num_documents"]
    assert added == counts


def test_a_run_of_nothing_but_boilerplate_is_no_evidence_and_a_longer_one_is_evidence_as_a_whole():
    index = NgramIndex.build(items({"text": LONG}))
    rules = ActionRules(action_by_benchmark={"exam": "drop"}, boilerplate=Boilerplate({("exam", "1", "question"): {0, LONG.index("word1")}}))
    rules = pickle.loads(pickle.dumps(rules))
    assert decided(rules, index, " ".join(WORDS[:14])) == []
    assert decided(rules, index, " ".join(WORDS[:15])) == [(0, "drop", None)]


def test_the_heldout_side_is_not_counted():
    index = NgramIndex.build(items({"text": LONG}))
    batch = pa.RecordBatch.from_pydict({"doc_id": ["a", "b"], "text": [LONG, LONG], "split": ["heldout", "train"]})
    assert set(CountNgrams(index, 13)(batch)["met"].column("num_documents").to_pylist()) == {1}


def looked_for(rule, *rows):
    return rule.looked_for(items(*rows)).to_pylist()


def test_question_and_answer_together_are_looked_for_where_one_is_too_short_alone():
    answer, joined = {"part": "answer", "role": "label", "text": "a b c d e"}, {"part": "joined", "role": "both", "text": "1 2 3 a b c d e"}
    short = [{"text": "1 2 3"}, answer, joined]
    assert looked_for(PartRule(), *short) == [False, False, True]
    long = [{"text": LONG}, {"part": "answer", "role": "label", "text": LONG}, {"part": "joined", "role": "both", "text": f"{LONG}\n{LONG}"}]
    assert looked_for(PartRule(), *long) == [True, True, False]


def test_parts_are_chosen_by_role_or_by_name():
    rows = [{"text": LONG}, {"part": "answer", "role": "label", "text": LONG}, {"part": "joined", "role": "both", "text": f"{LONG}\n{LONG}"}]
    asked = (("input",), ("answer",), ("both",), ("question", "label"))
    assert [looked_for(PartRule(parts=parts), *rows) for parts in asked] == [
        [True, False, False], [False, True, False], [False, False, True], [True, True, False],
    ]  # fmt: skip


def test_a_part_in_a_script_without_spaces_is_as_long_as_it_has_characters():
    question = "東京は日本の首都です"  # ten characters: looked for whole
    assert looked_for(PartRule(), {"text": question}, {"item_id": "2", "text": "東京"}) == [True, False]
    assert [len(hits) for hits in scan(pa.array([f"問: {question}。", "東京は日本の首都"]), NgramIndex.build(items({"text": question})))] == [1, 0]
