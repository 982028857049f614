"""An index on the disk: what it finds, what its name is made of, and who else sees it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace

import pyarrow as pa
import pytest

from pipelines.contamination import index_files
from pipelines.contamination.index_files import IndexSource, shared_index
from pipelines.contamination.inexact import InexactRule
from pipelines.contamination.ngrams import NgramIndex, scan
from pipelines.contamination.parts import PartRule
from pipelines.contract.errors import WarehouseError
from pipelines.contract.parts import PartWriter, tables_of
from pipelines.contract.schema import BENCHMARK_ITEMS
from pipelines.text.words import count_words


def numbered(*numbers):
    return " ".join(f"w{n}" for n in numbers)


def rows(*texts, benchmark):
    return [
        {
            "benchmark": benchmark,
            "item_id": str(i),
            "part": "question",
            "text": text,
            "num_words": count_words(text),
            "match_whole": False,
            "role": "input",
        }
        for i, text in enumerate(texts)
    ]


ROWS = [*rows(numbered(*range(40)), numbered(*range(50, 60)), benchmark="b"), *rows(numbered(*range(30)), benchmark="a")]
TEXTS = pa.array([numbered(*range(20)), f"x {numbered(*range(50, 60))}", numbered(*range(10), "other", *range(11, 20)), ""])


@pytest.fixture
def source(tmp_path):
    schema = {"benchmark_items": BENCHMARK_ITEMS.schema}
    with PartWriter(tmp_path / "parts", schema) as writer:
        writer.write({"benchmark_items": pa.Table.from_pylist(ROWS, schema=BENCHMARK_ITEMS.schema)})
    table = tables_of(writer.files, schema)["benchmark_items"]
    yield IndexSource(items=table, rule=PartRule(), folder=tmp_path / "indexes", inexact=InexactRule())
    shared_index.cache_clear()


def in_order():
    return pa.Table.from_pylist(sorted(ROWS, key=lambda row: (row["benchmark"], row["item_id"])), schema=BENCHMARK_ITEMS.schema)


def test_an_index_from_files_finds_what_one_in_memory_does(source):
    index = shared_index(source)
    found = scan(TEXTS, index)
    assert found == scan(TEXTS, NgramIndex.build(in_order(), inexact=InexactRule()))
    assert [len(hits) for hits in found] == [2, 1, 2, 0]
    assert list(index.benchmarks) == ["a", "b", "b"]
    assert not index.numbers.flags.writeable


def test_to_another_process_an_index_is_the_name_of_its_files_and_is_opened_once(source):
    index = shared_index(source)
    some = index.only(["b"])
    for one in (index, some):
        assert len(pickle.dumps(one)) < 4000
        assert scan(TEXTS, pickle.loads(pickle.dumps(one))) == scan(TEXTS, one)
    assert pickle.loads(pickle.dumps(index)).items is pickle.loads(pickle.dumps(some)).items
    assert {hit.item for hits in scan(TEXTS, pickle.loads(pickle.dumps(some))) for hit in hits} == {1, 2}


def test_another_process_maps_the_files_that_are_there(source, tmp_path):
    (tmp_path / "index").write_bytes(pickle.dumps(shared_index(source)))
    before = sorted(path.stat().st_mtime_ns for path in source.folder.glob("*/*"))
    code = f"import pickle; print(pickle.load(open({str(tmp_path / 'index')!r}, 'rb')).benchmarks.distinct())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "['a', 'b']\n"
    assert sorted(path.stat().st_mtime_ns for path in source.folder.glob("*/*")) == before


def test_files_that_are_gone_are_made_again_and_half_a_folder_is_never_taken_for_an_index(source):
    found = scan(TEXTS, shared_index(source))
    folder = source.folder / source.key
    folder.rename(source.folder / f".{source.key}.of-a-process-that-was-killed")
    shared_index.cache_clear()
    assert scan(TEXTS, shared_index(source)) == found
    assert folder.is_dir()


def test_of_two_that_make_an_index_at_once_the_second_takes_the_first_ones(source):
    index = shared_index(source)
    index_files._publish(index, source.folder / source.key)
    assert [path.name for path in source.folder.iterdir()] == [source.key]


def test_an_index_of_other_settings_or_items_has_another_name(source):
    others = [
        *(replace(source, rule=PartRule(**one)) for one in ({"ngram_words": 12}, {"min_words": 7}, {"parts": ("label",)})),
        replace(source, inexact=None),
        replace(source, items=source.items.only("text")),
    ]
    assert len({source.key, *(other.key for other in others)}) == len(others)  # the last has the same items
    assert replace(source, folder=source.folder / "elsewhere").key == source.key


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(source, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(WarehouseError, match="file"):
        shared_index(replace(source, folder=tmp_path / "file"))
