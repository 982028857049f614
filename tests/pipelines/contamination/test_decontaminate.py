import pickle

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contamination.cut import CutRule
from pipelines.contamination.decontaminate import Decontaminate
from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contamination.rules import ActionRules
from pipelines.contract.errors import ConfigError
from pipelines.contract.schema import BENCHMARK_ITEMS, CONTAMINATION, EDITS, FATES, VERDICTS
from pipelines.text.edits import apply_bytes

QUOTES = {name: " ".join(f"{name}{i}" for i in range(15)) for name in ("dropped", "cut", "flagged")}
ACTIONS = {"dropped": "drop", "cut": "cut", "flagged": "flag"}
FILLER = " ".join(["filler"] * 100)


def index(quotes=QUOTES):
    rows = [{"benchmark": n, "item_id": "7", "part": "question", "text": q, "num_words": 15, "match_whole": False} for n, q in quotes.items()]
    return NgramIndex.build(pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema))


def run(*texts, body=None, splits=None):
    columns = {"doc_id": [f"{i:032x}" for i in range(len(texts))], "text": list(texts), "split": splits or ["train"] * len(texts)}
    schema = pa.schema([(name, pa.string()) for name in columns])
    out = (body or Decontaminate(index(), ActionRules(action_by_benchmark=ACTIONS)))(pa.RecordBatch.from_pydict(columns, schema=schema))
    assert {name: rows.schema for name, rows in out.items()} == {
        "contamination": CONTAMINATION.schema, "cuts": EDITS.schema, "verdicts": VERDICTS.schema, "fates": FATES.schema,
    }  # fmt: skip
    return {name: rows.to_pylist() for name, rows in out.items()}


def after(text, edits):
    return apply_bytes(text.encode(), [(e["start"], e["end"], b"\n\n"[: e["new_length"]]) for e in edits]).decode()


def test_a_document_with_text_to_be_dropped_goes_and_its_evidence_stays():
    out = run("nothing", f"{FILLER} {QUOTES['dropped']} {QUOTES['flagged']}")
    assert out["fates"] == [{"doc_id": f"{1:032x}", "fate": "dropped", "step": "decontaminate", "reason": "contaminated"}]
    (verdict,) = out["verdicts"]
    assert (verdict["rule"], verdict["reason"], verdict["value"], verdict["threshold"]) == ("decontaminate.dropped", "contaminated", 3.0, 1.0)
    assert [(row["benchmark"], row["action"], row["num_ngrams"]) for row in out["contamination"]] == [("dropped", "drop", 3), ("flagged", "drop", 3)]
    assert out["cuts"] == []


def test_a_cut_takes_the_run_and_what_is_around_it_and_the_bytes_balance():
    text = f"é{FILLER} {QUOTES['cut']} {FILLER}東"
    out = run(text)
    assert out["fates"] == out["verdicts"] == []
    (edit,), (row,) = out["cuts"], out["contamination"]
    assert (edit["from_version"], edit["step"], edit["cause"], edit["new_length"]) == ("clean", "decontaminate", "cut", 2)
    assert row["action"] == "cut"
    assert edit["start"] < row["doc_start"] < row["doc_end"] < edit["end"]
    final = after(text, out["cuts"])
    assert len(text.encode()) - (edit["end"] - edit["start"]) + edit["new_length"] == len(final.encode())
    assert scan(pa.array([final]), index()) == [[]]


def test_flagged_text_stays_and_is_on_record():
    out = run(f"{FILLER} {QUOTES['flagged']} {FILLER}")
    assert [row["action"] for row in out["contamination"]] == ["flag"]
    assert out["cuts"] == out["fates"] == out["verdicts"] == []


def test_flagged_text_that_lies_in_a_cut_was_cut():
    out = run(f"{FILLER} {QUOTES['cut']} {QUOTES['flagged']} {FILLER}", body=Decontaminate(index(), ActionRules(action_by_benchmark=ACTIONS)))
    assert [(row["benchmark"], row["action"]) for row in out["contamination"]] == [("cut", "cut"), ("flagged", "cut")]
    assert [edit["cause"] for edit in out["cuts"]] == ["cut"]


def test_flagged_text_that_a_cut_broke_is_gone_and_flagged_text_that_arises_where_pieces_meet_is_told():
    rules, cut = ActionRules(action_by_benchmark=ACTIONS), CutRule(window_characters=0, min_piece_characters=0)
    words = QUOTES["flagged"].split()
    broken = index({"cut": f"{' '.join(words[10:])} {QUOTES['cut']}", "flagged": QUOTES["flagged"]})
    out = run(f"{FILLER} {QUOTES['flagged']} {QUOTES['cut']} {FILLER}", body=Decontaminate(broken, rules, cut))
    assert [(row["benchmark"], row["action"], row["reason"]) for row in out["contamination"]] == [
        ("flagged", "cut", "in_a_cut"),
        ("cut", "cut", None),
    ]
    text = f"{FILLER} {' '.join(words[:7])} {QUOTES['cut']} {' '.join(words[7:])} {FILLER}"
    out = run(text, body=Decontaminate(index(), rules, cut))
    assert [(row["benchmark"], row["action"], row["reason"]) for row in out["contamination"]] == [("flagged", "flag", None), ("cut", "cut", None)]
    place = out["contamination"][0]
    assert text.encode()[place["doc_start"] : place["doc_end"]].decode() == f"{' '.join(words[:7])} {QUOTES['cut']} {' '.join(words[7:])}"


def test_a_document_that_would_be_torn_apart_goes():
    out = run(" ".join([FILLER, QUOTES["cut"]] * 11 + [FILLER]))
    assert [(v["reason"], v["value"], v["threshold"]) for v in out["verdicts"]] == [("too_many_cuts", 11.0, 10.0)]
    assert [f["reason"] for f in out["fates"]] == ["too_many_cuts"]
    assert {row["action"] for row in out["contamination"]} == {"drop"}


def test_a_document_of_which_nothing_would_be_left_goes():
    out = run(f"short {QUOTES['cut']} short")
    assert [f["reason"] for f in out["fates"]] == ["contaminated"]
    assert out["cuts"] == []


def test_the_heldout_side_is_not_looked_at():
    out = run(QUOTES["dropped"], QUOTES["dropped"], splits=["heldout", "train"])
    assert [f["doc_id"] for f in out["fates"]] == [f"{1:032x}"]


def test_no_documents_give_empty_tables():
    assert {name: len(rows) for name, rows in run().items()} == {"contamination": 0, "cuts": 0, "verdicts": 0, "fates": 0}


@pytest.mark.parametrize("actions", [{}, {**ACTIONS, "cut": "delete"}])
def test_a_benchmark_without_a_known_action_is_an_error(actions):
    with pytest.raises(ConfigError, match=r"decontaminate\.actions\."):
        Decontaminate(index(), ActionRules(action_by_benchmark=actions))


def test_text_to_be_dropped_that_only_arises_where_pieces_meet_is_cut_away():
    # The n-gram to be dropped stands on both sides of one to be cut; the rule is small so that the sides survive.
    left, right = " ".join(f"dropped{i}" for i in range(7)), " ".join(f"dropped{i}" for i in range(7, 15))
    text = f"{FILLER} {left} {QUOTES['cut']} {right} {FILLER}"
    body = Decontaminate(index(), ActionRules(action_by_benchmark=ACTIONS), CutRule(window_characters=0, min_piece_characters=1))
    out = run(text, body=body)
    assert out["fates"] == []
    assert scan(pa.array([after(text, out["cuts"])]), index()) == [[]]


PARTS = st.sampled_from([*QUOTES.values(), FILLER, "東京 é", "short"])


@settings(max_examples=60)
@given(st.lists(st.lists(PARTS, max_size=8).map(" ".join), max_size=5), st.integers(0, 5))
def test_rows_do_not_depend_on_the_cut_into_batches_and_no_text_that_had_to_go_is_left(texts, cut):
    body = pickle.loads(pickle.dumps(Decontaminate(index(), ActionRules(action_by_benchmark=ACTIONS))))
    whole = run(*texts, body=body)
    numbered = pa.RecordBatch.from_pydict(
        {"doc_id": [f"{i:032x}" for i in range(len(texts))], "text": texts}, schema=pa.schema([("doc_id", pa.string()), ("text", pa.string())])
    )
    halves = [body(numbered.slice(0, cut)), body(numbered.slice(cut))]
    assert {name: [row for half in halves for row in half[name].to_pylist()] for name in whole} == whole
    dropped = {fate["doc_id"] for fate in whole["fates"]}
    for i, text in enumerate(texts):
        if f"{i:032x}" not in dropped:
            final = after(text, [edit for edit in whole["cuts"] if edit["doc_id"] == f"{i:032x}"])
            assert all(index().benchmarks[hit.item] == "flagged" for hit in scan(pa.array([final]), index())[0])
