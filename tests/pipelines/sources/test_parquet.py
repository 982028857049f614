"""Parquet, whole and broken."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.sources.base import Fault, Unit
from pipelines.sources.parquet import Parquet
from pipelines.sources.row_batches import dictionary_columns, portions, sizes


def read(path, **options):
    source = Parquet(path=path, **options)
    return [met for unit in source.look().units for met in source.read(unit)]


def test_rows_are_records_with_their_number_as_place(tmp_path):
    pq.write_table(pa.table({"id": ["a", "b"], "text": ["one", None], "n": [1, 2]}), tmp_path / "t.parquet")
    first, second = read(tmp_path, key="id")
    assert (first.key, first.text, first.offset, first.length, first.codec) == ("a", "one", 0, 1, "parquet")
    assert (second.error, second.offset) == ("missing_text", 1)
    assert [m.key for m in read(tmp_path) if not isinstance(m, Fault)] == ["t.parquet:0"]


def test_row_numbers_go_on_over_row_groups_and_batches(tmp_path):
    pq.write_table(pa.table({"text": [str(i) for i in range(1000)]}), tmp_path / "t.parquet", row_group_size=300)
    assert [(r.text, r.offset) for r in read(tmp_path)] == [(str(i), i) for i in range(1000)]


@pytest.mark.parametrize("when", [pa.array([0, 10**18], pa.timestamp("us")), pa.array([0, 10**7], pa.date32())])
def test_a_date_that_no_calendar_has_sets_its_row_aside_and_no_other(tmp_path, when):
    pq.write_table(pa.table({"text": ["one", "two"], "when": when}), tmp_path / "t.parquet")
    first, second = read(tmp_path, created_at="when")
    assert (first.text, second.error, second.offset) == ("one", "bad_value", 1)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_every_sort_of_string_column_is_read(tmp_path, kind):
    pq.write_table(pa.table({"text": pa.array(["one", "two"]).cast(kind)}), tmp_path / "t.parquet")
    assert [r.text for r in read(tmp_path)] == ["one", "two"]


def test_a_wrong_schema_names_the_columns_that_are_there(tmp_path):
    pq.write_table(pa.table({"content": ["x"], "lang": ["en"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"text": [b"x"]}), tmp_path / "b.parquet")
    missing, binary = read(tmp_path)
    assert missing.error == binary.error == "wrong_schema"
    assert "'content'" in missing.message
    assert "'lang'" in missing.message
    assert "binary" in binary.message


def test_a_file_cut_short_is_one_fault_that_says_so(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["x" * 100] * 100}), path)
    path.write_bytes(path.read_bytes()[:-20])
    [fault] = read(tmp_path)
    assert fault.error == "truncated_parquet"
    assert fault.num_bytes == path.stat().st_size


@pytest.mark.parametrize("data", [b"", b"not parquet at all"])
def test_a_file_that_is_no_parquet_is_a_fault(tmp_path, data):
    (tmp_path / "t.parquet").write_bytes(data)
    assert [m.error for m in read(tmp_path)] == ["not_parquet"]


def test_a_damaged_page_ends_the_file_with_a_fault_after_the_rows_before_it(tmp_path):
    path = tmp_path / "t.parquet"
    texts = [f"row {i} " + "x" * 200 for i in range(2000)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=500, compression="none", use_dictionary=False, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    data[data.index(b"row 1700 ")] ^= 1
    path.write_bytes(data)
    met = read(tmp_path)
    assert [m.text for m in met[:-1]] == texts[: len(met) - 1]
    assert len(met) > 1000
    assert met[-1].error == "corrupt_parquet"
    assert met[-1].message.endswith(f"; {2001 - len(met)} rows of its row group were not read")
    assert len(data) // 8 < met[-1].num_bytes < len(data) // 2


def test_bytes_that_are_not_utf8_in_a_string_column_cost_their_row_only(tmp_path):
    strings = pa.array([b"one", b"\xff\xfe", b"three"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": strings}), tmp_path / "t.parquet")
    met = read(tmp_path)
    assert [getattr(m, "error", None) for m in met] == [None, "invalid_utf8", None]
    assert met[1].offset == 1


def test_a_text_over_the_bound_is_a_fault_and_its_neighbours_are_read(tmp_path):
    pq.write_table(pa.table({"text": ["a", "b" * 100, "c"]}), tmp_path / "t.parquet")
    assert [getattr(m, "error", None) for m in read(tmp_path, max_record_bytes=50)] == [None, "record_too_large", None]


def test_a_file_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path):
    pq.write_table(pa.table({"text": ["x" * 10_000_000 + str(i) for i in range(2)]}), tmp_path / "t.parquet", compression="zstd")
    assert [m.error for m in read(tmp_path)] == ["unpacked_too_large"]


def test_a_table_without_rows_gives_nothing(tmp_path):
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "t.parquet")
    assert read(tmp_path) == []


def test_a_few_bytes_that_stand_for_terabytes_are_stopped_soon(tmp_path):
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"text": values}), tmp_path / "t.parquet", compression="zstd", use_dictionary=["text"])
    path = tmp_path / "t.parquet"
    assert path.stat().st_size < 100_000
    met = read(tmp_path)
    assert [m.error for m in met] == ["unpacked_too_large"]


def test_a_row_group_that_is_damaged_costs_its_own_rows_and_where_the_file_is_cut_decides_nothing(tmp_path):
    path = tmp_path / "t.parquet"
    texts = [f"row {i} " + "x" * 200 for i in range(2000)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=500, compression="none", use_dictionary=False, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    data[data.index(b"row 700 ")] ^= 1
    path.write_bytes(data)
    source = Parquet(path=tmp_path)
    met = [m for unit in source.look(1).units for m in source.read(unit)]
    assert len(source.look(1).units) == 4
    assert met == read(tmp_path)
    assert [m.error for m in met if isinstance(m, Fault)] == ["corrupt_parquet"]
    assert [m.text for m in met if not isinstance(m, Fault)][-1000:] == texts[1000:]


@pytest.mark.parametrize("split_bytes", [1, 5000, 9000])
def test_row_groups_are_shared_out_whole_and_in_order(tmp_path, split_bytes):
    texts = [f"{i} {i * 7919 % 10007} " * 9 for i in range(1000)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "t.parquet", row_group_size=100)
    source = Parquet(path=tmp_path)
    units = source.look(split_bytes).units
    assert len(units) > 1
    assert [(units[i].end, units[-1].end) for i in range(len(units) - 1)] == [(unit.start, 10) for unit in units[1:]]
    assert [m for unit in units for m in source.read(unit)] == read(tmp_path)


def test_two_columns_of_one_name_are_a_fault_only_where_that_column_is_read(tmp_path):
    columns = [pa.array(["a"]), pa.array(["b"]), pa.array(["c"])]
    pq.write_table(pa.Table.from_arrays(columns, ["text", "x", "x"]), tmp_path / "a.parquet")
    pq.write_table(pa.Table.from_arrays(columns, ["x", "text", "text"]), tmp_path / "b.parquet")
    good, fault = read(tmp_path)
    assert good.text == "a"
    assert (fault.error, fault.message) == ("wrong_schema", "2 columns are named 'text'; rename all but one of them")


def test_columns_of_structs_are_named_with_a_dot(tmp_path):
    rows = [{"doc": {"title": "T", "body": "B"}, "meta": {"url": "https://a.example/x", "n": 1}}, {"doc": None, "meta": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    one, fault = read(tmp_path, text=["doc.title", "doc.body"], url="meta.url")
    assert (one.text, one.origin) == ("T\n\nB", "a.example")
    assert fault.error == "missing_text"
    [missing] = read(tmp_path, text="doc.nothing")
    assert missing.message == "no column 'doc.nothing'; the file has 2 fields: 'doc', 'meta'"


@pytest.mark.parametrize("nested", [False, True])
def test_a_dictionary_counts_as_often_as_its_values_are_named(tmp_path, nested):
    value = "".join(map(chr, random.Random(5).choices(range(0x4E00, 0x9000), k=5000)))
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), pa.array([value]))
    column = pa.StructArray.from_arrays([values], ["body"]) if nested else values
    pq.write_table(pa.table({"text": column}), tmp_path / "t.parquet", compression="zstd")
    assert (tmp_path / "t.parquet").stat().st_size < 50_000
    assert [m.error for m in read(tmp_path, text="text.body" if nested else "text")] == ["unpacked_too_large"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_rows_are_converted_in_portions_of_their_own_bytes(kind):
    texts = pa.array(["a" * 10, None, "b" * 50, "c" * 60, "d" * 200, "e", "f"]).cast(kind)
    batch = pa.record_batch({"text": texts, "doc": pa.StructArray.from_arrays([texts], ["title"])})
    assert sizes(batch) == [20, 0, 100, 120, 400, 2, 2]
    cut = list(portions(batch, sizes(batch), 130))
    assert [piece.num_rows for piece in cut] == [3, 1, 1, 2]
    assert pa.Table.from_batches(cut).to_pylist() == batch.to_pylist()
    assert [piece.num_rows for piece in portions(batch.slice(0, 0), [])] == [0]


def test_lists_count_with_what_their_values_stand_for():
    names = pa.DictionaryArray.from_arrays(pa.array([0] * 8, pa.int32()), pa.array(["x" * 1000]))
    lists = pa.ListArray.from_arrays(pa.array([0, 6, 8], pa.int32()), names)
    assert sum(sizes(pa.record_batch({"tags": lists}))) >= 8000


@pytest.mark.parametrize("use_dictionary", [False, True])
def test_strings_are_held_once_however_a_file_stores_them(tmp_path, use_dictionary):
    rows = [{"text": "one" * 9, "doc": {"title": "T", "n": i}, "tags": ["x"], "data": b"y"} for i in range(600)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet", use_dictionary=use_dictionary)
    metadata = pq.read_metadata(tmp_path / "t.parquet")
    assert dictionary_columns(metadata, ["text", "doc.title", "tags", "data"]) == ["text", "doc.title", "data"]
    assert dictionary_columns(metadata, ["doc", "tex"]) == ["doc.title"]
    assert [m.text for m in read(tmp_path, text=["text", "doc.title"])] == ["one" * 9 + "\n\nT"] * 600


@pytest.mark.shared
def test_the_real_sample_is_read_whole(shared):
    path = shared / "corpora" / "small.parquet"
    source = Parquet(path=path, key="id", url="url", license="license", kind="kind", origin="source")
    met = list(source.read(Unit(name="small.parquet")))
    expected = pq.read_table(path)
    assert [m.text for m in met] == expected["text"].to_pylist()
    assert [m.key for m in met] == expected["id"].to_pylist()
