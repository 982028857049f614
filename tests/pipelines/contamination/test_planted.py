"""Items planted in documents: what is found, where, and what the cuts leave. Only names that the steps use."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contamination.decontaminate import Decontaminate
from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contamination.parts import checkable
from pipelines.contamination.rules import ActionRules
from pipelines.contract.schema import BENCHMARK_ITEMS

ITEM = [f"Item{i}" for i in range(14)]
AROUND = ["some", "other", "words"]
ROWS = pa.schema([("doc_id", "string"), ("text", "string")])


def indexed(*texts, match_whole=False):
    rows = [
        {"benchmark": f"b{i}", "item_id": "1", "part": "question", "text": t, "num_words": len(t.split()), "match_whole": match_whole}
        for i, t in enumerate(texts)
    ]
    return NgramIndex.build(pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema))


def hits_of(text, index):
    return scan(pa.array([text], pa.string()), index)[0]


def bare_words(utf8):
    """For ASCII: white-space words, lower case, letters and digits only."""
    stripped = ["".join(c for c in word if c.isalnum()) for word in utf8.decode().lower().split()]
    return [word for word in stripped if word]


@pytest.mark.parametrize(("num_words", "num_ngrams"), [(0, 0), (1, 0), (12, 0), (13, 1), (14, 2)])
@pytest.mark.parametrize("written", [" ".join, ", ".join, "\n".join, " - ".join, lambda words: " ".join(words).upper() + "?!"])
def test_thirteen_words_of_an_item_are_met_however_they_are_written_and_twelve_are_not(num_words, num_ngrams, written):
    part = " ".join(ITEM)
    text = " ".join([*AROUND, "\u00e9\u00e9", written(ITEM[:num_words]), *AROUND])
    hits = hits_of(text, indexed(part))
    assert [hit.num_ngrams for hit in hits] == [num_ngrams] * bool(num_ngrams)
    for hit in hits:
        assert hit.coverage == pytest.approx(num_words / 14)
        assert bare_words(text.encode()[hit.doc_start : hit.doc_end]) == bare_words(part.encode()[hit.item_start : hit.item_end])


@pytest.mark.parametrize("num_words", [8, 9, 12])
def test_a_part_of_eight_to_twelve_words_is_met_as_a_whole_only(num_words):
    index = indexed(" ".join(ITEM[:num_words]))
    (hit,) = hits_of(" ".join(AROUND + ITEM[:num_words] + AROUND).lower(), index)
    assert (hit.num_ngrams, hit.coverage) == (1, 1.0)
    assert hits_of(" ".join(AROUND + ITEM[: num_words - 1] + AROUND), index) == []


@pytest.mark.parametrize("num_words", [1, 4, 7])
def test_a_shorter_part_is_looked_for_only_where_its_item_asks_for_that(num_words):
    part, text = " ".join(ITEM[:num_words]), " ".join(AROUND + ITEM[:num_words] + AROUND)
    assert not checkable(num_words, match_whole=False)
    assert checkable(num_words, match_whole=True)
    assert hits_of(text, indexed(part)) == []
    (hit,) = hits_of(text, indexed(part, match_whole=True))
    assert text.encode()[hit.doc_start : hit.doc_end].decode() == part


@pytest.mark.parametrize("part", ["", "?!", " \n"])
def test_a_part_without_words_is_never_met(part):
    assert not checkable(0, match_whole=True)
    assert hits_of("?! any words at all", indexed(part, match_whole=True)) == []


def test_items_that_share_their_words_each_have_a_row():
    shared_words = " ".join(ITEM)
    body = Decontaminate(indexed(f"first {shared_words}", f"second {shared_words}"), ActionRules(action_by_benchmark={"b0": "flag", "b1": "flag"}))
    batch = pa.RecordBatch.from_pylist([{"doc_id": "d", "text": f"{shared_words} here"}], schema=ROWS)
    rows = body(batch)["contamination"].to_pylist()
    assert [(row["benchmark"], row["num_ngrams"], row["action"]) for row in rows] == [("b0", 2, "flag"), ("b1", 2, "flag")]


def test_an_index_of_one_benchmark_forgets_the_others_and_numbers_rows_as_before():
    index = indexed(" ".join(ITEM), " ".join(reversed(ITEM)))
    text = " ".join(ITEM + AROUND + ITEM[::-1])
    assert [hit.item for hit in hits_of(text, index)] == [0, 1]
    assert [hit.item for hit in hits_of(text, index.only(["b1"]))] == [1]
    assert hits_of(text, index.only([])) == []


PIECES = st.sampled_from([" ".join(ITEM), " ".join(ITEM[:6]), " ".join(ITEM[6:]), "\u00e9\u6771 " * 30, "filler " * 40, "filler " * 80, "\U0001f600"])


@given(st.lists(PIECES, max_size=12).map(" ".join))
@settings(max_examples=120)
def test_bytes_are_conserved_by_cuts_and_nothing_registered_is_left(text):
    index = indexed(" ".join(ITEM))
    out = Decontaminate(index, ActionRules(action_by_benchmark={"b0": "cut"}))(
        pa.RecordBatch.from_pylist([{"doc_id": "d", "text": text}], schema=ROWS)
    )
    cuts, fates, utf8 = out["cuts"].to_pylist(), out["fates"].to_pylist(), text.encode()
    assert bool(cuts or fates) == bool(hits_of(text, index))
    assert not (cuts and fates)
    assert out["contamination"].num_rows == len(hits_of(text, index))
    pieces, left = [], 0
    for cut in cuts:
        assert left <= cut["start"] < cut["end"] <= len(utf8)
        is_at_an_end = cut["start"] == 0 or cut["end"] == len(utf8)
        assert cut["new_length"] == (0 if is_at_an_end else 2)
        pieces += [utf8[left : cut["start"]].decode(), "\n\n"[: cut["new_length"]]]  # raises where a cut is inside a character
        left = cut["end"]
    final = "".join([*pieces, utf8[left:].decode()])
    num_cut, num_added = sum(c["end"] - c["start"] for c in cuts), sum(c["new_length"] for c in cuts)
    assert len(utf8) - num_cut + num_added == len(final.encode())
    assert fates or hits_of(final, index) == []
