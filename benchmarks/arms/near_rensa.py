"""rensa's LSH, documents in order: one goes where the index, whose answers are compared by their sketches, already has one like it."""

from protocol import WARM_UP, Arm
from rensa import RMinHash, RMinHashLSH
from shingling import shingles_of

THRESHOLD, NUM_PERM, NUM_BANDS = 0.8, 128, 16

arm = Arm("rensa")


def deduplicated(texts: list[str]) -> list[int]:
    index, kept, removed = RMinHashLSH(THRESHOLD, NUM_PERM, NUM_BANDS), {}, []
    for number, text in enumerate(texts):
        sketch = RMinHash(num_perm=NUM_PERM, seed=1)
        sketch.update(shingles_of(text))
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
