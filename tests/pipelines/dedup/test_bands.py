import json

import numpy as np
import pytest
import xxhash
from datasketch.lsh import _false_positive_probability, _optimal_param
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract.errors import ConfigError
from pipelines.dedup.bands import Bands, band_keys, band_parameters, nominated_share


@pytest.mark.parametrize(("num_bands", "rows"), [(21, 6), (9, 13), (14, 8), (25, 10)])
def test_the_share_of_nominated_pairs_is_the_curve_that_datasketch_integrates(num_bands, rows):
    below = np.linspace(0, 0.8, 20_001)
    curve = [nominated_share(s, Bands(num_bands=num_bands, rows_per_band=rows)) for s in below]
    assert np.trapezoid(curve, below) == pytest.approx(_false_positive_probability(0.8, num_bands, rows), abs=1e-6)


def test_the_optimum_of_datasketch_misses_most_pairs_at_the_threshold_and_ours_finds_them():
    theirs = Bands(num_bands=(found := _optimal_param(0.8, 128, 0.5, 0.5))[0], rows_per_band=found[1])
    assert (theirs.num_bands, theirs.rows_per_band) == (9, 13)
    assert nominated_share(0.8, theirs) < 0.41
    assert nominated_share(0.8, band_parameters(0.8)) >= 0.995


@pytest.mark.shared
def test_the_curve_gives_the_published_constants(shared):
    cases = json.loads((shared / "conformance" / "minhash_lsh_constants.json").read_text())["cases"]
    published = [case for case in cases if case["fn"] == "P(candidate)"]
    assert published
    for case in published:
        bands = Bands(num_bands=case["bands"], rows_per_band=case["rows"])
        assert nominated_share(case["s"], bands) == pytest.approx(case["expected"], abs=5e-4)


@given(st.floats(0.3, 1.0), st.floats(0.5, 0.999), st.integers(64, 512))
def test_a_cut_reaches_the_recall_within_its_permutations_and_not_with_a_band_less(threshold, recall, max_permutations):
    try:
        bands = band_parameters(threshold, recall, max_permutations)
    except ConfigError:
        assert nominated_share(threshold, Bands(num_bands=max_permutations, rows_per_band=1)) < recall
        return
    assert bands.num_permutations <= max_permutations
    assert nominated_share(threshold, bands) >= recall
    assert bands.num_bands == 1 or nominated_share(threshold, Bands(num_bands=bands.num_bands - 1, rows_per_band=bands.rows_per_band)) < recall


def test_a_recall_out_of_reach_is_an_error():
    with pytest.raises(ConfigError, match="raise max_permutations"):
        band_parameters(0.1, 0.995, 16)


def test_keys_are_the_hashes_of_the_bands_bytes_read_as_signed():
    signatures = np.arange(24, dtype=np.uint32).reshape(2, 12) * np.uint32(0x9E3779B1)
    expected = [[xxhash.xxh3_64_intdigest(row[4 * i : 4 * i + 4].astype("<u4").tobytes()) for i in range(3)] for row in signatures]
    assert band_keys(signatures, 3).tolist() == np.array(expected, np.uint64).view(np.int64).tolist()
    assert band_keys(np.empty((0, 12), np.uint32), 3).shape == (0, 3)
