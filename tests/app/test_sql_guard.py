"""Strangers' SQL: what must work, what must not, and that each wall holds without the others."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import duckdb
import pytest
import tiny_warehouse

from app.catalog import HIDDEN_NAME, WITHOUT_MEANINGS, catalog, connect
from app.sql_check import check
from app.sql_child import locked
from app.sql_guard import TRUNCATED, run_sql
from pipelines.contract.errors import AssayError, ConfigError
from pipelines.contract.schema import TABLES

CANARY = "canary-7f3a"
ATTACKS = [
    "COPY (SELECT 1) TO '{root}/x.csv'",
    "COPY texts TO '{root}/x.parquet' (use_tmp_file false)",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/x.csv'",
    "EXPLAIN SELECT 1",
    "EXPORT DATABASE '{root}/export'",
    "IMPORT DATABASE '{root}'",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_csv_auto('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_parquet('{parquet}')",
    "SELECT * FROM parquet_scan('{parquet}')",
    "SELECT * FROM parquet_metadata('{parquet}')",
    "SELECT * FROM parquet_kv_metadata('{parquet}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM glob('{root}/*')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM '{parquet}'",
    'SELECT * FROM "{parquet}"',
    "SELECT * FROM 'https://example.com/x.parquet'",
    "SELECT (SELECT content FROM read_text('{secret}'))",
    "WITH t AS (SELECT * FROM read_text('{secret}')) SELECT * FROM t",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + (SELECT size FROM read_text('{secret}')) FROM t WHERE n < 3) SELECT * FROM t",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM glob('/etc/*'))",
    "SELECT * FROM range(3) AS r, LATERAL (SELECT * FROM read_text('{secret}'))",
    "SELECT 1 UNION ALL SELECT size FROM read_text('{secret}')",
    "FROM read_text('{secret}')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{root}/x.csv''')",
    "SELECT * FROM query_table('_texts')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM python_arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM pragma_database_size()",
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT write_log('x')",
    "SELECT _masked('a', [0], [1])",
    "ATTACH '{root}/x.db'",
    "ATTACH ':memory:' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET memory_limit",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "CALL pragma_version()",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE MACRO m() AS (SELECT 1)",
    "CREATE SECRET s (TYPE s3)",
    "DROP VIEW texts",
    "INSERT INTO texts SELECT * FROM texts",
    "UPDATE runs SET state = 'x'",
    "DELETE FROM runs",
    "VACUUM",
    "CHECKPOINT",
    "BEGIN TRANSACTION",
    "USE memory",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{root}/x.csv'",
    "SELECT * FROM _texts",
    "SELECT * FROM _benchmark_items",
    "SELECT * FROM main._texts",
    "SELECT * FROM temp._texts",
    "SELECT * FROM histogram('_texts', text), texts",
    "SELECT * FROM texts, histogram('_texts', text)",
    "SELECT * FROM texts, histogram(_texts, text)",
    "SELECT * FROM texts, \"histogram\"('_texts', text)",
    "SELECT * FROM texts, main.histogram('_texts', text)",
    "SELECT * FROM texts, system.main.histogram('_texts', text)",
    "SELECT h.bin FROM (SELECT 1 FROM texts LIMIT 1), histogram_values('_texts', text, bin_count := 100000, technique := 'sample') AS h",
    "SELECT * FROM Histogram_Values('sqlite_master', sql)",
    "SELECT * FROM histogram('information_schema.tables', table_name)",
    "SELECT * FROM histogram_values('duckdb_views', sql)",
    "SELECT * FROM (SHOW TABLES)",
    "SELECT * FROM (SHOW ALL TABLES)",
    "SELECT * FROM (SHOW)",
    "WITH t AS (FROM (SHOW ALL TABLES)) FROM t",
    "SELECT * FROM (DESCRIBE _texts)",
    "SHOW VARIABLES",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_columns()",
    "SELECT * FROM duckdb_functions()",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM duckdb_views",
    "SELECT * FROM information_schema.columns",
    "SELECT * FROM pragma_show('texts')",
    "SELECT * FROM seq_scan('_texts')",
    "SELECT * FROM summary((SELECT * FROM texts))",
    "SELECT stats(text) FROM texts",
    "SELECT json_serialize_plan('SELECT * FROM _texts')",
    "SELECT 'x'.getenv()",
    "SELECT system.main.getvariable('x')",
    "SELECT [1].list_transform(lambda x: write_log('x'))",
    "SELECT sum(x) OVER (ORDER BY getvariable('x')) FROM range(3) AS r(x)",
    "FROM (PIVOT fates ON fate IN ('kept') USING stats(fate))",
    "SELECT * FROM fates ORDER BY getvariable('x')",
    "SELECT * FROM fates LIMIT (SELECT count(*) FROM glob('*'))",
    'SELECT * FROM \'{parquet}\', (WITH "{parquet}" AS (SELECT 1) SELECT * FROM "{parquet}")',
    'WITH "{secret}" AS (SELECT 1) SELECT * FROM "{secret}"',
    'WITH "{secret}" AS (FROM "{secret}") SELECT 1',
    "SELECT * FROM (WITH secret AS (SELECT 1) FROM secret), secret",
    "SELECT (WITH shown AS (SELECT 1) SELECT 1), * FROM shown",
    "WITH secret AS (SELECT * FROM secret) SELECT * FROM secret",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
    "WITH RECURSIVE shown AS (SELECT 1 AS n FROM shown UNION ALL SELECT n FROM shown) SELECT * FROM shown",
    "WITH a AS (SELECT 1) SELECT * FROM other.a",
    "DESCRIBE _texts",
    "SUMMARIZE _texts",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_tables",
    "SHOW DATABASES",
    "",
    "   ;  ",
    "-- nothing",
    "not sql at all",
]


@pytest.fixture
def target(tmp_path):
    """A warehouse that an attack may try its hand at, and a secret beside it."""
    warehouse = tiny_warehouse.build(tmp_path / "warehouse")
    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    parquet = next((warehouse.root / "data" / "ingest").glob("*/documents/*.parquet"))
    return warehouse, {"root": warehouse.root, "secret": secret, "parquet": parquet}


def refusal(sql, known):
    try:
        check(sql, known)
    except ConfigError as error:
        return str(error)
    return None


def tree_hash(folder):
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def test_the_look_at_the_statement_refuses_every_attack(target):
    warehouse, names = target
    known = catalog(warehouse).names
    for attack in ATTACKS:
        said = refusal(attack.format(**names), known)
        assert said is not None, attack
        assert "\n" not in said, attack


def test_without_that_look_no_attack_reads_or_writes_a_file(target):
    warehouse, names = target
    before = tree_hash(warehouse.root.parent)
    shown = catalog(warehouse)
    for attack in ATTACKS:
        if "arrow_scan" in attack or "pandas_scan" in attack:
            continue  # a made-up address ends the process, which is the child's to lose
        connection = locked(shown, {"texts", "runs"}, 1 << 30)
        try:
            answer = connection.sql(attack.format(**names))
            rows = repr(answer and answer.fetchall())
        except (duckdb.Error, UnicodeDecodeError) as error:
            rows = str(error)
        assert CANARY not in rows, attack
        assert tiny_warehouse.EMAIL not in rows, attack
    assert tree_hash(warehouse.root.parent) == before


def test_what_is_hidden_has_another_name_in_each_connection_and_no_message_tells_it(tiny):
    shown = catalog(tiny)
    every = "SELECT table_name AS name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()"
    listing = f"SELECT name FROM ({every}) WHERE name LIKE 'hidden%'"
    first, second = ({name for (name,) in locked(shown, shown.names, 1 << 30).sql(listing).fetchall()} for _ in range(2))
    assert {HIDDEN_NAME.sub("", name) for name in first} >= {"texts", "benchmark_items", "hidden_spans"}
    assert not first & second
    for sql in ("SELECT txt FROM texts", "SELECT hidden_texts.text FROM texts", "SELECT texts.nothing FROM texts, benchmark_items"):
        with pytest.raises(ConfigError) as caught:
            run_sql(tiny, sql)
        assert "hidden_" not in str(caught.value).replace("hidden_texts", "")


def test_a_variable_of_python_is_no_table(tiny):
    rows = catalog(tiny).relations["texts"].schema.empty_table()
    assert rows.num_rows == 0
    for connection in (locked(catalog(tiny), {"runs"}, 1 << 30), connect(tiny)):
        with pytest.raises(duckdb.CatalogException):
            connection.sql("SELECT * FROM rows")


def test_the_process_itself_cannot_write_to_a_file(tmp_path):
    code = f"from app.sql_child import limit\nlimit(1 << 30, 60)\nopen({str(tmp_path / 'x')!r}, 'wb', buffering=0).write(b'x')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "File too large" in done.stderr
    assert (tmp_path / "x").read_bytes() == b""


@pytest.mark.parametrize(
    "attack", ["COPY texts TO '{root}/x.csv'", "SELECT * FROM read_text('{secret}')", "SELECT 1; SELECT 2", "SELECT * FROM _texts"]
)
def test_the_whole_way_refuses_in_one_line_and_touches_nothing(target, attack):
    warehouse, names = target
    before = tree_hash(warehouse.root.parent)
    with pytest.raises(ConfigError, match=r"^query: ") as caught:
        run_sql(warehouse, attack.format(**names))
    assert "\n" not in str(caught.value)
    assert tree_hash(warehouse.root.parent) == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM texts",
        "FROM fates",
        "TABLE ledger",
        "VALUES (1), (2)",
        "SHOW TABLES",
        "DESCRIBE texts",
        "SUMMARIZE fates",
        "WITH texts AS (SELECT doc_id FROM texts) SELECT * FROM texts",
        "WITH _texts AS (SELECT 1) SELECT * FROM _texts",
        "WITH a AS (SELECT 1 AS n), b AS (SELECT * FROM a) SELECT * FROM b, (WITH c AS (FROM a) FROM c) UNION ALL SELECT n, n FROM a",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT max(n) FROM t",
        "FROM (PIVOT fates ON fate IN ('kept', 'dropped') USING count(*))",
        "FROM (UNPIVOT (SELECT docs_in, docs_kept FROM ledger) ON docs_in, docs_kept INTO NAME what VALUE docs)",
        "SELECT COLUMNS('^bytes_') FROM ledger",
        "SELECT COLUMNS(lambda c: c LIKE 'docs%') FROM ledger",
        "FROM texts POSITIONAL JOIN fates SELECT count(*)",
        "SELECT * FROM texts TABLESAMPLE 100%",
        "SELECT [n + 1 FOR n IN [1, 2] IF n > 1], {'a': 1}.a, MAP {'b': 2}['b'], ('x', 1), [1, 2][1:1], 'ab'[1], 7 // 2, 2 ** 3, 5!, @(-1), ~1",
        "SELECT reason LIKE 'too%', reason NOT ILIKE '%x%', reason SIMILAR TO 't.*', reason ~ 't', reason GLOB 't*', reason.upper() FROM verdicts",
        "SELECT text COLLATE NOCASE, trim(BOTH 'x' FROM text), position('a' IN text), substring(text FROM 1 FOR 2), text || 'x' FROM corpus",
        "SELECT started_at AT TIME ZONE 'UTC', extract(year FROM started_at), now() - started_at, started_at + INTERVAL 3 DAY FROM runs",
        "SELECT try_cast(fate AS INTEGER), TRY(1 / 0), coalesce(reason, ''), nullif(fate, ''), CASE WHEN fate IN ('kept') THEN 1 END FROM fates",
        "SELECT quantile_cont(jaccard, 0.5), count(*) FILTER (WHERE kind = 'near'), list(kind ORDER BY kind), mode(kind) FROM duplicates",
        "SELECT step, rank() OVER w, lag(docs_in) OVER w, sum(docs_in) OVER w FROM ledger WINDOW w AS (ORDER BY docs_in)",
        "SELECT step, grouping(step), sum(docs_in) FROM ledger GROUP BY ROLLUP (step)",
        "SELECT json_extract_string('{\"a\": 1}', '$.a'), '{\"a\": 1}'::JSON ->> 'a', '{\"a\": 1}'::JSON -> 'a'",
        "SELECT doc_id, unnest(string_split(text, ' ')) AS word FROM corpus",
        "SELECT histogram(length(text)) FROM corpus",
        "WITH kept AS (SELECT doc_id FROM fates WHERE fate = 'kept') SELECT count(*) FROM kept",
        "SELECT f.fate, count(*) FROM Fates AS f JOIN main.documents AS d USING (doc_id) GROUP BY 1 ORDER BY 2 DESC",
        "SELECT * FROM range(3), unnest([1, 2])",
        "SELECT source, (SELECT max(jaccard) FROM duplicates) FROM documents QUALIFY row_number() OVER (PARTITION BY source ORDER BY doc_id) = 1;",
    ],
)
def test_an_honest_question_passes_the_look(tiny, sql):
    shown = catalog(tiny)
    checked = check(sql, shown.names)
    assert locked(shown, checked.tables, 1 << 30).sql(checked.sql).to_arrow_table().num_rows > 0


def test_describe_says_what_each_column_means(tiny):
    rows = run_sql(tiny, "DESCRIBE verdicts").to_pylist()
    assert [row["column_name"] for row in rows] == TABLES["verdicts"].schema.names
    assert all(row["meaning"] for row in rows)
    shown = catalog(tiny)
    for name in shown.names:
        columns = locked(shown, [name], 1 << 30).sql(check(f"DESCRIBE {name}", shown.names).sql) if name not in WITHOUT_MEANINGS else None
        found = None if columns is None else [row[0] for row in columns.fetchall()]
        assert found in (None, locked(shown, [name], 1 << 30).sql(f"SELECT * FROM {name}").columns), name
    assert check("DESCRIBE SELECT doc_id FROM fates", shown.names).tables == {"fates"}


def test_only_the_tables_that_a_query_names_are_loaded(tiny):
    shown = catalog(tiny)
    assert check("SELECT count(*) FROM fates", shown.names).tables == {"fates"}
    with pytest.raises(duckdb.CatalogException):
        locked(shown, {"fates"}, 1 << 30).sql("SELECT * FROM documents")


def test_rows_come_back_with_sums_as_whole_numbers_and_times_in_utc(tiny):
    rows = run_sql(tiny, "SELECT sum(docs_in) AS n, (SELECT min(started_at) FROM runs) AS began FROM ledger")
    assert str(rows.schema.field("n").type) == "int64"
    assert str(rows.schema.field("began").type) == "timestamp[us, tz=UTC]"
    assert rows.column("n")[0].as_py() == sum(len(tiny_warehouse.alive_before(s)) for s in tiny_warehouse.STEPS)


def test_a_result_is_cut_at_the_row_limit_and_says_so(tiny):
    cut = run_sql(tiny, "SELECT * FROM range(5000)", max_rows=10)
    assert cut.num_rows == 10
    assert TRUNCATED in cut.schema.metadata
    whole = run_sql(tiny, "SELECT * FROM range(10)", max_rows=10)
    assert whole.num_rows == 10
    assert not whole.schema.metadata


def test_raw_text_is_reached_only_on_request_and_the_request_is_logged(target):
    warehouse, _ = target
    with pytest.raises(ConfigError, match=r"documents\.url.*--raw"):
        run_sql(warehouse, "SELECT url FROM documents")
    assert not (warehouse.root / "raw_access.log").exists()
    assert run_sql(warehouse, "SELECT url FROM documents", raw=True).num_rows == len(tiny_warehouse.DOCS)
    digest = hashlib.sha256(b"SELECT url FROM documents").hexdigest()
    assert digest in (warehouse.root / "raw_access.log").read_text()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM textss", "there is no table 'textss'; did you mean 'texts'?"),
        ("SELECT txt FROM texts", 'Candidate bindings: "text"'),
        ("SELEC 1", "syntax error"),
        ("SELECT no_such_function(1)", "no_such_function"),
    ],
)
def test_a_mistake_is_one_clear_line(tiny, sql, said):
    with pytest.raises(ConfigError, match=r"^query: ") as caught:
        run_sql(tiny, sql)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_while_reading_rows_never_quotes_them(tiny):
    with pytest.raises(ConfigError) as caught:
        run_sql(tiny, "SELECT CAST(text AS INTEGER) FROM corpus")
    assert "mill" not in str(caught.value)
    assert "TRY_CAST" in str(caught.value)


def test_a_query_past_its_time_is_killed(tiny):
    with pytest.raises(AssayError, match="stopped after"):
        run_sql(tiny, "SELECT length(repeat('x', 2000000000)) FROM range(50)", timeout_s=0.5)


def test_a_query_that_needs_too_much_memory_says_so(tiny):
    with pytest.raises(AssayError, match="memory"):
        run_sql(tiny, "SELECT list(a.range ORDER BY a.range) FROM range(300000000) AS a", memory_bytes=64 << 20)


def test_a_statement_nested_beyond_reason_is_refused_or_answered_but_never_crashes_the_caller(tiny):
    for sql in ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "SELECT " + "1+" * 20000 + "1"):
        with pytest.raises(AssayError):
            run_sql(tiny, sql)


def test_the_child_is_handed_nothing_of_the_environment(tiny, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", CANARY)
    assert os.environ["SECRET_TOKEN"] == CANARY
    with pytest.raises(ConfigError, match="getenv"):
        run_sql(tiny, "SELECT getenv('SECRET_TOKEN')")


def test_an_empty_warehouse_answers_with_no_rows(empty):
    assert run_sql(empty, "SELECT * FROM texts JOIN fates USING (doc_id)").num_rows == 0
