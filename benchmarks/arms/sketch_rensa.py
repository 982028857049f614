"""rensa's R-MinHash of as many permutations: other values, the same use."""

from protocol import WARM_UP, Arm
from rensa import RMinHash
from shingling import NUM_BANDS, ROWS_A_BAND, shingles_of

arm = Arm("rensa")


def signature(text: str) -> RMinHash:
    made = RMinHash(num_perm=NUM_BANDS * ROWS_A_BAND, seed=1)
    made.update(shingles_of(text))
    return made


signature(WARM_UP)
with arm.timed():
    for text in arm.texts:
        signature(text)
arm.finish()
