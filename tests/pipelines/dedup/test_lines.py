"""Lines by their hashes, and the cuts that are made of them."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.lines import CutLines, HashLines, line_hash

TEXTS = st.lists(st.sampled_from(["menu", " menu\t", "caf\u00e9 \u6771", "", "  ", "x", "\r"]), max_size=8).map("\n".join)


def hashed(*texts, min_characters=1):
    batch = pa.RecordBatch.from_pydict({"doc_id": [f"d{i}" for i in range(len(texts))], "text": list(texts)})
    return {name: rows.to_pylist() for name, rows in HashLines(min_characters=min_characters)(batch).items()}


def cut(*spans):
    starts, ends = zip(*spans, strict=True)
    return CutLines()(pa.RecordBatch.from_pydict({"doc_id": ["d"] * len(spans), "start": list(starts), "end": list(ends)}))["cuts"]


@given(TEXTS)
def test_the_lines_of_a_text_are_its_own_in_order_without_blank_ones(text):
    rows, utf8 = hashed(text)["lines"], text.encode()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    assert [utf8[r["start"] : r["end"]].decode().strip() for r in rows] == lines
    assert [(r["high"], r["low"]) for r in rows] == [line_hash(line) for line in lines]
    assert all(utf8[r["end"] - 1 : r["end"]] == b"\n" or r["end"] == len(utf8) for r in rows)
    assert hashed(text)["counts"] == [{"doc_id": "d0", "num_lines": len(lines)}]


def test_short_lines_are_counted_and_not_offered():
    out = hashed("menu\na longer line\n\u6771\u6771", min_characters=4)
    assert [r["start"] for r in out["lines"]] == [0, 5]
    assert out["counts"][0]["num_lines"] == 3


def test_lines_that_follow_each_other_are_one_cut():
    rows = cut((0, 5), (5, 9), (12, 14)).to_pylist()
    assert [(r["start"], r["end"], r["new_length"]) for r in rows] == [(0, 9, 0), (12, 14, 0)]
    assert {(r["doc_id"], r["from_version"], r["step"], r["cause"]) for r in rows} == {("d", "clean", "repeated_lines", "repeated_line")}
