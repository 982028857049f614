"""Bands of MinHash signatures (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4), chosen for recall at the threshold.

The optimum that datasketch computes by default weighs false positives and negatives over all similarities; at a threshold of 0.8 with 128
permutations it is 9 bands of 13 rows, which nominates 0.40 of the pairs at the threshold. Here nominated pairs are verified, so recall is what
bands are for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.contract.errors import ConfigError
from pipelines.text.hashing import xxh3_64

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """A cut of signatures into bands."""

    num_bands: int
    rows_per_band: int

    @property
    def num_permutations(self) -> int:
        """Length of a signature."""
        return self.num_bands * self.rows_per_band


def nominated_share(jaccard: float, bands: Bands) -> float:
    """Probability that a pair of this similarity shares a band: 1 - (1 - s^r)^b.

    >>> round(nominated_share(0.8, Bands(num_bands=9, rows_per_band=13)), 2)
    0.4
    """
    return 1.0 - (1.0 - jaccard**bands.rows_per_band) ** bands.num_bands


def band_parameters(threshold: float, recall: float = 0.995, max_permutations: int = 256) -> Bands:
    """The cut with the most rows a band (fewest false candidates) that nominates ``recall`` of the pairs at the threshold, with as few bands as do.

    Candidates cost more than permutations, so rows come first; a signature is at most ``max_permutations`` long, and half of it is tried first.

    Raises:
        ConfigError: not even one row a band reaches the recall.

    >>> band_parameters(0.8, recall=0.998)
    Bands(num_bands=21, rows_per_band=6)
    """
    for limit in (max_permutations // 2, max_permutations):
        for rows in range(limit, 0, -1):
            for num_bands in range(1, limit // rows + 1):
                bands = Bands(num_bands=num_bands, rows_per_band=rows)
                if nominated_share(threshold, bands) >= recall:
                    return bands
    raise ConfigError(f"dedup: no cut of {max_permutations} permutations nominates {recall} of the pairs at {threshold}; raise max_permutations")


def band_keys(signatures: npt.NDArray[np.uint32], num_bands: int) -> npt.NDArray[np.int64]:
    """Keys of the bands of N signatures: int64[N, num_bands], the XXH3 of each band's little-endian bytes, read as signed.

    Two different bands share a key with a probability of 2^-64; the walk compares the sets anyway.
    """
    num_texts, num_permutations = signatures.shape
    size = 4 * (num_permutations // num_bands)
    starts = np.arange(num_texts * num_bands, dtype=np.int64) * size
    data = np.ascontiguousarray(signatures[:, : num_bands * size // 4], "<u4").view(np.uint8).ravel()
    return xxh3_64(data, starts, starts + size).view(np.int64).reshape(num_texts, num_bands)
