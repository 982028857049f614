"""Decontamination behind a step that cuts: it reads what was left, and speaks of the clean text."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contamination.cut import CutRule
from pipelines.contamination.decontaminate import Decontaminate
from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contamination.rules import ActionRules
from pipelines.contract.schema import BENCHMARK_ITEMS
from pipelines.text.cuts import listed, without

ITEM = [f"item{i}" for i in range(13)]
SCHEMA = pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("cuts", pa.list_(pa.int64()))])
INDEX = NgramIndex.build(
    pa.Table.from_pylist(
        [{"benchmark": "exam", "item_id": "1", "part": "question", "text": " ".join(ITEM), "num_words": 13, "match_whole": False}],
        schema=BENCHMARK_ITEMS.schema,
    )
)


def run(text, cuts, action="cut"):
    body = Decontaminate(INDEX, ActionRules(action_by_benchmark={"exam": action}), CutRule(window_characters=2, min_piece_characters=3))
    return {n: rows.to_pylist() for n, rows in body(pa.RecordBatch.from_pylist([{"doc_id": "d", "text": text, "cuts": cuts}], schema=SCHEMA)).items()}


def after(text, cuts, edits):
    flat = sorted([*(cuts[i : i + 3] for i in range(0, len(cuts), 3)), *([e["start"], e["end"], e["new_length"]] for e in edits)])
    assert all(a[1] <= b[0] for a, b in pairwise(flat))
    return without(text.encode(), listed([number for cut in flat for number in cut])).decode()


def test_an_item_that_an_earlier_cut_took_is_not_met():
    text = f"before\n{' '.join(ITEM)}\nbehind it"
    start = text.index("item0")
    assert run(text, [start, text.index("behind"), 0]) == {"contamination": [], "cuts": [], "verdicts": [], "fates": []}


def test_an_item_between_whose_halves_a_line_was_cut_is_met_and_what_was_cut_is_not_cut_twice():
    text = f"much before this\n{' '.join(ITEM[:6])}\nMENU\n{' '.join(ITEM[6:])}\nand much behind it"
    menu = text.index("MENU")
    cuts = [menu, menu + 5, 0]
    assert run(text, []) == {"contamination": [], "cuts": [], "verdicts": [], "fates": []}
    out = run(text, cuts)
    (row,) = out["contamination"]
    assert (text[row["doc_start"] :].startswith("item0 "), text[: row["doc_end"]].endswith("item12")) == (True, True)
    assert [(e["end"] == menu, e["start"] == menu + 5, e["new_length"]) for e in out["cuts"]] == [(True, False, 2), (False, True, 0)]
    assert after(text, cuts, out["cuts"]) == "much before thi\n\nnd much behind it"


@pytest.mark.parametrize("action", ["drop", "flag"])
def test_dropping_and_flagging_see_what_was_left_too(action):
    text = f"{' '.join(ITEM[:6])}\nMENU\n{' '.join(ITEM[6:])}"
    menu = text.index("MENU")
    out = run(text, [menu, menu + 5, 0], action)
    assert [row["action"] for row in out["contamination"]] == [action]
    assert bool(out["fates"]) == (action == "drop")


LINES = st.sampled_from([" ".join(ITEM), " ".join(ITEM[:6]), " ".join(ITEM[6:]), "menu \u6771", "some other line", "\u00e9\u00e9 \U0001f600"])


@given(st.lists(st.tuples(LINES, st.booleans(), st.integers(0, 2)), max_size=10))
@settings(max_examples=150)
def test_cuts_of_two_steps_are_disjoint_balance_and_leave_nothing_registered(lines):
    text, cuts = "", []
    for line, is_cut, new_length in lines:
        start = len(text.encode())
        text += f"{line}\n"
        if is_cut:
            cuts += [start, len(text.encode()), new_length]
    out = run(text, cuts)
    left = without(text.encode(), listed(cuts)).decode()
    assert bool(out["contamination"]) == bool(scan(pa.array([left]), INDEX)[0])
    if out["fates"]:
        assert out["cuts"] == []
    else:
        final = after(text, cuts, out["cuts"])
        assert scan(pa.array([final]), INDEX) == [[]]
        assert len(left.encode()) + sum(e["new_length"] - (e["end"] - e["start"]) for e in out["cuts"]) == len(final.encode())
