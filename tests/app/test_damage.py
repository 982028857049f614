"""Bits that flipped on a disk: a table is never read as if nothing had happened, and one line says which file and what to do."""

from __future__ import annotations

import io

import pyarrow.parquet as pq
import pytest
import tiny_warehouse

from app.catalog import catalog, connect, damage_explained
from app.sql_child import answer
from app.sql_guard import run_sql
from pipelines.contract.errors import AssayError, CorruptFile


def chunk(data, column):
    """The bytes of a column's first chunk: where they begin, how many there are."""
    group = pq.read_metadata(io.BytesIO(data)).row_group(0)
    found = next(c for c in map(group.column, range(group.num_columns)) if c.path_in_schema == column)
    return found.dictionary_page_offset or found.data_page_offset, found.total_compressed_size


def in_a_page(data):
    start, size = chunk(data, "text")
    data[start + size - 3] ^= 0x10


def in_a_page_of_numbers(data):
    start, size = chunk(data, "num_bytes")
    data[start + size - 2] ^= 0x01


def in_the_head_of_a_page(data):
    start, _ = chunk(data, "text")
    data[start + 1] ^= 0x04


def name_of_text(data):
    """Where the footer's schema has the column's name."""
    return data.index(b"\x04text", len(data) - 8 - int.from_bytes(data[-8:-4], "little")) + 1


def in_the_name_of_a_column(data):
    data[name_of_text(data) + 1] ^= 0x01


def in_the_name_of_a_column_so_that_it_is_no_utf_8(data):
    data[name_of_text(data) + 1] ^= 0x80


def in_the_last_four_bytes(data):
    data[-1] ^= 0x01


def in_the_length_of_the_footer(data):
    data[-6] ^= 0x01


def behind_its_middle_everything(data):
    del data[len(data) // 2 :]


@pytest.mark.parametrize(
    "damage",
    [
        in_a_page, in_a_page_of_numbers, in_the_head_of_a_page, in_the_name_of_a_column, in_the_name_of_a_column_so_that_it_is_no_utf_8,
        in_the_last_four_bytes, in_the_length_of_the_footer, behind_its_middle_everything,
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_whoever_asks(tmp_path, damage):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    (path,) = catalog(warehouse).relations["texts"].files
    data = bytearray((tmp_path / path).read_bytes())
    damage(data)
    (tmp_path / path).write_bytes(data)
    sql = "SELECT CAST(num_bytes AS VARCHAR) || text FROM texts"
    request = {"root": str(warehouse.root), "run": None, "sql": sql, "raw": True, "max_rows": 10, "memory_bytes": 1 << 30}
    with pytest.raises(CorruptFile, match="assay verify") as caught:
        answer(request)
    assert path in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(CorruptFile, match="assay verify"), damage_explained():
        connect(warehouse, raw=True).sql(sql).fetchall()


def test_a_damaged_file_is_no_fault_of_the_question(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    (path,) = catalog(warehouse).relations["corpus"].files
    data = bytearray((tmp_path / path).read_bytes())
    in_a_page(data)
    (tmp_path / path).write_bytes(data)
    with pytest.raises(AssayError, match="assay verify") as caught:
        run_sql(warehouse, "SELECT TRY_CAST(text AS INTEGER) FROM corpus")
    assert path in str(caught.value)
    assert "cast" not in str(caught.value).lower()
    assert run_sql(warehouse, "SELECT count(doc_id) AS n FROM corpus").column("n").to_pylist() == [6]


def test_a_file_that_is_gone_is_named(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    (path,) = catalog(warehouse).relations["fates"].files
    (tmp_path / path).unlink()
    with pytest.raises(AssayError, match="assay verify") as caught:
        run_sql(warehouse, "SELECT * FROM fates")
    assert path in str(caught.value)
    with pytest.raises(CorruptFile, match="assay verify"):
        connect(warehouse)
