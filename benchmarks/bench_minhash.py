"""Texts to buckets: ours beside datasketch, the same texts in the same run, outputs compared.

    python benchmarks/bench_minhash.py [texts.parquet] [--repeats 3]

Without a file the texts are made from a seed. datasketch gets ASCII texts only, cut into words by ``\\w+`` in plain Python, which is how it is used;
ours is timed on all texts as well. Seconds are CPU seconds of one process; the best of the repeats counts.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from datasketch import MinHash

from pipelines.dedup.bands import band_parameters
from pipelines.dedup.minhash import Sketch

SHINGLE_WORDS = 5
WORD = re.compile(r"\w+")


def seeded_texts(num_texts: int = 1000, num_words: int = 600) -> list[str]:
    """Words of a vocabulary with the skew of natural text."""
    rng = np.random.default_rng(1)
    letters = np.array(list("etaoinshrdlucmfwyp"))
    vocabulary = np.array(["".join(rng.choice(letters, rng.integers(2, 10))) for _ in range(20_000)])
    places = np.minimum(rng.zipf(1.3, (num_texts, num_words)) - 1, len(vocabulary) - 1)
    return [" ".join(vocabulary[row]).capitalize() + "." for row in places]


def batch_of(texts: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {"doc_id": [str(i) for i in range(len(texts))], "text": texts}, pa.schema([("doc_id", "string"), ("text", "string")])
    )


def shingles_of(text: str) -> list[bytes]:
    words = WORD.findall(text.lower())
    return [s.encode() for s in {" ".join(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))} if s]


def best_cpu_s(function, repeats: int):
    """The result, and the CPU seconds of the fastest of so many calls."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return result, min(times)


def buckets_of(signatures, rows_per_band: int) -> list[int]:
    """The buckets that the signatures ask for, in the order of Sketch's rows."""
    bands = [s[i : i + rows_per_band] for s in signatures for i in range(0, len(s), rows_per_band)]
    return [int.from_bytes(xxhash.xxh3_64_digest(np.asarray(b, "<u4").tobytes()), "big", signed=True) for b in bands]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parquet", nargs="?", type=Path, help="a file with a column text")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    texts = pq.read_table(given.parquet, columns=["text"]).column("text").to_pylist() if given.parquet else seeded_texts()
    plain = [text for text in texts if text.isascii() and WORD.search(text)]
    bands = band_parameters(0.8, recall=0.998)
    sketch = Sketch(num_bands=bands.num_bands, rows_per_band=bands.rows_per_band, shingle_words=SHINGLE_WORDS)
    sketch(batch_of([*texts[:2], "warm up the compiler with some words more than five"]))

    def by_datasketch():
        sketches = MinHash.bulk((shingles_of(text) for text in plain), num_perm=bands.num_permutations, seed=sketch.seed, scheme="affine32")
        return [m.hashvalues for m in sketches]

    plain_mb, all_mb = (sum(len(t.encode()) for t in some) / 1e6 for some in (plain, texts))
    ours, ours_s = best_cpu_s(lambda: sketch(batch_of(plain))["bands"], given.repeats)
    _, all_s = best_cpu_s(lambda: sketch(batch_of(texts)), given.repeats)
    signatures, shingling_and_minhash_s = best_cpu_s(by_datasketch, given.repeats)
    _, shingling_s = best_cpu_s(lambda: [shingles_of(text) for text in plain], given.repeats)
    is_equal = ours.column("bucket").to_pylist() == buckets_of(signatures, bands.rows_per_band)

    print(
        f"{len(texts)} texts, {all_mb:.1f} MB; of these ASCII: {len(plain)}, {plain_mb:.1f} MB; {bands.num_bands} bands of {bands.rows_per_band} rows"
    )
    print(f"ours, text to buckets, ASCII          {plain_mb / ours_s:8.1f} MB/s")
    print(f"ours, text to buckets, all            {all_mb / all_s:8.1f} MB/s")
    print(f"datasketch, text to signatures        {plain_mb / shingling_and_minhash_s:8.1f} MB/s")
    print(f"  of its time in plain Python shingles{shingling_s / shingling_and_minhash_s:8.0%}")
    print(f"ratio on the same texts               {shingling_and_minhash_s / ours_s:8.1f}")
    print(f"buckets equal                         {is_equal}")
    if not is_equal:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
