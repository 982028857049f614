"""Parts with words changed, against a reference that measures every pair of windows with the textbook's table of distances."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contamination.inexact import InexactRule, seed_step, seed_words, word_distance
from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contract.schema import BENCHMARK_ITEMS
from pipelines.text.words import contamination_words

PART = [f"w{i}" for i in range(30)]


def index_of(*texts, ngram_words=13, min_words=8, **settings):
    rows = [{"benchmark": "b", "item_id": str(i), "part": "question", "text": t, "num_words": 0, "match_whole": False} for i, t in enumerate(texts)]
    return NgramIndex.build(pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema), ngram_words, min_words, inexact=InexactRule(**settings))


def found(text, index):
    return scan(pa.array([text], pa.string()), index)[0]


def plain_distance(given, other):
    row = list(range(len(other) + 1))
    for i, one in enumerate(given, 1):
        row, before = [i], row
        for j, two in enumerate(other, 1):
            row.append(min(before[j - 1] + (one != two), before[j] + 1, row[j - 1] + 1))
    return row[-1]


LETTERS = st.sampled_from("abc")


@settings(max_examples=100)
@given(st.lists(LETTERS, max_size=9), st.lists(LETTERS, max_size=9), st.integers(0, 5))
def test_the_distance_of_words_is_the_textbooks_up_to_the_most_that_is_asked_for(given_words, other, most):
    numbers = [np.array([ord(letter) for letter in words], np.int64) for words in (given_words, other)]
    assert word_distance(*numbers, most) == min(plain_distance(given_words, other), most + 1)


def changed(draw, words):
    """Words with up to three faults."""
    words = list(words)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(words)))
        way = draw(st.sampled_from(["change", "leave out", "add"]))
        words[at : at + (way != "add")] = [] if way == "leave out" else [draw(st.sampled_from(["x", "y", "a"]))]
    return words


@st.composite
def planted(draw):
    parts = draw(st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=18), min_size=1, max_size=3))
    text = [
        word for part in parts for word in [*changed(draw, part[draw(st.integers(0, 3)) :]), *draw(st.lists(st.sampled_from("xyab"), max_size=3))]
    ]
    return [" ".join(part) for part in parts], " ".join(text)


def windows_met(text, part, window):
    """Spans of the text's words that are a window of the part but for one word at most."""
    for start in range(len(part) - window + 1):
        for size in (window - 1, window, window + 1):
            for at in range(len(text) - size + 1):
                if plain_distance(text[at : at + size], part[start : start + window]) <= 1:
                    yield at, at + size


@settings(max_examples=80)
@given(planted(), st.integers(4, 9), st.integers(4, 9))
def test_every_window_with_one_fault_touches_a_hit_and_every_hit_holds_such_a_window(made, ngram_words, min_words):
    parts, text = made
    min_words = min(min_words, ngram_words)
    hits = found(text, index_of(*parts, ngram_words=ngram_words, min_words=min_words, min_distinct_words=0))
    places = contamination_words(pa.array([text]))
    starts, ends, spelled = places.text_starts.tolist(), places.text_ends.tolist(), text.split()
    for number, part in enumerate(part.split() for part in parts):
        window = min(len(part), ngram_words)
        spans = [(starts.index(hit.doc_start), ends.index(hit.doc_end) + 1, hit) for hit in hits if hit.item == number]
        met = list(windows_met(spelled, part, window)) if len(part) >= min_words else []
        for start, end in met:
            assert any(a < end and start < b for a, b, _ in spans)
        for a, b, hit in spans:
            item = part[len(parts[number].encode()[: hit.item_start].split()) :][: len(parts[number].encode()[hit.item_start : hit.item_end].split())]
            distance = plain_distance(spelled[a:b], item)
            assert hit.num_edits == (0 if hit.tier == "exact" else max(distance, 1))
            assert hit.coverage == pytest.approx(len(item) / len(part))
            if hit.tier == "inexact":
                assert any(a <= max(start, a) and min(end, b) - max(start, a) >= min(end - start, b - a) for start, end in met)
    inexact = [hit for hit in hits if hit.tier == "inexact"]
    for hit in inexact:
        assert not any(
            other is not hit and other.item == hit.item and other.doc_start <= hit.doc_start and hit.doc_end <= other.doc_end for other in hits
        )


@pytest.mark.parametrize("at", range(13))
@pytest.mark.parametrize("way", ["changed", "left out", "added"])
@pytest.mark.parametrize("start", [0, 1])
def test_thirteen_words_with_one_fault_are_found_wherever_it_is(at, way, start):
    words = PART[start : start + 13]
    words[at : at + (way != "added")] = [] if way == "left out" else ["other"]
    hits = found(" ".join(["before", *words, "after"]), index_of(" ".join(PART)))
    assert {hit.tier for hit in hits} == ({"exact"} if way == "added" and at == 0 else {"inexact"})


@pytest.mark.parametrize("window", range(3, 20))
def test_seeds_miss_no_window_with_one_fault_wherever_in_the_part_it_begins(window):
    length, step = seed_words(window), seed_step(window)
    for begins in range(step):
        for fault in range(window):
            runs = [at for at in range(window - length + 1) if at + length <= fault or at > fault]
            assert any((begins + at) % step == 0 for at in runs)


def test_faults_that_share_no_window_are_one_hit_and_two_in_a_window_are_none():
    far, near = list(PART), list(PART[:13])
    far[6] = far[18] = "other"
    near[4] = near[8] = "other"
    index = index_of(" ".join(PART))
    (hit,) = found(" ".join(far), index)
    assert (hit.tier, hit.num_edits, hit.coverage) == ("inexact", 2, 1.0)
    assert found(" ".join(near), index) == []


def test_a_hit_without_faults_is_not_told_again_and_a_word_or_two_beyond_it_do_not_count():
    index = index_of(" ".join(PART))
    assert [hit.tier for hit in found(" ".join([*PART[:14], "other", *PART[15:20], "end"]), index)] == ["exact"]
    assert sorted(hit.tier for hit in found(" ".join([*PART[:14], "other", *PART[15:22], "end"]), index)) == ["exact", "inexact"]


def test_a_part_of_ten_words_is_met_with_one_fault_but_not_with_two():
    index = index_of(" ".join(PART[:10]))
    assert [(hit.tier, hit.num_edits) for hit in found(" ".join([*PART[:4], "other", *PART[5:10]]), index)] == [("inexact", 1)]
    assert found(" ".join([*PART[:4], "other", *PART[5:8], "other", PART[9]]), index) == []


def test_in_scripts_without_spaces_a_character_may_differ():
    part = "東京都渋谷区神南一丁目十九番十一号"
    (hit,) = found(f"住所は{part.replace('神', '宇')}です", index_of(part))
    assert (hit.tier, hit.num_edits) == ("inexact", 1)


def test_what_is_found_does_not_depend_on_the_texts_beside_it_or_on_where_they_lie():
    index = index_of(*(" ".join(PART[i:]) for i in range(0, 20, 3)))
    texts = [" ".join([*PART[i : i + 9], "other", *PART[i + 10 : i + 25]]) for i in range(12)] + ["", "nothing"]
    apart = [found(text, index) for text in texts]
    assert scan(pa.array(texts), index) == apart
    assert scan(pa.array(texts[::-1]), index) == apart[::-1]
    assert scan(pa.array(["skipped", *texts]).slice(1), index) == apart
    assert scan(pa.chunked_array([texts[:5], texts[5:]]), index) == apart
    assert any(apart)


def test_words_at_the_end_of_a_text_and_at_the_head_of_the_next_are_no_run():
    index = index_of("alpha beta gamma delta epsilon zeta eta theta")
    texts = ["so a-b alpha beta gamma other epsilon zeta", "eta theta c-d", "and so on"]  # where both readings differ, both ends are looked at
    assert [scan(pa.array(texts[:count]), index) for count in (2, 3)] == [[[]] * 2, [[]] * 3]


def test_a_text_of_one_word_over_and_over_is_looked_through_in_reasonable_time():
    index = index_of(" ".join(["again"] * 50_000), " ".join(["again"] * 20 + ["other"] + ["again"] * 20))
    assert scan(pa.array([" ".join(["again"] * 20_000 + ["changed"] + ["again"] * 20_000)]), index)[0]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("true false true true false true false false", "True, false, true, true, true, true, false, false."),
        ("0 1 2 3 4 5 6 7 8 9 a b c", "{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, b, c}"),
        ("ファイルをダウンロードしたら", "ファイルのダウンロードしたら"),
    ],
)
def test_letters_numbers_and_words_over_and_over_say_too_little_to_be_told_from_chance(part, text):
    assert found(text, index_of(part)) == []
    assert [hit.num_edits for hit in found(text, index_of(part, min_distinct_words=0))] == [1]


def test_seven_distinct_words_of_eight_are_enough():
    assert [hit.tier for hit in found(" ".join([*PART[:5], "other", *PART[6:8]]), index_of(" ".join(PART[:8])))] == ["inexact"]
