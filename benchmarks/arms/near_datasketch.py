"""datasketch's LSH, documents in order: one goes where the index, whose answers are compared by their sketches, already has one like it."""

from datasketch import MinHash, MinHashLSH
from protocol import WARM_UP, Arm
from shingling import shingles_of

THRESHOLD, NUM_PERM = 0.8, 128

arm = Arm("datasketch")


def deduplicated(texts: list[str]) -> list[int]:
    index, kept, removed = MinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM), {}, []
    shingled = ([shingle.encode() for shingle in shingles_of(text)] for text in texts)
    for number, sketch in enumerate(MinHash.bulk(shingled, num_perm=NUM_PERM)):
        if any(kept[other].jaccard(sketch) >= THRESHOLD for other in index.query(sketch)):
            removed.append(number)
        else:
            kept[number] = sketch
            index.insert(number, sketch)
    return removed


deduplicated([WARM_UP])
with arm.timed():
    removed = deduplicated(arm.texts)
arm.finish(removed=removed)
