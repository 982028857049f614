"""The walk against a reference that compares every document with every kept one, on Python sets and exact fractions."""

import pickle
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.columns import conform
from pipelines.contract.errors import ConfigError
from pipelines.contract.schema import DUPLICATES
from pipelines.dedup.walk import Walk, nearest_kept

SETS = st.lists(st.frozensets(st.integers(0, 12), max_size=12), max_size=25)


def plain_walk(sets, threshold):
    kept, decisions = [], []
    for own in sets:
        likes = [(Fraction(len(own & sets[k]), len(own | sets[k])), -k) for k in kept if own | sets[k]]
        likes = [like for like in likes if like[0] >= threshold]
        if not likes:
            kept.append(len(decisions))
        decisions.append((-max(likes)[1], len(own & sets[-max(likes)[1]])) if likes else (-1, 0))
    return decisions


def as_arrays(sets):
    hashes = np.array([v * 0x9E3779B97F4A7C15 % 2**64 for s in sets for v in sorted(s)], np.uint64)
    return hashes, np.cumsum([0, *map(len, sets)], dtype=np.int64)


@settings(max_examples=300)
@given(SETS, st.sampled_from(["0.8", "0.5", "0.1", "1.0", "0.333333", "0.75"]))
def test_a_document_goes_if_and_only_if_a_kept_one_is_as_similar_and_its_partner_is_the_most_similar(sets, threshold):
    partner, shared = nearest_kept(*as_arrays(sets), Fraction(threshold))
    assert list(zip(partner.tolist(), shared.tolist(), strict=True)) == plain_walk(sets, Fraction(threshold))


def group(texts, cluster="0" * 32):
    ids = [f"{i:032x}" for i in range(len(texts))]
    sizes = [len(text.encode()) for text in texts]
    return pa.table({"doc_id": ids, "cluster_id": [cluster] * len(texts), "num_bytes": sizes, "text": texts})


def numbered(*numbers):
    return " ".join(str(n) for n in numbers)


def test_the_threshold_is_the_decimal_fraction_that_it_is_written_as():
    # Eight of ten shingles are shared: exactly 4/5, which the binary number 0.8 is a little more than.
    rows = Walk(threshold=0.8, shingle_words=1)(group([numbered(*range(9)), numbered(*range(8), 9)]))["duplicates"].to_pylist()
    assert [(r["doc_id"], r["kept_doc_id"], r["kind"], r["jaccard"], r["intersection"], r["union"]) for r in rows] == [
        (f"{1:032x}", f"{0:032x}", "near", 0.8, 8, 10)
    ]


def test_a_chain_drops_nobody_whose_neighbour_was_dropped():
    # Each neighbour pair is at 0.8, two steps are at 2/3: the second goes with the first, the third stays.
    texts = [numbered(*range(i, i + 9)) for i in range(3)]
    gone = Walk(threshold=0.8, shingle_words=1)(group(texts))["duplicates"].column("doc_id").to_pylist()
    assert gone == [f"{1:032x}"]


def test_documents_without_words_are_like_no_other():
    assert Walk(threshold=0.8)(group(["...", "", "- -"]))["duplicates"].num_rows == 0


def test_rows_fit_the_table_of_duplicates_and_carry_the_component():
    out = pickle.loads(pickle.dumps(Walk(threshold=0.8)))(group(["a b c", "a b c"], cluster="f" * 32))["duplicates"]
    assert conform(out, DUPLICATES.schema).to_pylist()[0]["cluster_id"] == "f" * 32


@pytest.mark.parametrize("texts", [[], ["one text alone"]])
def test_a_group_of_none_or_one_keeps_everybody(texts):
    whole = pa.table({name: pa.array(column, kind) for (name, column), kind in zip(
        {"doc_id": ["1"] * len(texts), "cluster_id": ["1"] * len(texts), "num_bytes": [1] * len(texts), "text": texts}.items(),
        (pa.string(), pa.string(), pa.int64(), pa.string()), strict=True)})  # fmt: skip
    assert Walk(threshold=0.8)(whole)["duplicates"].num_rows == 0


def test_batches_and_chunked_tables_give_the_same_rows():
    texts = [numbered(*range(i, i + 30)) for i in range(0, 60, 2)]
    table = group(texts)
    chunked = pa.concat_tables([table.slice(0, 7), table.slice(7, 1), table.slice(8)])
    walk = Walk(threshold=0.6, shingle_words=3)
    assert walk(chunked)["duplicates"].to_pylist() == walk(table.combine_chunks().to_batches()[0])["duplicates"].to_pylist()


def test_twenty_thousand_documents_that_share_most_of_their_shingles_are_walked():
    # Two in three shingles are boilerplate of all; a list of who holds them would be visited two hundred million times.
    random = np.random.default_rng(1)
    common, own = random.integers(0, 2**63, 60, dtype=np.uint64), random.integers(0, 2**63, (20_000, 30), dtype=np.uint64)
    own[1::2, :25] = own[::2, :25]  # every second is a near-copy of the one before: 85 of 95 shared
    hashes = np.sort(np.concatenate([np.tile(common, (20_000, 1)), own], axis=1), axis=1)
    partner, shared = nearest_kept(hashes.ravel(), np.arange(20_001, dtype=np.int64) * 90, Fraction(4, 5))
    assert partner[::2].tolist() == [-1] * 10_000
    assert partner[1::2].tolist() == list(range(0, 20_000, 2))
    assert set(shared[1::2].tolist()) == {85}


@pytest.mark.parametrize("threshold", [0, -0.1, 1.5, 0.12345678])
def test_a_threshold_that_is_no_share_or_too_fine_is_an_error(threshold):
    with pytest.raises(ConfigError, match=r"dedup\.threshold"):
        Walk(threshold=threshold)


@pytest.mark.shared
def test_on_real_documents_no_pair_at_the_threshold_survives_and_every_partner_is_kept(shared):
    table = pq.read_table(shared / "corpora" / "small.parquet")
    pairs = pq.read_table(shared / "corpora" / "small_pairs.parquet").to_pylist()
    order = sorted(
        zip(table.column("id").to_pylist(), table.column("text").to_pylist(), strict=True), key=lambda row: (-len(row[1].encode()), row[0])
    )
    ids, texts = [row[0] for row in order], [row[1] for row in order]
    whole = pa.table({"doc_id": ids, "cluster_id": [min(ids)] * len(ids), "num_bytes": [len(t.encode()) for t in texts], "text": texts})
    gone = {row["doc_id"]: row for row in Walk(threshold=0.8)(whole)["duplicates"].to_pylist()}
    assert not [pair for pair in pairs if pair["jaccard5"] >= 0.8 and pair["id_a"] not in gone and pair["id_b"] not in gone]
    assert not {row["kept_doc_id"] for row in gone.values()} & gone.keys()
    assert all(5 * row["intersection"] >= 4 * row["union"] for row in gone.values())
