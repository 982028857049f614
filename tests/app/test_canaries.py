"""A hundred values of personal data go through the whole pipeline: afterwards none is met where anyone may look.

They stand in documents of every end, in addresses and keys of records, in broken records, and in everything that is then asked wrongly. What needs
``--raw`` has them: otherwise this test would look for nothing.
"""

from __future__ import annotations

import io
import json
import logging
import random
import string
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console
from streamlit.testing.v1 import AppTest
from tiny_corpus import EXAM, documents, prose, write_run_file
from typer.testing import CliRunner

from app import look
from app.catalog import connect
from app.cli import app
from app.queries import run_saved, saved
from app.report import show_report
from app.scanning import scanned
from app.story import render, tell
from pipelines.contract.warehouse import Warehouse

APP = Path(look.__file__).parent
RAW_TABLES = {"documents", "texts", "benchmark_items"}  # which the default catalog shows without private columns, or masked


def luhn(digits: str) -> str:
    total = sum(sum(divmod(2 * int(d), 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def iban(account: str) -> str:
    check = 98 - int(account + "131400") % 97
    return f"DE{check:02d}{account}"


PERSONS = [f"Ardwen Kestrelson{a}{b}" for a, b in zip(string.ascii_lowercase, string.ascii_lowercase[5:15], strict=False)]
CANARIES = [
    *(f"canary{n:02d}.kestrel@mail{n}.example.org" for n in range(15)),
    *(f"+44 20 7946 0{100 + n}" for n in range(15)),
    *(luhn(f"4539148803{43000 + 7 * n}") for n in range(10)),
    *(f"glpat-{random.Random(n).randbytes(10).hex()}" for n in range(5)),
    *(f"Vq7!kestrel{n}Zr" for n in range(5)),
    *(iban(f"370400440{532013000 + n}") for n in range(10)),
    *(f"81.{40 + n}.69.142" for n in range(10)),
    *(f"536-{22 + n}-{4518 + n}" for n in range(10)),
    *(f"hunter{n}canarypass" for n in range(10)),
    *PERSONS,
]


def told(value: str) -> str:
    """A sentence in which a value stands as people write it."""
    if value.startswith("hunter"):
        return f"The copy is at https://kestrel:{value}@db.example.org/dump today."
    if value[0] in "gV":
        return f'password = "{value}"' if value[0] == "V" else f"The token {value} is for the mirror."
    kind = {"+": "Call", "4": "Paid with", "D": "Transfer to", "8": "The server is", "5": "Social security number"}.get(value[0], "Write to")
    return f"{kind} {value} today."


@dataclass(frozen=True)
class Ran:
    """A finished run and everything that was printed on the way."""

    folder: Path
    warehouse: Warehouse
    printed: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Ran:
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "names.txt").write_text("\n".join(PERSONS), encoding="utf-8")
    path = write_run_file(
        folder, rows=planted(), extra='[scrub]\ndetectors = ["presidio", "secrets", {use = "word_list", path = "NAMES", entity = "LISTED_NAME"}]\n'
    )
    text = path.read_text(encoding="utf-8").replace("NAMES", str(folder / "names.txt")).replace('key = "id"', 'key = "id"\nurl = "url"')
    path.write_text(text.replace("max_quarantine_ratio = 0.05", "max_quarantine_ratio = 0.2"), encoding="utf-8")
    corpus = folder / "corpus.jsonl"
    corpus.write_text(
        corpus.read_text(encoding="utf-8") + "".join(f'{{"id": "broken-{n}", "text": "{CANARIES[n]}\n' for n in range(4)), encoding="utf-8"
    )
    logged = io.StringIO()
    kept = logging.StreamHandler(logged)
    logging.getLogger().addHandler(kept)
    printed = typed("run", path) + typed("run", path, "--json")
    logging.getLogger().removeHandler(kept)
    printed += logged.getvalue()
    return Ran(folder, Warehouse(folder / "warehouse"), printed)


def planted() -> list[dict[str, str]]:
    """Documents of every end: kept on either side, too short, copies, near copies, with an exam question; values in keys and addresses too."""
    random_ = random.Random(11)
    rows = [{**row, "url": f"https://example.org/{row['id']}"} for row in documents(40)]
    for number, value in enumerate(CANARIES):
        text = f"{prose(random_)}\n{told(value)}\n{prose(random_, 3)}"
        row = {"id": f"p-{number}", "text": text, "site": f"own-{number}", "url": f"https://example.org/p/{number}"}
        if number % 5 == 1:
            row["text"] = told(value)  # too short for the rules
        if number % 5 == 2:
            rows.append({**row, "id": f"copy-of-{number}", "site": f"mirror-{number}"})
        if number % 5 == 3:
            row["text"] = f"{text}\n{EXAM[number % len(EXAM)]['question']}\n{told(value)}"
        if number % 5 == 4 and number < 15:
            row |= {"id": value, "url": f"https://example.org/{value}?to={value}"}
        rows.append(row)
    return rows


def typed(*arguments: object) -> str:
    """What a command prints, and what its error says."""
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    failure = "" if done.exception is None or isinstance(done.exception, SystemExit) else f"\n{done.exception}"
    return done.output + failure


def met(text: str) -> list[str]:
    """The planted values in a text; a phone number or card also without its blanks."""
    return [c for c in CANARIES if c in text or c.replace(" ", "") in text or c.casefold() in text.casefold()]


def test_there_are_a_hundred_and_the_run_read_all_of_them(ran):
    assert len(set(CANARIES)) == 100
    with connect(ran.warehouse, raw=True) as connection:
        assert set(met(str(connection.sql("SELECT text FROM documents").fetchall()))) == set(CANARIES)
        assert {step for (step,) in connection.sql("SELECT DISTINCT step FROM fates").fetchall()} >= {"judge", "dedup", "publish"}
        met_items = connection.sql("SELECT count(*) FROM benchmark_items AS i JOIN pii_spans AS p ON starts_with(i.item_id, p.doc_id)").fetchall()
        assert met_items > [(0,)]


def test_none_is_in_a_table_that_needs_no_raw(ran):
    with connect(ran.warehouse) as connection:
        names = [name for (name,) in connection.sql("SELECT name FROM tables").fetchall()]
        assert {"corpus", "texts", "documents", "pii_spans", "pii_passed_over", "quarantine", "benchmark_items", "edits"} <= set(names)
        for name in names:
            assert not met(str(connection.sql(f'SELECT * FROM "{name}"').fetchall())), name
    for name in saved():
        assert not met(str(run_saved(ran.warehouse, name).to_pydict())), name


def test_none_is_in_a_file_of_the_warehouse_but_those_of_raw_and_clean_text(ran):
    root, tables = ran.warehouse.root, [(name, f.path) for m in ran.warehouse.manifests().values() for name, t in m.tables.items() for f in t.files]
    needs_raw = {path for name, path in tables if name in RAW_TABLES}
    # What a step keeps for itself, such as the held-out texts that items are made of, is no table: nobody can ask for it.
    needs_raw |= {str(p.relative_to(root)) for p in root.rglob("*.parquet")} - {path for _, path in tables}
    seen = [p for p in sorted(root.rglob("*")) if p.is_file() and str(p.relative_to(root)) not in needs_raw]
    assert {p.suffix for p in seen} >= {".parquet", ".json", ".md"}
    for path in seen:
        held = str(pq.read_table(path).to_pydict()) if path.suffix == ".parquet" else path.read_bytes().decode(errors="replace")
        assert not met(held), f"{path.relative_to(root)}: {len(met(held))} values"


def test_none_is_printed_by_a_run_or_told_by_a_story_or_a_forecast(ran):
    assert not met(ran.printed)
    with connect(ran.warehouse) as connection:
        ids = [
            i
            for (i,) in connection.sql(
                "SELECT min(doc_id) FROM fates JOIN documents USING (doc_id) GROUP BY step, reason, right(doc_id, 1)"
            ).fetchall()
        ]
        assert len(ids) > 20
        manifests = ran.warehouse.manifests()
        stories = [tell(connection, i, scan=lambda found: scanned(ran.warehouse, manifests, found)) for i in ids]
    assert {bool(s.scanned) for s in stories} == {True, False}
    for found in stories:
        assert not met(render(found) + json.dumps(found.to_dict(), ensure_ascii=False)), found.doc_id
    assert not met(typed("why", ids[0], "-w", ran.warehouse.root) + typed("history", "-w", ran.warehouse.root))
    assert not met(typed("verify", "-w", ran.warehouse.root, "--json"))
    shown = Console(record=True, file=io.StringIO())
    show_report(ran.warehouse, shown, "nobody", None)
    assert "EMAIL_ADDRESS" in shown.export_text(clear=False)
    assert not met(shown.export_text())
    assert not met(typed("contamination", "report", "-w", ran.warehouse.root, "--json"))


def test_none_is_printed_by_an_audit_whose_folder_has_them(ran, tmp_path):
    folder = tmp_path / "audit"
    said = typed("pii", "audit", "--raw", "--out", folder, "-w", ran.warehouse.root, "--sample", 400) + typed("pii", "evaluate", folder)
    assert "passages" in said
    assert not met(said + (folder / "audit.json").read_text(encoding="utf-8"))
    assert len(met((folder / "passages.jsonl").read_text(encoding="utf-8"))) > 20


def test_none_is_in_what_is_said_of_questions_that_fail(ran, tmp_path):
    root = ran.warehouse.root
    for query in (
        "select cast(text as integer) from texts",
        "select cast(text as integer) from corpus",
        "select cast(record_key as date) from documents",
        f"select '{CANARIES[0]}' from nowhere where x = '{CANARIES[21]}'",
    ):
        said = typed("sql", query, "-w", root)
        assert not met(said) or CANARIES[0] in query, query
    log = (root / "raw_access.log").read_text(encoding="utf-8")
    assert log
    assert not met(log)
    half = tmp_path / "half.json"
    half.write_text(f'[{{"text": "{CANARIES[0]}", "spans": [[0, 4, "X"]]}}, {{"text": "{CANARIES[1]}', encoding="utf-8")
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text(json.dumps({"text": CANARIES[2], "spans": [{"start": 0, "end": 3, "label": "X", "value": CANARIES[3]}]}), encoding="utf-8")
    for path in (half, wrong):
        said = typed("pii", "evaluate", path)
        assert "record" in said
        assert not met(said)
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text("".join(json.dumps({"text": told(c), "spans": []}) + "\n" for c in CANARIES), encoding="utf-8")
    assert not met(typed("pii", "evaluate", labelled, "--errors", 100) + typed("pii", "evaluate", labelled, "--json"))


def test_none_is_in_a_run_that_fails_over_what_it_read(tmp_path):
    path = write_run_file(tmp_path, rows=planted()[:30])
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(corpus.read_text(encoding="utf-8") + "".join(f'{{"id": "{c}", "text": "{c}\n' for c in CANARIES), encoding="utf-8")
    (tmp_path / "gsm8k" / "test.jsonl").write_text(f'{{"question": "{CANARIES[0]}", "ans', encoding="utf-8")
    said = typed("run", path) + typed("sql", "select * from runs", "--json", "-w", tmp_path / "warehouse")
    said += typed("sql", "select * from quarantine", "--json", "-w", tmp_path / "warehouse")
    assert "set aside" in said
    assert not met(said)
    path.write_text(path.read_text(encoding="utf-8").replace("max_quarantine_ratio = 0.05", "max_quarantine_ratio = 1.0"), encoding="utf-8")
    said = typed("run", path)
    assert "test.jsonl" in said
    assert not met(said)
    assert not met((tmp_path / "warehouse" / "runs.jsonl").read_text(encoding="utf-8") if (tmp_path / "warehouse" / "runs.jsonl").is_file() else "")


def test_none_is_on_a_page(ran, monkeypatch):
    monkeypatch.setenv("ASSAY_WAREHOUSE", str(ran.warehouse.root))
    with connect(ran.warehouse) as connection:
        ids = [doc_id for (doc_id,) in connection.sql("SELECT min(doc_id) FROM fates GROUP BY step, reason").fetchall()]
    for page, doc_id in [("overview", ""), ("contamination", ""), *(("documents", doc_id) for doc_id in ids)]:
        test = AppTest.from_file(str(APP / "pages" / "Home.py"), default_timeout=60)
        test.switch_page(f"{page}.py")
        if doc_id:
            test.query_params["doc"] = doc_id
        test.run()
        assert not test.exception, test.exception[0].message
        kinds = ("title", "subheader", "caption", "markdown", "text", "code", "info", "success", "warning", "error")
        shown = "\n".join(str(e.value) for kind in kinds for e in getattr(test, kind)) + "".join(d.value.to_json() for d in test.dataframe)
        assert not met(shown), page
