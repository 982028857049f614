"""The growth campaign makes the corpora that it says, fits what it measures, and shows it."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest

from campaign import growth
from campaign.corpora import documents, write_corpus
from campaign.plot import growth_plot
from campaign.runs import CampaignFailed

NUM = 3000


@pytest.fixture(scope="module")
def made():
    return list(documents(NUM, items=("def answer(): return 42",)))


def test_a_corpus_is_the_same_each_time_and_its_file_holds_it(made, tmp_path):
    num_bytes = write_corpus(tmp_path / "corpus.parquet", NUM, items=("def answer(): return 42",))
    rows = pq.read_table(tmp_path / "corpus.parquet")
    assert rows["text"].to_pylist() == made
    assert len(set(rows["id"].to_pylist())) == NUM
    assert num_bytes == sum(len(text.encode()) for text in made)


def test_texts_have_300_bytes_to_3_kilobytes_and_one_in_fifteen_or_so_is_a_copy_to_the_letter(made):
    sizes = [len(text.encode()) for text in made]
    assert min(sizes) > 200
    assert max(sizes) < 4000
    assert 500 < sum(sizes) / NUM < 750
    assert 0.03 < 1 - len(set(made)) / NUM < 0.12


def test_clusters_differ_in_size_and_new_words_keep_coming(made):
    copies = Counter(Counter(made).values())
    assert copies[2] > copies[3] > 0
    halves = [set(" ".join(made[: NUM // 2]).split()), set(" ".join(made).split())]
    assert len(halves[1]) > 1.25 * len(halves[0])


def test_a_law_is_found_with_its_doubt():
    exact = growth.fitted([(x, 3 * x**1.1) for x in (1e4, 1e5, 1e6)])
    assert exact == (pytest.approx(1.1), pytest.approx(0, abs=1e-6))
    power, doubt = growth.fitted([(1.0, 1.0), (10.0, 12.0), (100.0, 90.0), (1000.0, 1100.0)])
    assert abs(power - 1) < 2 * doubt < 0.2


def grown(documents, cpu_s):
    return growth.Grown(documents=documents, num_bytes=600 * documents, cpu_s=cpu_s, wall_s=cpu_s, peak_bytes=1 << 20)


def test_growth_beyond_what_is_called_linear_fails_and_other_growth_is_plotted(monkeypatch, tmp_path):
    monkeypatch.setattr(growth, "curated", lambda _folder, size: grown(size, 5 + (size - 3000) / 1000))
    figures = growth.growth_campaign(tmp_path, 100_000, tmp_path / "growth.svg")
    assert figures["exponent"] == "1.000 +- 0.000"
    assert figures["fixed_s"] == 5.0
    assert len(ET.parse(tmp_path / "growth.svg").getroot().findall("{*}circle")) == 3
    monkeypatch.setattr(growth, "curated", lambda _folder, size: grown(size, 5 + ((size - 3000) / 1000) ** 1.2))
    with pytest.raises(CampaignFailed, match=re.escape("the power 1.200 +- 0.000")):
        growth.growth_campaign(tmp_path, 100_000)


def test_two_sizes_are_too_few_for_an_exponent(tmp_path):
    with pytest.raises(CampaignFailed, match="there are 2 sizes; an exponent needs 3, so ask for 100,000"):
        growth.growth_campaign(tmp_path, 50_000)


def test_a_plot_says_what_it_shows():
    assert "2 s, and bytes to the power 1.010 ± 0.020" in growth_plot([(1e7, 5.0), (1e8, 33.0)], 2.0, 1.01, 0.02)
