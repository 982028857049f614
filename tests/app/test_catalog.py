"""The catalog: every table, on any warehouse, and no more of it than anyone may see."""

from __future__ import annotations

import shutil
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny_warehouse

from app.catalog import catalog, connect
from app.sql_child import locked
from app.sql_guard import run_sql
from pipelines.contract.errors import WarehouseError
from pipelines.contract.schema import TABLES
from pipelines.contract.warehouse import Warehouse

PRIVATE_WORDS = (tiny_warehouse.EMAIL, "jane-doe", "people/", "dump.jsonl", "Ann Lee", "030 1234567", "broken.txt")
VIEWS = {"signals", "signal_values", "survivors", "steps", "tables", "runs"}


def connections(warehouse):
    """The pages' connection and the guarded one: both must say the same."""
    shown = catalog(warehouse)
    return [connect(warehouse), locked(shown, shown.names, 1 << 30)]


def test_every_table_of_the_contract_is_there_on_an_empty_warehouse(empty):
    for connection in connections(empty):
        for name in {*TABLES, *VIEWS} - {"steps", "tables"}:
            assert connection.sql(f"SELECT count(*) FROM {name}").fetchall() == [(0,)], name


def test_an_empty_warehouse_is_not_created_by_reading_it(empty):
    connect(empty, raw=True)
    assert not empty.root.exists()


def test_a_view_is_all_files_of_all_manifests_that_hold_the_table(tiny):
    for connection in connections(tiny):
        assert connection.sql("SELECT DISTINCT step FROM verdicts ORDER BY 1").fetchall() == [("decontaminate",), ("dedup",), ("judge",)]
        assert connection.sql("SELECT count(*) FROM documents").fetchall() == [(len(tiny_warehouse.DOCS),)]


def test_files_that_no_manifest_names_are_not_read(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    stray = next((warehouse.root / "data" / "ingest").glob("*/documents/*.parquet"))
    shutil.copy(stray, stray.with_name("part-stray.parquet"))
    assert connect(warehouse).sql("SELECT count(*) FROM documents").fetchall() == [(len(tiny_warehouse.DOCS),)]


def test_both_connections_give_the_same_rows_for_every_table(tiny):
    ours, guarded = connections(tiny)
    for name in catalog(tiny).names:
        rows = [sorted(map(repr, c.sql(f"SELECT * FROM {name}").to_arrow_table().to_pylist())) for c in (ours, guarded)]
        assert rows[0] == rows[1], name


def test_nothing_private_is_in_the_default_catalog(tiny):
    for connection in connections(tiny):
        for name in catalog(tiny).names:
            shown = repr(connection.sql(f"SELECT * FROM {name}").to_arrow_table().to_pylist())
            for words in PRIVATE_WORDS:
                assert words not in shown, f"{name} shows {words}"


def test_the_raw_catalog_has_what_the_default_one_hides(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    shown = repr(connect(warehouse, raw=True).sql("SELECT * FROM documents").to_arrow_table().to_pylist())
    assert all(words in shown for words in ("jane-doe", tiny_warehouse.EMAIL, "Ann Lee"))


def test_masked_text_keeps_its_length_so_that_spans_stay_true(tiny):
    letter = tiny_warehouse._find("letter")
    ((text,),) = connect(tiny).sql("SELECT text FROM texts WHERE doc_id = $id", params={"id": letter.doc_id}).fetchall()
    start, end = letter.span(letter.pii)
    assert len(text.encode()) == letter.num_bytes
    assert text.encode()[start:end] == b"*" * (end - start)
    assert text.encode()[:start] == letter.text.encode()[:start]


def test_a_document_that_was_never_scrubbed_has_no_text(tiny):
    rows = connect(tiny).sql("SELECT doc_id FROM texts WHERE text IS NULL").fetchall()
    expected = {d.doc_id for d in tiny_warehouse.alive_after("clean") if d not in tiny_warehouse.alive_after("scrub")}
    assert {doc_id for (doc_id,) in rows} == expected


@pytest.mark.parametrize(("key", "shown"), [("letter", True), ("mill-copy", False)])
def test_an_item_made_of_a_document_hides_what_the_document_hides(tmp_path, monkeypatch, key, shown):
    source = tiny_warehouse._find(key)
    text = "write to " + tiny_warehouse.EMAIL + " for the archive" if shown else source.text[:40]
    item = {"benchmark": "own", "item_id": f"{source.doc_id}-3", "part": "context", "text": text, "num_words": 9, "match_whole": False}
    made = tiny_warehouse._contamination()
    monkeypatch.setitem(tiny_warehouse._OWN, "decontaminate", lambda: {**made, "benchmark_items": [*made["benchmark_items"], item]})
    splits = [*tiny_warehouse._splits()["splits"], *([] if shown else [{"doc_id": source.doc_id, "split": "heldout"}])]
    monkeypatch.setitem(tiny_warehouse._OWN, "split", lambda: {"splits": splits})
    warehouse = tiny_warehouse.build(tmp_path / "w")
    sql = "SELECT text FROM benchmark_items WHERE benchmark = 'own'"
    told = f"write to {'*' * len(tiny_warehouse.EMAIL.encode())} for the archive" if shown else None
    assert connect(warehouse).sql(sql).fetchall() == [(told,)]
    assert run_sql(warehouse, sql).column("text").to_pylist() == [told]
    assert connect(warehouse, raw=True).sql(sql).fetchall() == [(text,)]


def test_raw_access_leaves_a_line_that_holds_no_question(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    connect(warehouse, raw=True, purpose=f"find {tiny_warehouse.EMAIL}")
    connect(warehouse)
    lines = (warehouse.root / "raw_access.log").read_text().splitlines()
    assert len(lines) == 1
    when, who, what = lines[0].split("\t")
    assert when.endswith("+00:00")
    assert who
    assert len(what) == 64
    assert tiny_warehouse.EMAIL not in lines[0]


def test_raw_text_is_not_shown_where_its_use_cannot_be_logged(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    (warehouse.root / "raw_access.log").mkdir()
    with pytest.raises(WarehouseError, match="logged"):
        connect(warehouse, raw=True)


def test_counting_documents_does_not_read_their_text(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    (path,) = (warehouse.root / "data" / "clean").glob("*/texts/*.parquet")
    chunk = next(c for c in map(pq.read_metadata(path).row_group(0).column, range(10)) if c.path_in_schema == "text")
    with path.open("r+b") as file:
        file.seek(chunk.dictionary_page_offset or chunk.data_page_offset)
        file.write(b"\xff" * chunk.total_compressed_size)
    for connection in connections(warehouse):
        assert connection.sql("SELECT count(*) FROM texts").fetchall() == [(11,)]
        with pytest.raises(duckdb.Error):
            connection.sql("SELECT max(text) FROM texts").fetchall()


def test_signals_of_all_families_stand_side_by_side(tiny):
    columns = connect(tiny).sql("SELECT * FROM signals").columns
    assert columns == ["doc_id", "word_count", "mean_word_length", "hash_ratio", "ends_with_stop"]


def test_the_newest_version_is_served_and_an_older_one_can_be_asked_for(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    ingest = warehouse.version().steps["ingest"]
    warehouse.set_version({"ingest": ingest})
    assert connect(warehouse).sql("SELECT count(*) FROM texts").fetchall() == [(0,)]
    assert catalog(warehouse, number=1).relations["texts"].num_rows == 11


@pytest.mark.parametrize("change", [{"more": pa.string()}, {"language": None}, {"num_bytes": pa.float64()}])
def test_a_table_whose_columns_changed_since_it_was_written_is_read_as_far_as_it_goes(tmp_path, monkeypatch, change):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    texts = TABLES["texts"]
    (name, type_), *_ = change.items()
    fields = [f for f in texts.schema if f.name != name] + ([pa.field(name, type_)] if type_ else [])
    monkeypatch.setitem(TABLES, "texts", replace(texts, schema=pa.schema(fields)))
    for connection in connections(warehouse):
        rows = connection.sql("SELECT * FROM texts").to_arrow_table()
        assert rows.num_rows == 11
        assert set(rows.column_names) == {f.name for f in fields} - {"url", "origin"}


def test_cursors_of_one_connection_see_every_table(tiny):
    cursor = connect(tiny).cursor()
    for name in catalog(tiny).names:
        cursor.sql(f"SELECT count(*) FROM {name}").fetchall()


def test_a_warehouse_in_a_folder_with_a_quote_in_its_name_can_be_read(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / 'it\'s "here"')
    for connection in connections(Warehouse(warehouse.root)):
        assert connection.sql("SELECT count(*) FROM corpus").fetchall() == [(6,)]
