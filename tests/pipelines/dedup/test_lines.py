"""Lines by their hashes, and the cuts that are made of them."""

from __future__ import annotations

import pyarrow as pa
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.lines import CutLines, HashLines

LINES = st.sampled_from(["menu", " menu\t", "caf\u00e9 \u6771", "", "  ", "x", "\r", "\u2028", "\u00a0\U0001f600\u3000"]) | st.text(max_size=6)
TEXTS = st.lists(LINES, max_size=8).map("\n".join)


def hashed(*texts, min_characters=1):
    batch = pa.RecordBatch.from_arrays(
        [pa.array([f"d{i}" for i in range(len(texts))], pa.string()), pa.array(texts, pa.string())], ["doc_id", "text"]
    )
    return {name: rows.to_pylist() for name, rows in HashLines(min_characters=min_characters)(batch).items()}


def cut(*spans):
    starts, ends = zip(*spans, strict=True)
    return CutLines()(pa.RecordBatch.from_pydict({"doc_id": ["d"] * len(spans), "start": list(starts), "end": list(ends)}))["cuts"]


def line_hash(line):
    value = xxhash.xxh3_128_intdigest(line.encode())
    return (value >> 64) - (1 << 63), value % (1 << 64) - (1 << 63)


def plainly_hashed(number, text, min_characters):
    """Rows of a text, and its number of lines."""
    rows, count, start = [], 0, 0
    for line in text.split("\n"):
        end = min(start + len(line.encode()) + 1, len(text.encode()))
        count += bool(line.strip())
        if len(line.strip()) >= max(min_characters, 1):
            high, low = line_hash(line.strip())
            rows.append({"doc_id": f"d{number}", "high": high, "low": low, "start": start, "end": end})
        start = end
    return rows, {"doc_id": f"d{number}", "num_lines": count}


@given(st.lists(TEXTS, max_size=4), st.integers(0, 6))
def test_the_lines_of_texts_are_those_of_a_plain_walk(texts, min_characters):
    plain = [plainly_hashed(number, text, min_characters) for number, text in enumerate(texts)]
    found = hashed(*texts, min_characters=min_characters)
    assert found["lines"] == [row for rows, _ in plain for row in rows]
    assert found["counts"] == [count for _, count in plain]


def test_rows_cut_out_of_a_larger_batch_are_its_own():
    batch = pa.RecordBatch.from_pydict({"doc_id": ["a", "b", "c"], "text": ["no\n", " menu \nx", "no"]}).slice(1, 1)
    out = HashLines(min_characters=2)(batch)
    assert out["lines"].to_pylist() == [{"doc_id": "b", "high": line_hash("menu")[0], "low": line_hash("menu")[1], "start": 0, "end": 7}]
    assert out["counts"].to_pylist() == [{"doc_id": "b", "num_lines": 2}]


def test_short_lines_are_counted_and_not_offered():
    out = hashed("menu\na longer line\n\u6771\u6771", min_characters=4)
    assert [r["start"] for r in out["lines"]] == [0, 5]
    assert out["counts"][0]["num_lines"] == 3


def test_lines_that_follow_each_other_are_one_cut():
    rows = cut((0, 5), (5, 9), (12, 14)).to_pylist()
    assert [(r["start"], r["end"], r["new_length"]) for r in rows] == [(0, 9, 0), (12, 14, 0)]
    assert {(r["doc_id"], r["from_version"], r["step"], r["cause"]) for r in rows} == {("d", "clean", "repeated_lines", "repeated_line")}
