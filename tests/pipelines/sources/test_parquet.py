"""Parquet, whole and broken."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.base import Fault, Records, Unit
from pipelines.sources.fields import Place
from pipelines.sources.parquet import Parquet
from pipelines.sources.row_batches import rows_at_once, unpacked_bytes


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
def test_bytes_are_counted_as_if_every_value_stood_for_itself(kind):
    texts = pa.array(["a" * 10, None, "b" * 50, "b" * 50]).cast(kind)
    assert unpacked_bytes(texts) == 110
    assert unpacked_bytes(texts.slice(2)) == 100
    assert unpacked_bytes(pa.StructArray.from_arrays([texts, texts], ["a", "b"])) == 220
    assert unpacked_bytes(texts.slice(0, 0)) == 0


def test_lists_count_with_what_their_values_stand_for():
    names = pa.DictionaryArray.from_arrays(pa.array([0] * 8, pa.int32()), pa.array(["x" * 1000]))
    lists = pa.ListArray.from_arrays(pa.array([0, 6, 8], pa.int32()), names)
    assert unpacked_bytes(lists) >= 8000


def test_as_many_rows_are_read_together_as_fit_if_each_names_the_longest_value_of_its_dictionary(tmp_path):
    def together(values, **options):
        path = tmp_path / "t.parquet"
        pq.write_table(pa.table({"text": values, "doc": pa.StructArray.from_arrays([values], ["title"])}), path, **options)
        return rows_at_once(path, pq.read_metadata(path), 0, ["text", "doc.title"]), rows_at_once(path, pq.read_metadata(path), 0, ["none"])

    megabyte = pa.array(["x" * 1_000_000] * 12)
    assert together(megabyte) == (32, 1024)  # two columns, and a dictionary counts once more for the rows that share it
    assert together(megabyte, compression="none") == (32, 1024)
    assert together(megabyte.slice(0, 8), use_dictionary=False) == (64, 1024)
    assert together(pa.array(["x"] * 9)) == (1024, 1024)
    assert together(pa.array(["x" * (80 << 20)])) == (1, 1024)


@pytest.mark.parametrize(
    "head", [b"", b"\x15", b"\x15\x04", b"\x15\x04\x15", b"\x15\x00\x15\x08", b"\x15\x04\x15\x01", b"\x15\x04\x15\xff", b"\x00" * 16]
)
def test_a_head_that_does_not_say_how_long_a_dictionary_is_counts_with_the_whole_column(tmp_path, head):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["x" * (32 << 20), "y"]}), path)
    metadata = pq.read_metadata(path)
    assert rows_at_once(path, metadata, 0, ["text"]) == 2
    place = metadata.row_group(0).column(0).dictionary_page_offset
    path.write_bytes(path.read_bytes()[:place] + head)
    assert rows_at_once(path, metadata, 0, ["text"]) == 2


TEXTS = st.sampled_from(["one", "two \u6771\u4eac", "", "x" * 60]) | st.none()
STRINGS = st.sampled_from(["a", "b", "\u00e9", "", "https://a.example/b/c?d", "https://A.example:8/x y", "http://[", "a.example"]) | st.none()
KINDS = st.sampled_from([pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
TIMES = st.sampled_from([None, "", "2020-01-02", "2020-01-02T03:04:05.678+02:00", "1577934245", "no time"])
OPTIONS = st.fixed_dictionaries(
    {"key": st.sampled_from(["", "id", "n", "x"]), "url": st.sampled_from(["", "url"]), "license": st.sampled_from(["", "id", "real"])},
    optional={
        "kind": st.sampled_from(["id", "n", "flag", "bytes"]), "created_at": st.sampled_from(["when", "stamp"]), "thread": st.just("id"),
        "origin": st.sampled_from(["host", "folder", "document", "url"]), "text": st.sampled_from(["text", "n", ["text", "url"], "doc.text"]),
        "default_kind": st.just(""), "default_license": st.just("mit"), "max_record_bytes": st.just(50),
    },
)  # fmt: skip


@given(data=st.data(), size=st.integers(0, 40), options=OPTIONS, group_rows=st.sampled_from([1, 7, 64]), kind=KINDS, whole=st.booleans())
@settings(max_examples=60)
def test_rows_read_together_are_what_they_are_one_by_one(  # noqa: PLR0917
    tmp_path_factory, data, size, options, group_rows, kind, whole
):
    def drawn(values):
        return data.draw(st.lists(values, min_size=size, max_size=size))

    texts = [text or "z" for text in drawn(TEXTS)] if whole else drawn(TEXTS)
    numbers = list(range(size)) if whole else drawn(st.integers(0, 99) | st.none())
    table = pa.table({
        "text": pa.array(texts, pa.string()).cast(kind),
        "id": pa.array([f"k{n}" for n in range(size)] if whole else drawn(STRINGS), pa.string()).cast(kind),
        "url": pa.array(drawn(STRINGS), pa.string()), "n": pa.array(numbers, pa.int64()), "x": pa.array(drawn(STRINGS), pa.string()),
        "real": pa.array([None if n is None else n / 2 for n in numbers], pa.float64()), "flag": pa.array([n != 1 for n in numbers], pa.bool_()),
        "bytes": pa.array([b"y"] * size, pa.binary()), "when": pa.array(drawn(TIMES), pa.string()), "stamp": pa.array(numbers, pa.timestamp("s")),
        "doc": pa.array([{"text": text} for text in texts], pa.struct([("text", pa.string())])),
    })  # fmt: skip
    folder = tmp_path_factory.getbasetemp() / "rows"
    folder.mkdir(exist_ok=True)
    pq.write_table(table, folder / "t.parquet", row_group_size=group_rows)
    source = Parquet(path=folder, **options)
    met = [one for unit in source.look().units for one in source.read(unit)]
    if met and getattr(met[0], "error", None) == "wrong_schema":
        return
    rows = table.select([name for name in table.schema.names if name in {field.partition(".")[0] for field in source.names}]).to_pylist()
    assert met == [source.read_row(row, Place("t.parquet", "parquet", number, 1)) for number, row in enumerate(rows)]
    assert bool(met) == bool(size)


def test_rows_without_fault_come_together_and_their_texts_are_not_copied_one_by_one(tmp_path):
    pq.write_table(pa.table({"text": [None if n == 1500 else f"text {n}" for n in range(5000)]}), tmp_path / "t.parquet")
    source = Parquet(path=tmp_path)
    met = [one for unit in source.look().units for one in source.read_columns(unit)]
    assert sum(one.columns.num_rows for one in met if isinstance(one, Records)) > 4900
    assert len(met) < 100
    assert [one.error for one in met if isinstance(one, Fault)] == ["missing_text"]


@pytest.mark.shared
def test_the_real_sample_is_read_whole(shared):
    path = shared / "corpora" / "small.parquet"
    source = Parquet(path=path, key="id", url="url", license="license", kind="kind", origin="source")
    met = list(source.read(Unit(name="small.parquet")))
    expected = pq.read_table(path)
    assert [m.text for m in met] == expected["text"].to_pylist()
    assert [m.key for m in met] == expected["id"].to_pylist()
