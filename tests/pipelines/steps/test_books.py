"""The books of steps: what is lost is missed, and what cannot work is refused before any work."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tiny_corpus import prose, write_run_file

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.config import decode
from pipelines.contract.errors import ConfigError, LedgerError
from pipelines.contract.parts import PartWriter, read_table, tables_of
from pipelines.contract.schema import CORPUS, DOCUMENTS, EDITS, LEDGER, SURVIVORS
from pipelines.engine.local import LocalEngine
from pipelines.sources.base import Record, Unit
from pipelines.steps import publish
from pipelines.steps.reading import UNITS, ReadUnits
from pipelines.steps.settings import Decontaminate, Dedup, Tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from app.settings import RunFile
    from pipelines.contract.parts import PartFile, Table
    from pipelines.engine.base import Body


# A map by its body or a query by its name, and the step that must miss what it loses.
VERBS = [
    ("CleanTexts", "clean"),
    ("MeasureTexts", "measure"),
    ("splits", "split"),
    ("TakeHeldout", "register"),
    ("FinishTexts", "scrub"),
    ("EncodeTexts", "tokenize"),
    ("fates_of_kept", "publish"),
]


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse in which every step is done, and its run file."""
    run_file = write_run_file(tmp_path_factory.mktemp("books"))
    runner_for(load(run_file), "local", SilentReporter())[0].run()
    return run_file


@pytest.fixture
def undone(curated: Path) -> Iterator[Callable[[str], RunFile]]:
    """Makes a step, and so those behind it, undone; afterwards it is done again."""
    settings = load(curated)
    moved: list[tuple[Path, Path]] = []

    def undo(step: str) -> RunFile:
        folder = settings.warehouse_path() / "manifests" / step
        moved.append((folder, folder.with_name(f".{step}")))
        folder.rename(moved[0][1])
        return settings

    yield undo
    for folder, aside in moved:
        aside.rename(folder)


@pytest.mark.parametrize(("verb", "step"), VERBS)
def test_a_document_that_is_lost_while_another_comes_twice_is_missed_in_the_books(
    undone: Callable[[str], RunFile], monkeypatch: pytest.MonkeyPatch, verb: str, step: str
) -> None:
    real_map, real_query = LocalEngine.map_batches, LocalEngine.query

    def lossy_map(engine: LocalEngine, table: Table, job: Body, outputs: Mapping[str, pa.Schema], folder: Path, **options: Any) -> dict[str, Table]:
        made = real_map(engine, table, job, outputs, folder, **options)
        return {name: swapped(found, folder / "swapped") for name, found in made.items()} if type(job).__name__ == verb else made

    def lossy_query(engine: LocalEngine, name: str, tables: Mapping[str, Table], schema: pa.Schema, folder: Path, **params: Any) -> Table:
        made = real_query(engine, name, tables, schema, folder, **params)
        return swapped(made, folder / "swapped") if name == verb else made

    settings = undone(step)
    monkeypatch.setattr(LocalEngine, "map_batches", lossy_map)
    monkeypatch.setattr(LocalEngine, "query", lossy_query)
    with pytest.raises(LedgerError, match=f"{step}: .* documents came in"):
        runner_for(settings, "local", SilentReporter())[0].run()


def test_a_published_file_that_holds_another_document_twice_is_missed_in_the_books(
    undone: Callable[[str], RunFile], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = publish._linked

    def lossy(table: Table, folder: Path, split: str) -> Sequence[PartFile]:
        return real(swapped(table, tmp_path / split), folder, split)

    settings = undone("publish")
    monkeypatch.setattr(publish, "_linked", lossy)
    with pytest.raises(LedgerError, match=r"publish: .* documents came in"):
        runner_for(settings, "local", SilentReporter())[0].run()


def swapped(table: Table, folder: Path) -> Table:
    """The table with its last document's row in the place of its first's; what has fewer than two documents stays as it is."""
    rows = read_table(table)
    ids = sorted(set(rows.column("doc_id").to_pylist())) if "doc_id" in rows.schema.names else []
    if len(ids) < 2:
        return table
    kept = rows.filter(pc.not_equal(rows.column("doc_id"), ids[0]))
    twice = pa.concat_tables([kept, kept.filter(pc.equal(kept.column("doc_id"), ids[-1]))]).combine_chunks()
    with PartWriter(folder, {table.name: table.schema}) as writer:
        writer.write({table.name: twice.to_batches()[0]})
    return tables_of(writer.files, {table.name: table.schema})[table.name]


def test_the_ledger_counts_what_workers_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = itertools.count()
    monkeypatch.setattr(LocalEngine, "cpu_s", lambda _: 1000.0 * next(used))
    monkeypatch.setattr(LocalEngine, "peak_rss_bytes", lambda _: 1 << 50)
    runner, warehouse = runner_for(load(write_run_file(tmp_path)), "local", SilentReporter())
    for manifest in runner.run(until="clean").manifests.values():
        (row,) = read_table(warehouse.table(manifest, "ledger", LEDGER.schema)).to_pylist()
        assert 1000 <= row["cpu_s"] < 2000
        assert row["peak_rss_bytes"] == 1 << 50


class OnePlace:
    """A source whose records stand at one place, two of them under one key."""

    def read(self, unit: Unit) -> Iterator[Record]:
        for key, text in (("a", "first"), ("b", "other"), ("a", "second")):
            yield Record(key=key, text=text, kind="k", origin="o", file=unit.name, codec="warc", offset=7)


def test_of_records_with_one_key_at_one_place_the_first_stays() -> None:
    batch = pa.RecordBatch.from_pylist([{"source": "s", "names": ["u"], "starts": [0], "ends": [-1], "sizes": [0]}], schema=UNITS)
    (rows,) = list(ReadUnits({"s": OnePlace()})(batch))  # type: ignore[dict-item]
    assert rows["documents"].column("text").to_pylist() == ["first", "other"]
    assert rows["quarantine"].column("error").to_pylist() == ["repeated_key"]
    assert rows["tally"].column("num_records").to_pylist() == [3]
    assert rows["documents"].schema.equals(DOCUMENTS.schema)
    assert rows["survivors"].schema.equals(SURVIVORS.schema)


@pytest.mark.parametrize(
    ("kind", "table"),
    [(Dedup, {"shingle_words": 0}), (Dedup, {"max_permutations": 0}), (Decontaminate, {"ngram_words": 0}), (Decontaminate, {"min_words": -3})]
    + [(Decontaminate, {name: -1}) for name in ("window_characters", "min_piece_characters", "max_cuts")]
    + [(Dedup, {"seed": 1 << 32}), (Dedup, {"max_permutations": 10**9}), (Dedup, {"shingle_words": 10**9}), (Decontaminate, {"ngram_words": 10**9})]
    + [(Tokenize, {"vocab_size": 0}), (Tokenize, {"vocab_size": 10**9}), (Tokenize, {"sample_bytes": -1})],
)
def test_counts_that_find_nothing_or_that_nothing_can_hold_are_refused(kind: type, table: dict[str, int]) -> None:
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


def test_how_much_goes_with_benchmark_text_is_said_in_the_run_file(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path)
    wide = edits_of(run_file)
    narrow = "[decontaminate]\nwindow_characters = 0\nmin_piece_characters = 1\n"
    run_file.write_text(run_file.read_text(encoding="utf-8").replace("[decontaminate]\n", narrow), encoding="utf-8")
    assert {e["doc_id"] for e in edits_of(run_file)} == {e["doc_id"] for e in wide}
    assert sum(e["end"] - e["start"] for e in edits_of(run_file)) < sum(e["end"] - e["start"] for e in wide) / 2


def edits_of(run_file: Path) -> list[dict[str, Any]]:
    """What decontamination cuts."""
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    manifest = runner.run("decontaminate").manifests["decontaminate"]
    return read_table(warehouse.table(manifest, "edits", EDITS.schema)).to_pylist()
