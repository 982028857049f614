"""Signatures against datasketch, which settles what they are."""

import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash
from datasketch import MinHash
from datasketch.hashfunc import sha1_hash32
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.minhash import Sketch, permutations, signatures
from pipelines.dedup.shingles import all_shingles
from pipelines.text.words import dedup_words


def sketched(texts, size=5, num_permutations=126, seed=1):
    words = dedup_words(pa.array(texts, pa.string()))
    return words, signatures(words, all_shingles(words, size), *permutations(num_permutations, seed))


def by_datasketch(words, size=5, num_permutations=126, seed=1):
    sketch = MinHash(num_perm=num_permutations, seed=seed, hashfunc=sha1_hash32, scheme="affine32")
    for i in range(max(1, len(words) - size + 1) if words else 0):
        sketch.update(" ".join(words[i : i + size]).encode())
    return sketch.hashvalues.tolist()


@settings(max_examples=20)
@given(st.lists(st.text(st.sampled_from("ab東 \n.é"), max_size=80), max_size=4), st.sampled_from([1, 7, 126]), st.integers(1, 3))
def test_signatures_are_datasketch_s(texts, num_permutations, seed):
    words, found = sketched(texts, num_permutations=num_permutations, seed=seed)
    assert [row.tolist() for row in found] == [
        by_datasketch(words.of_text(i), num_permutations=num_permutations, seed=seed) for i in range(len(texts))
    ]


@pytest.mark.shared
def test_signatures_of_real_shingles_are_datasketch_s(shared):
    texts = pq.read_table(shared / "corpora" / "small.parquet").column("text").to_pylist()[::60]
    words, found = sketched(texts)
    assert [row.tolist() for row in found] == [by_datasketch(words.of_text(i)) for i in range(len(texts))]


def batch(texts):
    return pa.RecordBatch.from_pydict(
        {"doc_id": pa.array([f"{i:032x}" for i in range(len(texts))], pa.string()), "text": pa.array(texts, pa.string())}
    )


def test_a_text_without_words_is_in_no_bucket():
    out = Sketch(num_bands=3, rows_per_band=2)(batch(["one two three", " ... ", ""]))
    assert out["bands"].column("doc_id").to_pylist() == ["0" * 32] * 3
    assert out["bands"].column("band").to_pylist() == [0, 1, 2]


def test_a_bucket_is_the_signed_hash_of_its_band_s_bytes():
    text = "a text of seven words is here"
    _, found = sketched([text], num_permutations=6)
    keys = [xxhash.xxh3_64_intdigest(found[0, 2 * i : 2 * i + 2].astype("<u4").tobytes()) for i in range(3)]
    out = Sketch(num_bands=3, rows_per_band=2)(batch([text]))
    assert out["bands"].column("bucket").to_pylist() == np.array(keys, np.uint64).view(np.int64).tolist()


@settings(max_examples=20)
@given(st.lists(st.text(st.sampled_from("ab 東"), max_size=30), max_size=6), st.integers(0, 6))
def test_buckets_do_not_depend_on_the_cut_into_batches(texts, cut):
    sketch = pickle.loads(pickle.dumps(Sketch(num_bands=4, rows_per_band=2)))
    whole, parts = sketch(batch(texts)), [sketch(batch(texts).slice(0, cut)), sketch(batch(texts).slice(cut))]
    assert pa.Table.from_batches([part["bands"] for part in parts]).to_pylist() == whole["bands"].to_pylist()


def test_no_documents_give_empty_tables():
    assert {name: rows.num_rows for name, rows in Sketch(num_bands=2, rows_per_band=2)(batch([])).items()} == {"bands": 0}
