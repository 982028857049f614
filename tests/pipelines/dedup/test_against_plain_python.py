"""The bodies that the steps run, from texts to rows, against plain Python, datasketch and all pairs. Only names that the steps use."""

from __future__ import annotations

import pickle
import re
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.bands import band_parameters
from pipelines.dedup.minhash import Sketch
from pipelines.dedup.walk import Walk

MEMBERS = pa.schema([("doc_id", "string"), ("cluster_id", "string"), ("num_bytes", "int64"), ("text", "string")])
WORD = st.sampled_from(
    ["The", "cat", "SAT", "on_a", "mat", "9", "\u00e9t\u00c9", "\u041a\u043e\u0442", "\u6771\u4eac", "x" * 70, ",", "-", "\n", "\t'"]
)
TEXT = st.lists(WORD, max_size=30).map(" ".join)
FEW_WORDS = st.lists(st.sampled_from(["a", "B", "c", "\u00e9", "!"]), max_size=9).map(" ".join)

SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\uffff\U0001aff0-\U0003ffff]")


def shingles_by_hand(text, size):
    r"""Runs of \w in lower case, a character of Han a word; whole where there are too few words."""
    words = re.findall(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+", text.lower())
    windows = [words[i : i + size] for i in range(len(words) - size + 1)] or [words]
    return {" ".join(window) for window in windows if window}


def batch_of(texts, kind="string"):
    return pa.RecordBatch.from_pydict(
        {"doc_id": [f"d{i}" for i in range(len(texts))], "text": texts}, pa.schema([("doc_id", "string"), ("text", kind)])
    )


def bands_by_datasketch(texts, sketch):
    """Rows of ``bands``: datasketch's signature of each text, each band hashed by the published package."""
    rows = []
    for number, text in enumerate(texts):
        found = shingles_by_hand(text, sketch.shingle_words)
        if found:
            minhash = MinHash(num_perm=sketch.num_bands * sketch.rows_per_band, seed=sketch.seed, scheme="affine32")
            minhash.update_batch([shingle.encode() for shingle in found])
            signature = np.asarray(minhash.hashvalues, "<u4").reshape(sketch.num_bands, sketch.rows_per_band)
            keys = [int.from_bytes(xxhash.xxh3_64_digest(band.tobytes()), "big", signed=True) for band in signature]
            rows += [{"doc_id": f"d{number}", "band": band, "bucket": key} for band, key in enumerate(keys)]
    return rows


@given(st.lists(TEXT, max_size=4), st.integers(1, 6), st.integers(1, 3), st.sampled_from(["string", "large_string"]))
@settings(max_examples=60)
def test_buckets_of_texts_are_those_of_datasketch_over_plain_python_shingles(texts, size, seed, kind):
    sketch = Sketch(num_bands=5, rows_per_band=4, shingle_words=size, seed=seed)
    made = sketch(batch_of(texts, kind))
    assert made["bands"].to_pylist() == bands_by_datasketch(texts, sketch)


@pytest.mark.parametrize("repeats", [1, 5, 6, 7, 1000])
def test_a_text_that_repeats_itself_has_the_buckets_of_its_set(repeats):
    texts, sketch = ["one and the same words " * repeats], Sketch(num_bands=21, rows_per_band=6)
    assert sketch(batch_of(texts))["bands"].to_pylist() == bands_by_datasketch(texts, sketch)


@given(st.text(max_size=30))
@settings(max_examples=60)
def test_a_text_has_the_buckets_that_it_has_alone_whatever_stands_beside_it(text):
    sketch = Sketch(num_bands=3, rows_per_band=2)
    alone = sketch(batch_of([text]))["bands"].column("bucket").to_pylist()
    beside = sketch(batch_of([text, "others have words\u3002 \u6771"]).slice(0, 1))["bands"].column("bucket").to_pylist()
    among = [r["bucket"] for r in sketch(batch_of(["", text, "\u00df words"]))["bands"].to_pylist() if r["doc_id"] == "d1"]
    assert alone == beside == among


def component(texts):
    """Texts by doc_id in keeper order: most bytes first, then the lowest doc_id."""
    rows = [{"doc_id": i, "cluster_id": min(texts), "num_bytes": len(t.encode()), "text": t} for i, t in texts.items()]
    return pa.RecordBatch.from_pylist(sorted(rows, key=lambda r: (-r["num_bytes"], r["doc_id"])), schema=MEMBERS)


def walked(texts, threshold, size):
    return {
        r["doc_id"]: (r["kept_doc_id"], r["jaccard"])
        for r in Walk(threshold=threshold, shingle_words=size)(component(texts))["duplicates"].to_pylist()
    }


def similarity(one, other):
    return Fraction(len(one & other), len(one | other)) if one | other else Fraction(0)


def greedy(texts, threshold, size):
    """Every document in keeper order beside every kept one, in fractions."""
    sets = {doc_id: shingles_by_hand(text, size) for doc_id, text in texts.items()}
    kept, dropped = [], {}
    for doc_id in sorted(texts, key=lambda d: (-len(texts[d].encode()), d)):
        near = [(similarity(sets[doc_id], sets[k]), -place, k) for place, k in enumerate(kept)]
        best = max((n for n in near if n[0] >= Fraction(threshold)), default=None)
        if best is None:
            kept.append(doc_id)
        else:
            dropped[doc_id] = (best[2], float(best[0]))
    return dropped


@given(st.lists(FEW_WORDS, min_size=1, max_size=9), st.sampled_from(["0.3", "0.5", "0.6", "0.75", "0.8", "1.0"]), st.integers(1, 5))
@settings(max_examples=150)
def test_the_walk_is_a_greedy_search_over_all_pairs_of_texts(texts, threshold, size):
    corpus = {f"d{i}": text for i, text in enumerate(texts)}
    assert walked(corpus, float(threshold), size) == greedy(corpus, threshold, size)


@given(st.lists(st.lists(FEW_WORDS, min_size=1, max_size=5), min_size=1, max_size=6), st.integers(1, 4))
@settings(max_examples=60)
def test_components_that_are_walked_together_are_walked_as_each_alone(components_of_texts, size):
    named = [{f"{c}d{i}": text for i, text in enumerate(texts)} for c, texts in enumerate(components_of_texts)]
    together = pa.Table.from_batches([component(corpus) for corpus in named])
    apart = [Walk(threshold=0.5, shingle_words=size)(component(corpus))["duplicates"].to_pylist() for corpus in named]
    assert Walk(threshold=0.5, shingle_words=size)(together)["duplicates"].to_pylist() == [row for rows in apart for row in rows]


def test_a_chain_of_neighbours_drops_only_those_beside_a_kept_document():
    corpus = {f"d{i}": " ".join(f"w{n:02d}" for n in range(i, i + 20)) for i in range(6)}  # neighbours share 19 of 21, the next but one 18 of 22
    assert {doc_id: kept for doc_id, (kept, _) in walked(corpus, 0.9, 1).items()} == {"d1": "d0", "d3": "d2", "d5": "d4"}


def test_eight_of_ten_shingles_are_four_fifths_and_seven_are_not():
    words = [f"w{i}" for i in range(10)]
    assert walked({"a": " ".join(words), "b": " ".join(words[:8])}, 0.8, 1) == {"b": ("a", 0.8)}
    assert walked({"a": " ".join(words), "b": " ".join(words[:7])}, 0.8, 1) == {}


def test_of_documents_of_one_length_the_lowest_doc_id_stays():
    assert walked({"b": "x y z", "a": "x y z", "c": "z y x"}, 0.8, 1) == {"b": ("a", 1.0), "c": ("a", 1.0)}


def test_bodies_do_the_same_after_pickling_as_workers_need():
    batch, group = batch_of(["a b c d e f", "", "\u6771\u4eac"]), component({"a": "x y z", "b": "x y z"})
    for body, given_to_it in ((Sketch(num_bands=3, rows_per_band=2), batch), (Walk(threshold=0.8, shingle_words=1), group)):
        again = pickle.loads(pickle.dumps(body))
        assert again == body
        assert {n: t.to_pylist() for n, t in again(given_to_it).items()} == {n: t.to_pylist() for n, t in body(given_to_it).items()}


def components(rows):
    """Lowest doc_id of the component of every document that shares a bucket with another."""
    members = {}
    for row in rows:
        members.setdefault((row["band"], row["bucket"]), []).append(row["doc_id"])
    neighbours = {}
    for ids in members.values():
        for doc_id in ids[1:]:
            neighbours.setdefault(ids[0], set()).add(doc_id)
            neighbours.setdefault(doc_id, set()).add(ids[0])
    label = {}
    for start in sorted(neighbours):
        queue = [] if start in label else [start]
        while queue:
            doc_id = queue.pop()
            if doc_id not in label:
                label[doc_id] = start
                queue += neighbours[doc_id]
    return label


@pytest.mark.shared
def test_of_each_near_pair_that_others_counted_at_most_one_stays_and_every_drop_is_true(shared):
    table = pq.read_table(shared / "corpora" / "small.parquet", columns=["id", "text"])
    texts = dict(zip(table.column("id").to_pylist(), table.column("text").to_pylist(), strict=True))
    pairs = pq.read_table(shared / "corpora" / "small_pairs.parquet").to_pylist()
    bands = band_parameters(0.8)
    batch = pa.RecordBatch.from_pydict({"doc_id": list(texts), "text": list(texts.values())})
    members = {}
    for doc_id, cluster in components(Sketch(num_bands=bands.num_bands, rows_per_band=bands.rows_per_band)(batch)["bands"].to_pylist()).items():
        members.setdefault(cluster, {})[doc_id] = texts[doc_id]
    dropped = {d: found for group in members.values() for d, found in walked(group, 0.8, 5).items()}
    near = [p for p in pairs if p["jaccard5"] >= 0.8]
    assert len(near) > 500
    assert [p for p in near if p["id_a"] not in dropped and p["id_b"] not in dropped] == []
    jaccards = {frozenset((p["id_a"], p["id_b"])): p["jaccard5"] for p in pairs}
    assert not {kept for kept, _ in dropped.values()} & set(dropped)
    num_compared = 0
    for doc_id, (kept, jaccard) in dropped.items():
        assert jaccard >= 0.8
        if not SPACELESS.search(texts[doc_id] + texts[kept]):  # there the pairs were counted with other words
            num_compared += 1
            assert jaccards[frozenset((doc_id, kept))] == pytest.approx(jaccard, abs=1e-4)
    assert num_compared > 400
