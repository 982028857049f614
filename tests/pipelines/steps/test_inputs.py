"""The inputs as a whole: that there are some, that they were read, that they stayed as they were, and what was passed by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from app.console import SilentReporter
from app.curation import Curated, runner_for
from app.settings import load
from pipelines.contract.errors import InputError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import DOCUMENTS, QUARANTINE, SKIPPED
from pipelines.sources.base import Unit
from pipelines.sources.jsonl import Jsonl
from pipelines.steps.reading import shares

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def ingest(folder: Path, warehouse: Path, *tables: str, settings: str = "") -> Curated:
    """A run of ingest alone; a table is the body of a ``[[sources]]`` table, in which FOLDER is the folder."""
    run_file = warehouse.parent / "run.toml"
    sources = "".join(f"[[sources]]\n{table.replace('FOLDER', str(folder))}\n" for table in tables)
    run_file.write_text(f'name = "small"\nwarehouse = "{warehouse}"\nengine = "local"\n{sources}\n[local]\nworkers = 1\n{settings}', encoding="utf-8")
    runner, made = runner_for(load(run_file), "local", SilentReporter())
    return Curated(result=runner.run("ingest"), warehouse=made)


def rows(done: Curated, name: str) -> list[dict[str, Any]]:
    schema = {"documents": DOCUMENTS, "quarantine": QUARANTINE, "skipped": SKIPPED}[name].schema
    return list(read_table(done.warehouse.table(done.result.manifests["ingest"], name, schema)).to_pylist())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "input"
    made.mkdir()
    return made


def test_what_is_passed_by_is_a_table_and_stands_among_the_facts_and_on_the_console(folder: Path, tmp_path: Path, capsys: Any) -> None:
    from rich.console import Console

    (folder / "a.jsonl").write_text('{"text": "one"}\n', encoding="utf-8")
    (folder / "b.csv").write_text("x", encoding="utf-8")
    (folder / ".c").write_text("x", encoding="utf-8")
    done = ingest(folder, tmp_path / "warehouse", 'use = "jsonl"\npath = "FOLDER"')
    assert sorted(rows(done, "skipped"), key=lambda row: row["origin_file"]) == [
        {"source": "jsonl", "origin_file": ".c", "reason": "hidden", "num_records": None, "num_bytes": None},
        {"source": "jsonl", "origin_file": "b.csv", "reason": "other_name", "num_records": None, "num_bytes": 1},
    ]
    assert done.facts()["passed_by"] == {"files": {"hidden": 1, "other_name": 1}, "records": {}}
    done.show(Console())
    assert "Passed by: 2 files (1 hidden, 1 other_name)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("use", "names", "said"),
    [
        ("text", {"a.html": "<p>", "b.HTM": "<p>"}, ["*.txt", "1 *.htm, 1 *.html", "use = 'html' would take 2 of them"]),
        ("parquet", {"data-00000-of-00001.arrow": "x", "state.json": "{}"}, ["*.parquet, *.pq", "read after Dataset.to_parquet"]),
        ("jsonl", {"a.csv": "x"}, ["1 *.csv", "name them in the source's patterns"]),
        ("jsonl", {}, ["nothing is there"]),
        ("jsonl", {".a.jsonl": "{}"}, ["not looked at: 1 hidden"]),
    ],
)  # fmt: skip
def test_a_source_without_a_file_says_what_it_wants_what_is_there_and_who_would_take_it(
    folder: Path, tmp_path: Path, use: str, names: dict[str, str], said: list[str]
) -> None:
    for name, text in names.items():
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        ingest(folder, tmp_path / "warehouse", f'use = "{use}"\npath = "FOLDER"')
    assert all(part in str(caught.value) for part in ["no file to read", *said])
    assert not list((tmp_path / "warehouse").glob("manifests/*/*"))


def test_each_source_must_give_a_document_and_not_only_all_of_them_together(folder: Path, tmp_path: Path) -> None:
    (folder / "a.jsonl").write_text('{"text": "one"}\n', encoding="utf-8")
    (folder / "b.txt").write_bytes(b"\xff")
    tables = ('use = "jsonl"\npath = "FOLDER/a.jsonl"', 'use = "text"\nname = "notes"\npath = "FOLDER"')
    with pytest.raises(
        InputError, match=r"'notes' gave no document \(1 \*.txt read\): every record is at fault \(1 invalid_utf8\); the first is in b.txt"
    ):
        ingest(folder, tmp_path / "warehouse", *tables)


def test_a_file_that_changes_while_it_is_read_is_named_and_nothing_is_published(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n', encoding="utf-8")
    real = Jsonl.read

    def read(source: Jsonl, unit: Unit) -> Iterator[Any]:
        yield from real(source, unit)
        with (folder / "a.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"text": "three"}\n')

    monkeypatch.setattr(Jsonl, "read", read)
    with pytest.raises(InputError, match=r"a\.jsonl changed while it was read; nothing of it was published: run again"):
        ingest(folder, tmp_path / "warehouse", 'use = "jsonl"\npath = "FOLDER"', settings="[ingest]\nsplit_bytes = 9\n")
    assert not list((tmp_path / "warehouse").glob("manifests/*/*"))


@pytest.mark.parametrize("split_bytes", [10, 64, 1 << 20])
def test_ranges_of_a_file_give_the_rows_and_the_key_of_the_whole_file(folder: Path, tmp_path: Path, split_bytes: int) -> None:
    text = "".join(json.dumps({"text": "word " * (i % 9)}) + "\n" for i in range(60))
    (folder / "a.jsonl").write_text(text, encoding="utf-8")
    whole = ingest(folder, tmp_path / "whole", 'use = "jsonl"\npath = "FOLDER"').result.manifests["ingest"]
    cut = ingest(folder, tmp_path / "cut", 'use = "jsonl"\npath = "FOLDER"', settings=f"[ingest]\nsplit_bytes = {split_bytes}\n")
    assert cut.result.manifests["ingest"].content_sha256 == whole.content_sha256
    assert cut.result.manifests["ingest"].key == whole.key


def test_of_records_with_one_key_the_first_by_file_and_place_stays_however_many_there_are(folder: Path, tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        lines = [json.dumps({"id": i % 3, "text": f"{name} {i}"}) + "\n" for i in range(6)] + [json.dumps({"id": name, "text": "alone"}) + "\n"]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    done = ingest(folder, tmp_path / "warehouse", 'use = "jsonl"\npath = "FOLDER"\nkey = "id"', settings="[ingest]\nmax_quarantine_ratio = 1.0\n")
    assert sorted(row["text"] for row in rows(done, "documents")) == ["a 0", "a 1", "a 2", "alone", "alone", "alone"]
    aside = rows(done, "quarantine")
    assert {row["error"] for row in aside} == {"repeated_key"}
    assert len(aside) == 15


def test_small_units_share_a_share_and_large_ones_stand_alone() -> None:
    small = [Unit(name=f"{i:04d}", num_bytes=10) for i in range(600)]
    large = [Unit(name="large", num_bytes=9 << 20), Unit(name="other", num_bytes=9 << 20)]
    made = list(shares([*small, *large]))
    assert [unit for share in made for unit in share] == [*small, *large]
    assert [len(share) for share in made] == [256, 256, 88, 1, 1]


def test_a_file_more_that_is_passed_by_is_another_key_because_the_table_names_it(folder: Path, tmp_path: Path) -> None:
    (folder / "a.jsonl").write_text('{"text": "one"}\n', encoding="utf-8")
    first = ingest(folder, tmp_path / "warehouse", 'use = "jsonl"\npath = "FOLDER"')
    (folder / "b.csv").write_text("x", encoding="utf-8")
    second = ingest(folder, tmp_path / "warehouse", 'use = "jsonl"\npath = "FOLDER"')
    assert second.result.done_now == ("ingest",)
    tables = [done.result.manifests["ingest"].tables for done in (first, second)]
    assert tables[0]["documents"].content_sha256 == tables[1]["documents"].content_sha256
