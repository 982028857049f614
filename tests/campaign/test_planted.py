"""Planted items: a tiny corpus and benchmark of our own through the whole campaign."""

from __future__ import annotations

import json
import random
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from campaign import __main__ as command
from campaign.corpora import words
from campaign.planted import as_table_of_classes, planted_campaign, plants
from campaign.planted_classes import PIECES, WORDS, WRITTEN
from campaign.planted_items import as_table, read_items
from campaign.runs import CampaignFailed

NUM_CLASSES = len(WRITTEN) + len(PIECES) + 3 * len(WORDS) + 3


def sentences(draw_from, num_words, count):
    draw = np.random.default_rng(draw_from)
    return [" ".join(words(draw, num_words)).capitalize() + "?" for _ in range(count)]


@pytest.fixture(scope="module")
def benchmarks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmarks")
    (folder / "lines").mkdir()
    (folder / "tables").mkdir()
    (folder / "nested").mkdir()
    lines = [json.dumps({"question": text, "answer": "x"}) for text in sentences(1, 30, 60)]
    (folder / "lines" / "test.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [f'{number},"{text}"' for number, text in enumerate(sentences(2, 18, 20))]
    (folder / "tables" / "test.csv").write_text("\n".join(["id,Question", *rows]), encoding="utf-8")
    (folder / "tables" / "test.tsv").write_text("".join(f"{t}\t7\n" for t in [*sentences(3, 10, 12), *sentences(4, 6, 2)]), encoding="utf-8")
    chinese = [{"qas": [{"question": "".join(chr(0x4E00 + random.Random(i).randrange(2000)) for _ in range(30))}]} for i in range(2)]
    (folder / "nested" / "dev.json").write_text(json.dumps({"data": chinese}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    pq.write_table(pa.table({"text": sentences(5, 150, 60)}), folder / "part-00000.parquet")
    return folder


def test_items_of_every_layout_are_read_once_with_their_benchmark(benchmarks):
    items = read_items(benchmarks)
    assert Counter(items.column("benchmark").to_pylist()) == {"lines": 60, "tables": 34, "nested": 2}
    assert len(set(items.column("text").to_pylist())) == items.num_rows


def test_what_is_planted_is_found_by_class_and_nothing_is_found_elsewhere(benchmarks, corpus, tmp_path):
    pairs = tmp_path / "pairs.jsonl"
    item = sentences(6, 20, 1)[0]
    pairs.write_text(json.dumps({"id": "p1", "kind": "negative", "language": "en", "item": item, "passage": item}), encoding="utf-8")
    asked = {"num_items": NUM_CLASSES, "most_documents": 60, "seed": 3, "pairs_file": pairs}
    figures = planted_campaign(benchmarks, corpus, **asked)
    assert figures["documents"] == 60
    assert figures["elsewhere"] == {}
    assert sum(row["planted"] for row in figures["classes"].values()) == NUM_CLASSES + 1
    assert all(figures["classes"][kind]["exact"] == 1 for kind in (*WRITTEN, "without spaces", "short items: 8 to 12 words", "negative: en"))
    assert figures == planted_campaign(benchmarks, corpus, **asked)
    assert "| verbatim | 1 | 1 | 0 |" in as_table_of_classes(figures)
    assert item not in json.dumps(figures)


def test_too_few_items_or_documents_are_named(benchmarks, corpus):
    with pytest.raises(CampaignFailed, match=r"items for 9\d? plants of 1000"):
        plants(read_items(benchmarks), 1000, random.Random(1))
    with pytest.raises(CampaignFailed, match=r"5 documents of 500 characters or more; 30 are needed"):
        planted_campaign(benchmarks, corpus, num_items=30, most_documents=5, seed=1)


def test_the_command_plants_where_it_is_told_to(benchmarks, corpus, capsys):
    none = ["--kills", "0", "--runs", "0", "--growth", "0", "--benchmarks", str(benchmarks)]
    assert command.main([*none, "--planted-in", str(corpus), "--plants", "5", "--documents", "20"]) == 0
    assert capsys.readouterr().out.startswith("| class | planted | exact | inexact |")
    assert command.main(none) == 1
    assert "--planted-in FOLDER" in capsys.readouterr().err


def test_items_of_pairs_are_counted_as_registered_ones_are():
    assert as_table([("a", "One two, three.")], "pairs").column("num_words").to_pylist() == [3]
