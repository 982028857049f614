"""Part files: what is written is what is read, content does not depend on order or cut, and damage is found."""

from __future__ import annotations

import gc
import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.contract.columns import column
from pipelines.contract.errors import CorruptFile, PartError, WarehouseError
from pipelines.contract.hashing import file_sha256
from pipelines.contract.manifest import entry_of
from pipelines.contract.parts import PartWriter, Table, check_file, laid_out, read_table, scratch, tables_of
from pipelines.contract.schema import LEDGER

SCHEMA = pa.schema([("doc_id", pa.string()), ("n", pa.int64()), ("x", pa.float64()), ("ids", pa.list_(pa.int32()))])


def write(folder: Path, rows: list[dict[str, object]], *, cut: int = 100, row_group_bytes: int = 1 << 20) -> Table:
    with PartWriter(folder, {"t": SCHEMA}, row_group_bytes) as writer:
        for start in range(0, len(rows), cut):
            writer.write({"t": pa.RecordBatch.from_pylist(rows[start : start + cut], schema=SCHEMA)})
    return tables_of(writer.files, {"t": SCHEMA})["t"]


def test_a_row_more_or_a_value_changed_is_other_content(tmp_path: Path) -> None:
    rows = [{"doc_id": "a", "n": 1, "x": 0.5, "ids": [1]}, {"doc_id": "b", "n": 2, "x": 0.5, "ids": []}]
    contents = {
        write(tmp_path / name, made).content_sha256
        for name, made in {"as": rows, "one": rows[:1], "twice": [*rows, rows[0]], "other": [{**rows[0], "n": 3}, rows[1]]}.items()
    }
    assert len(contents) == 4


def test_rows_come_back_from_several_row_groups(tmp_path: Path) -> None:
    rows = [{"doc_id": f"{i}", "n": i, "x": i / 3, "ids": [i]} for i in range(50)]
    table = write(tmp_path, rows, cut=7, row_group_bytes=100)
    assert table.num_rows == 50
    assert sum(f.num_row_groups for f in table.files) > 5
    assert sorted(read_table(table).to_pylist(), key=lambda r: r["n"]) == rows


def test_a_volatile_column_is_not_content(tmp_path: Path) -> None:
    assert {f.name for f in LEDGER.schema if (f.metadata or {}).get(b"volatile")} == {"cpu_s", "wall_s", "peak_rss_bytes"}
    schema = pa.schema([column("n", pa.int64(), "counts"), column("seconds", pa.float64(), "does not", volatile=True)])
    contents = set()
    for number, seconds in enumerate((0.1, 0.2)):
        with PartWriter(tmp_path / str(number), {"t": schema}) as writer:
            writer.write({"t": pa.RecordBatch.from_pylist([{"n": 1, "seconds": seconds}], schema=schema)})
        contents.add(tables_of(writer.files, {"t": schema})["t"].content_sha256)
    assert len(contents) == 1


def test_a_flipped_bit_is_found_or_harmless_but_never_another_value(tmp_path: Path) -> None:
    table = write(tmp_path, [{"doc_id": f"{i:040d}", "n": i * 7919, "x": i / 7, "ids": [i]} for i in range(300)])
    (path,) = (Path(p) for p in table.paths)
    whole, rows, found = path.read_bytes(), read_table(table), 0
    places = range(40, len(whole) // 2, len(whole) // 60)
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            assert read_table(table) == rows
        except CorruptFile as error:
            found += path.name in str(error)
    assert found > len(places) // 2


def test_a_file_is_said_to_hold_what_a_reader_of_its_bytes_finds(tmp_path: Path) -> None:
    table = write(tmp_path, [{"doc_id": f"{i}", "n": i, "x": i / 3, "ids": [i]} for i in range(500)], row_group_bytes=1000)
    for file in table.files:
        assert (file.sha256, file.num_bytes) == (file_sha256(file.path), Path(file.path).stat().st_size)
        check_file(file)


def test_scratch_is_read_like_any_table_but_has_no_hash_and_enters_no_manifest(tmp_path: Path) -> None:
    with PartWriter(tmp_path, {"t": scratch(SCHEMA)}) as writer:
        writer.write({"t": pa.RecordBatch.from_pylist([{"doc_id": "a", "n": 1, "x": 0.5, "ids": [1]}], schema=SCHEMA)})
    table = tables_of(writer.files, {"t": SCHEMA})["t"]
    assert read_table(table).num_rows == 1
    assert [(f.sha256, f.content) for f in table.files] == [("", "")]
    check_file(table.files[0])
    with pytest.raises(PartError, match="'t' was written as scratch"):
        entry_of(table, str(tmp_path))


def test_a_schema_says_how_its_files_are_cut_and_no_file_or_content_knows(tmp_path: Path) -> None:
    def written(schema: pa.Schema, rows: list[int]) -> Table:
        with PartWriter(tmp_path, {"t": schema}) as writer:
            writer.write({"t": pa.record_batch({"text": [hashlib.sha256(b"%d" % n).hexdigest() for n in rows]})})
        return tables_of(writer.files, {"t": schema})["t"]

    plain = pa.schema([column("text", pa.string(), "text")])
    whole, small = written(plain, list(range(500))), written(laid_out(plain, row_group_bytes=10_000), list(range(500)))
    assert [f.num_row_groups for table in (whole, small) for f in table.files] == [1, 2]
    assert whole.content_sha256 == small.content_sha256
    assert [pq.read_schema(path).metadata for path in small.paths] == [None]

    published = laid_out(plain, row_group_bytes=64 << 20, is_content_defined=True)
    before, after = (Path(written(published, rows).paths[0]).read_bytes() for rows in (list(range(99_999)), list(range(100, 99_999))))
    pages = [after[at : at + 64] for at in range(4, len(after) - 64, 100_000)]
    assert sum(page in before for page in pages) > len(pages) // 2


def test_a_writer_that_failed_leaves_no_file_open_and_no_noise(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    batch = pa.RecordBatch.from_pylist([{"doc_id": "a", "n": 1, "x": 0.5, "ids": [1]}], schema=SCHEMA)
    failed, full = PartWriter(tmp_path, {"t": SCHEMA}, row_group_bytes=1), PartWriter(tmp_path, {"t": SCHEMA})
    for writer in (failed, full):
        writer.write({"t": batch})
    failed.__exit__(ZeroDivisionError, None, None)
    full._open["t"].file._file.close()
    full._open["t"].file._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 - the writer closes it
    with pytest.raises(WarehouseError, match="the disk is full"):
        full.__exit__(None, None, None)
    assert [part.file.closed for one in (failed, full) for part in one._open.values()] == [True, True]
    del writer, failed, full
    gc.collect()
    assert capfd.readouterr() == ("", "")


def test_a_column_that_does_not_fit_is_refused_and_names_no_value(tmp_path: Path) -> None:
    with pytest.raises(PartError, match="column n") as caught, PartWriter(tmp_path, {"t": SCHEMA}) as writer:
        writer.write({"t": pa.RecordBatch.from_pydict({"doc_id": ["secret"], "n": ["secret"], "x": [1.0], "ids": [[1]]})})
    assert "secret" not in str(caught.value)


def test_a_table_that_was_not_declared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PartError, match="'other', which it did not declare"), PartWriter(tmp_path, {"t": SCHEMA}) as writer:
        writer.write({"other": pa.RecordBatch.from_pylist([], schema=SCHEMA)})
