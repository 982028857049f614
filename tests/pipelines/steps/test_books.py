"""The books of steps: what is lost is missed, and what cannot work is refused before any work."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from tiny_corpus import prose, write_run_file

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.config import decode
from pipelines.contract.errors import ConfigError, LedgerError
from pipelines.contract.parts import PartWriter, read_table, tables_of
from pipelines.contract.schema import CORPUS, DOCUMENTS, SURVIVORS
from pipelines.engine.local import LocalEngine
from pipelines.sources.base import Record
from pipelines.steps.ingest import ReadUnits
from pipelines.steps.settings import Decontaminate, Dedup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pipelines.contract.parts import Table
    from pipelines.engine.base import Body


@pytest.mark.parametrize(("body", "step"), [("MeasureTexts", "measure"), ("EncodeTexts", "tokenize")])
def test_a_document_that_a_body_loses_is_missed_in_the_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, step: str) -> None:
    real = LocalEngine.map_batches

    def lossy(engine: LocalEngine, table: Table, job: Body, outputs: Mapping[str, pa.Schema], folder: Path, **options: object) -> dict[str, Table]:
        made = real(engine, table, job, outputs, folder, **options)  # type: ignore[arg-type]
        return {name: shorter(found, folder / "shorter") for name, found in made.items()} if type(job).__name__ == body else made

    monkeypatch.setattr(LocalEngine, "map_batches", lossy)
    settings = load(write_run_file(tmp_path))
    with pytest.raises(LedgerError, match=f"{step}: .* documents came in"):
        runner_for(settings, "local", SilentReporter())[0].run()


def shorter(table: Table, folder: Path) -> Table:
    """The table without its last row."""
    rows = read_table(table)
    with PartWriter(folder, {table.name: table.schema}) as writer:
        writer.write({table.name: rows.slice(0, rows.num_rows - 1).combine_chunks().to_batches()[0]})
    return tables_of(writer.files, {table.name: table.schema})[table.name]


class OnePlace:
    """A source whose records stand at one place, two of them under one key."""

    def units(self) -> list[str]:
        return ["u"]

    def fingerprint(self) -> dict[str, str]:
        return {}

    def read(self, unit: str) -> Iterator[Record]:
        for key, text in (("a", "first"), ("b", "other"), ("a", "second")):
            yield Record(key=key, text=text, kind="k", origin="o", file=unit, codec="warc", offset=7)


def test_of_records_with_one_key_at_one_place_the_first_stays() -> None:
    batch = pa.RecordBatch.from_pydict({"source": ["s"], "unit": ["u"]})
    (rows,) = list(ReadUnits({"s": OnePlace()})(batch))  # type: ignore[dict-item]
    assert rows["documents"].column("text").to_pylist() == ["first", "other"]
    assert rows["quarantine"].column("error").to_pylist() == ["repeated_key"]
    assert rows["tally"].column("num_records").to_pylist() == [3]
    assert rows["documents"].schema.equals(DOCUMENTS.schema)
    assert rows["survivors"].schema.equals(SURVIVORS.schema)


@pytest.mark.parametrize(
    ("kind", "table"),
    [(Dedup, {"shingle_words": 0}), (Dedup, {"max_permutations": 0}), (Decontaminate, {"ngram_words": 0}), (Decontaminate, {"min_words": -3})],
)
def test_counts_that_find_nothing_are_refused(kind: type, table: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="must be"):
        decode(kind, table, "run.toml")


def test_published_addresses_hold_no_personal_data(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path)
    folder = tmp_path / "more"
    folder.mkdir()
    row = {"id": "1", "text": prose(random.Random(99)), "url": "https://host.org/?mail=jane.roe@acme.org"}
    (folder / "more.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    source = f'[[sources]]\nuse = "jsonl"\nname = "more"\npath = "{folder}"\nkey = "id"\nurl = "url"\n'
    run_file.write_text(run_file.read_text(encoding="utf-8").replace("[[sources]]", f"{source}[[sources]]", 1), encoding="utf-8")
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    runner.run()
    corpus = read_table(warehouse.table(warehouse.manifests()["publish"], "corpus", CORPUS.schema)).to_pylist()
    assert [row["url"] for row in corpus if row["source"] == "more"] == ["https://host.org/"]
