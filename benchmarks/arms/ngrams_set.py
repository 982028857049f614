"""A set of strings: the same words, the first 13-gram that is met ends a text, no evidence. Plain Python."""

import string

import pyarrow.parquet as pq
from protocol import Arm

NUM_WORDS = 13
DELETED = str.maketrans("", "", string.punctuation)

arm = Arm()


def grams(text: str):
    words = text.lower().translate(DELETED).split()
    return (" ".join(words[i : i + NUM_WORDS]) for i in range(len(words) - NUM_WORDS + 1))


held = {gram for item in pq.read_table(arm.folder / "items.parquet")["text"].to_pylist() for gram in grams(item)}
with arm.timed():
    hit = [number for number, text in enumerate(arm.texts) if any(gram in held for gram in grams(text))]
arm.finish(hit=hit)
