"""The index against a reference that looks at every run of words of every part, on Python lists."""

import gzip
import json
import pickle
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contamination import indexing, ngrams, screen
from pipelines.contamination.claims import Hit, outermost
from pipelines.contamination.matching import prefix_hashes
from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contamination.parts import checkable
from pipelines.contract.schema import BENCHMARK_ITEMS
from pipelines.text.words import contamination_words, count_words


def items(*texts, benchmark="b", match_whole=False):
    rows = [
        {"benchmark": benchmark, "item_id": str(i), "part": "question", "role": "input", "text": text, "num_words": count_words(text),
         "match_whole": match_whole, "has_answer": True}
        for i, text in enumerate(texts)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema)


def words_of(text):
    return contamination_words(pa.array([text], pa.string())).of_text(0)


def numbered(*numbers):
    return " ".join(f"w{n}" for n in numbers)


def plain_grams(part, ngram_words, min_words, *, match_whole):
    words = words_of(part)
    length = min(len(words), ngram_words) if len(words) >= min(min_words, ngram_words) or match_whole else 0
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)} if length else set(), length


WORDS = st.sampled_from(["a", "b", "B,", "c", "--", "東", "東京"])
TEXTS = st.lists(st.lists(WORDS, max_size=25).map(" ".join), max_size=6)


def check_against_plain(texts, parts, ngram_words, min_words, *, match_whole):
    index = NgramIndex.build(items(*parts, match_whole=match_whole), ngram_words, min_words)
    for text, hits in zip(texts, scan(pa.array(texts, pa.string()), index), strict=True):
        words, utf8 = contamination_words(pa.array([text], pa.string())), text.encode()
        starts, ends, spelled = words.text_starts.tolist(), words.text_ends.tolist(), words.of_text(0)
        assert hits == sorted(hits, key=lambda h: (h.doc_start, h.doc_end, h.item, h.item_start))
        for number, part in enumerate(parts):
            grams, length = plain_grams(part, ngram_words, min_words, match_whole=match_whole)
            met = {i for i in range(len(spelled) - length + 1) if length and tuple(spelled[i : i + length]) in grams}
            claimed = []
            for hit in (h for h in hits if h.item == number):
                assert words_of(utf8[hit.doc_start : hit.doc_end].decode()) == words_of(part.encode()[hit.item_start : hit.item_end].decode())
                first = starts.index(hit.doc_start)
                assert ends.index(hit.doc_end) - first + 2 - length == hit.num_ngrams
                assert hit.coverage == pytest.approx((hit.num_ngrams + length - 1) / len(words_of(part)))
                claimed += range(first, first + hit.num_ngrams)
            assert sorted(claimed) == sorted(met)


@settings(max_examples=200)
@given(TEXTS, TEXTS, st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_every_ngram_of_a_text_that_is_in_a_part_is_in_one_hit_and_nothing_else_is(texts, parts, ngram_words, min_words, match_whole):
    check_against_plain(texts, parts, ngram_words, min_words, match_whole=match_whole)


def test_a_run_of_ngrams_is_one_hit_with_its_place_on_both_sides():
    part, text = f"Q: {numbered(*range(20))}?", f"Über: {numbered(*range(5, 19)).upper()}! End."
    (hit,) = scan(pa.array([text]), NgramIndex.build(items(part)))[0]
    assert (hit.num_ngrams, hit.coverage) == (2, 14 / 21)
    assert text.encode()[hit.doc_start : hit.doc_end].decode() == f"{numbered(*range(5, 19)).upper()}!"
    assert part.encode()[hit.item_start : hit.item_end].decode() == numbered(*range(5, 19))


def test_a_text_that_quotes_a_part_twice_has_two_hits_and_parts_that_share_words_each_get_theirs():
    quote = numbered(*range(13))
    index = NgramIndex.build(items(f"{quote} one", f"two {quote}"))
    hits = scan(pa.array([f"{quote} between {quote}"]), index)[0]
    assert [(hit.item, hit.num_ngrams) for hit in hits] == [(0, 1), (1, 1), (0, 1), (1, 1)]


def test_of_two_places_in_a_part_the_one_that_goes_on_longest_counts():
    quote = numbered(*range(13))
    (hit,) = scan(pa.array([f"{quote} x y z"]), NgramIndex.build(items(f"{quote} q {quote} x y z")))[0]
    assert (hit.num_ngrams, hit.item_start) == (4, len(f"{quote} q "))


@pytest.mark.parametrize(
    ("num_words", "match_whole", "expected"), [(0, True, False), (1, False, False), (1, True, True), (7, False, False), (8, False, True)]
)
def test_what_can_be_looked_for_is_what_is_indexed(num_words, match_whole, expected):
    part = numbered(*range(num_words))
    assert checkable(num_words, match_whole=match_whole) is expected
    assert bool(scan(pa.array([f"before {part} after"]), NgramIndex.build(items(part, match_whole=match_whole)))[0]) is expected


def test_of_two_places_in_a_part_that_go_on_equally_long_the_first_counts():
    quote = numbered(*range(13))
    (hit,) = scan(pa.array([f"{quote} end"]), NgramIndex.build(items(f"{quote} q {quote}")))[0]
    assert (hit.num_ngrams, hit.item_start) == (1, 0)


def test_a_part_of_eight_to_twelve_words_is_met_whole_or_not_at_all():
    index = NgramIndex.build(items(numbered(*range(10))))
    assert scan(pa.array([numbered(*range(9)), numbered(*range(10))]), index)[0] == []
    assert [hit.coverage for hit in scan(pa.array([f"a {numbered(*range(10))} b"]), index)[0]] == [1.0]


def test_an_ngram_does_not_reach_from_one_text_into_the_next():
    index = NgramIndex.build(items(numbered(*range(13))))
    assert scan(pa.array([numbered(*range(7)), numbered(*range(7, 13))]), index) == [[], []]


def test_an_index_of_some_benchmarks_keeps_the_numbers_of_rows():
    table = pa.concat_tables([items(numbered(*range(13)), benchmark="a"), items(numbered(*range(20, 33)), benchmark="b")])
    index, texts = NgramIndex.build(table), pa.array([numbered(*range(13)), numbered(*range(20, 33))])
    assert [[hit.item for hit in hits] for hits in scan(texts, index.only(["b"]))] == [[], [1]]
    assert [[hit.item for hit in hits] for hits in scan(texts, index.only([]))] == [[], []]
    assert list(index.only(["b"]).benchmarks) == index.benchmarks.distinct() == ["a", "b"]


@pytest.mark.parametrize("table", [items(), items(""), items("too short")])
def test_an_index_of_nothing_finds_nothing(table):
    index = pickle.loads(pickle.dumps(NgramIndex.build(table)))
    assert scan(pa.array(["any text", ""]), index) == [[], []]
    assert scan(pa.array([], pa.string()), index) == []


def test_an_index_finds_the_same_after_pickling_and_in_chunked_arrays():
    index, texts = NgramIndex.build(items(numbered(*range(30)))), [numbered(*range(i, i + 20)) for i in range(20)]
    again = pickle.loads(pickle.dumps(index))
    assert scan(pa.chunked_array([texts[:3], texts[3:]]), again) == scan(pa.array(texts), index)
    assert scan(pa.chunked_array([], pa.string()), index) == []


def test_a_part_that_repeats_itself_is_matched_in_reasonable_time():
    same = " ".join(["again"] * 2_000)
    hits = scan(pa.array([" ".join(["again"] * 20_000)]), NgramIndex.build(items(same)))[0]
    assert sum(hit.num_ngrams for hit in hits) == 20_000 - 12
    assert max(hit.coverage for hit in hits) == 1.0


@pytest.mark.shared
def test_real_items_planted_in_real_documents_are_found_and_real_documents_agree_with_plain_sets(shared):
    questions = [json.loads(line)["question"] for line in (shared / "benchmarks" / "gsm8k" / "test.jsonl").read_text().splitlines()[:300]]
    with gzip.open(shared / "benchmarks" / "humaneval" / "HumanEval.jsonl.gz", "rt") as lines:
        questions += [json.loads(line)["prompt"] for line in lines]
    index = NgramIndex.build(items(*questions))
    texts = [t for t in pq.read_table(shared / "corpora" / "small.parquet").column("text").to_pylist()[::40] if t.isascii()]
    planted = [f"{text[:300]}\n{questions[i]}\n{text[300:]}" for i, text in enumerate(texts)]
    lengths = {min(13, count_words(q)) for q in questions if count_words(q) >= 8}
    grams = {g for q in questions for g in plain_grams(q, 13, 8, match_whole=False)[0]}
    for text, hits in zip([*texts, *planted], scan(pa.array([*texts, *planted]), index), strict=True):
        words = words_of(text)
        assert bool(hits) == any(tuple(words[i : i + n]) in grams for n in lengths for i in range(len(words) - n + 1))
    for i, hits in enumerate(scan(pa.array(planted), index)):
        assert count_words(questions[i]) < 8 or any(hit.item == i and hit.coverage == 1.0 for hit in hits)


@pytest.mark.parametrize("written", ["well-known", "well known", "wellknown"])
@pytest.mark.parametrize("registered", ["well-known", "well known"])
def test_an_item_is_met_once_however_its_words_are_joined(written, registered):
    part = " ".join([numbered(*range(9)), registered, numbered(*range(10, 18))])
    text = " ".join(["before", numbered(*range(9)), written, numbered(*range(10, 18)), "behind"])
    hits = scan(pa.array([text]), NgramIndex.build(items(part)))[0]
    if written == "wellknown" and registered == "well known":
        assert hits == []  # of one word nobody knows which two it was
    else:
        (hit,) = hits
        assert (hit.coverage, hit.item_start, hit.item_end) == (1.0, 0, len(part))
        assert text[hit.doc_start : hit.doc_end] == text[7:-7]


def test_runs_in_both_readings_are_one_hit_as_long_as_the_longer_one():
    part = " ".join([numbered(*range(15)), "well-known", numbered(*range(15, 40)), "so-called", numbered(*range(40, 60))])
    (hit,) = scan(pa.array([f"x {part.replace('-', ' ')} y"]), NgramIndex.build(items(part)))[0]
    assert hit.coverage == 1.0
    (hit,) = scan(pa.array([f"x {part} y"]), NgramIndex.build(items(part.replace("-", " "))))[0]
    assert hit.coverage == 1.0


SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9), st.integers(0, 2)), max_size=12)


@settings(max_examples=100)
@given(SPANS)
def test_hits_that_lie_in_others_are_left_out_as_a_look_at_every_pair_would(spans):
    usual = {"item": 0, "num_ngrams": 1, "coverage": 0.5, "item_start": 0, "item_end": 9}
    hits = [Hit(doc_start=start, doc_end=start + size, num_edits=edits, **usual) for start, size, edits in spans]
    kept = []
    for hit in sorted(hits, key=lambda h: (h.num_edits > 0, h.doc_start - h.doc_end, h.num_edits, h.doc_start)):
        if not any(other.doc_start <= hit.doc_start and hit.doc_end <= other.doc_end for other in kept):
            kept.append(hit)
    assert outermost(hits) == kept


def test_a_text_of_nothing_but_an_item_over_and_over_has_as_many_hits_in_reasonable_time():
    assert len(scan(pa.array([f"{numbered(*range(8))}. " * 40_000]), NgramIndex.build(items(numbered(*range(8)))))[0]) == 40_000


def test_an_ngram_that_too_many_parts_share_begins_no_hit_but_belongs_to_one():
    shared = numbered(*range(20))
    index = NgramIndex.build(items(*(f"{shared} the{i} end{i} of{i}" for i in range(6)), shared), max_parts_per_ngram=5)
    assert scan(pa.array([f"x {shared} y"]), index) == [[]]
    (hit,) = scan(pa.array([f"x {shared} the3 end3 of3 y"]), index)[0]
    assert (hit.item, hit.coverage) == (3, 1.0)
    assert index.passed_over.tolist() == [False] * 6 + [True]


def test_parts_that_begin_alike_are_all_met_each_as_far_as_it_goes():
    parts = [numbered(*range(n)) for n in range(13, 40)]
    hits = scan(pa.array([numbered(*range(30))]), NgramIndex.build(items(*parts)))[0]
    assert {hit.item: hit.num_ngrams for hit in hits} == {i: min(n, 30) - 12 for i, n in enumerate(range(13, 40))}


def test_a_template_of_twenty_thousand_items_costs_no_more_than_its_length():
    template = [*numbered(*range(15)).split(), "{}", *numbered(*range(15, 30)).split()]
    index = NgramIndex.build(items(*(" ".join(template).format(f"slot{i}") for i in range(20_000))))
    assert len(index.shared) == 6  # three n-grams before the place that differs, three behind it
    assert [hit.item for hit in scan(pa.array([" ".join(template).format("slot77")] * 3), index)[2]] == [77]
    assert scan(pa.array([" ".join(template).format("unheard")]), index) == [[]]


def test_words_whose_hashes_are_all_the_same_are_claimed_nowhere():
    with pytest.MonkeyPatch.context() as patch:
        for module in (indexing, ngrams):
            patch.setattr(module, "both_sums", _alike)
        index = NgramIndex.build(items(numbered(*range(20))))
        assert scan(pa.array([numbered(*range(100, 140))]), index) == [[]]
        assert [hit.num_ngrams for hit in scan(pa.array([numbered(*range(20))]), index)[0]] == [8]


def _alike(texts, normal_form):
    both = screen.both_sums(texts, normal_form)
    return replace(both, joined=(both.joined[0], prefix_hashes(np.ones(len(both.joined[1]) - 1, np.uint64))))
