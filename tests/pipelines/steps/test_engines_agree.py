"""One meaning: any engine and any partitioning give the same tables, in empty warehouses, and no table is empty."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from tiny_corpus import documents, prose, write_run_file

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import RunFile, load
from pipelines.contract.parts import read_table
from pipelines.contract.schema import DOCUMENTS, DUPLICATES, FATES, TABLES
from pipelines.engine.options import LocalOptions, SparkOptions

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contract.manifest import Manifest
    from pipelines.contract.warehouse import Warehouse

Contents = dict[tuple[str, str], tuple[int, str]]


def curated(settings: RunFile, engine: str) -> Warehouse:
    runner, warehouse = runner_for(settings, engine, SilentReporter())  # type: ignore[arg-type]
    runner.run()
    return warehouse


def contents(warehouse: Warehouse) -> Contents:
    found = {(s, n): (t.num_rows, t.content_sha256) for s, m in warehouse.manifests().items() for n, t in m.tables.items()}
    artifacts = {(s, n): (a.num_bytes, a.sha256) for s, m in warehouse.manifests().items() for n, a in m.artifacts.items()}
    return found | artifacts


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> RunFile:
    """The tiny corpus in a folder, beside files that are passed by, and read in ranges."""
    root = tmp_path_factory.mktemp("tiny")
    random_ = random.Random(3)
    menu = [{"id": f"menu-{i}", "text": f"Home | Archive | Contact\n{prose(random_)}", "site": f"site-{i}"} for i in range(10)]
    kin = [{"id": f"kin-{i}", "text": f"{row['text']}\n{prose(random_, 4)}", "site": f"kin-{i}"} for i, row in enumerate(menu)]  # they stay, and tie
    inner = {"id": "inner", "text": f"{prose(random_)}\nThe router is 192.168.17.40 behind 93.184.216.34, number 219-09-9998.", "site": "inner"}
    gone = {"id": "gone", "text": f"{prose(random_)}\nThe card is 4111 1111 1111 1111.", "site": "gone"}
    key = root / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    policies = 'PHONE_NUMBER = "mask"\nEMAIL_ADDRESS = "surrogate"\nIP_ADDRESS = "generalise"\nCREDIT_CARD = "drop"\nUS_SSN = "flag"\n'
    extra = f'[repeated_lines]\nmax_documents = 8\n[scrub]\nkey_file = "{key}"\n[scrub.policies]\n{policies}'
    run_file = write_run_file(root, rows=[*documents(), *menu, *kin, inner, gone], extra=extra)
    folder = root / "input"
    folder.mkdir()
    (root / "corpus.jsonl").rename(folder / "corpus.jsonl")
    (folder / "notes.csv").write_text("a,b\n", encoding="utf-8")
    text = run_file.read_text(encoding="utf-8").replace(str(root / "corpus.jsonl"), str(folder))
    text = text.replace("[decontaminate]", "[decontaminate]\nmax_documents = 2")
    run_file.write_text(text.replace("[ingest]", "[ingest]\nsplit_bytes = 20000"), encoding="utf-8")
    return load(run_file)


@pytest.fixture(scope="module")
def reference(settings: RunFile) -> Contents:
    return contents(curated(settings, "local"))


def test_every_table_that_curation_fills_has_rows(reference: Contents) -> None:
    filled = {name for (_, name), (num_rows, _) in reference.items() if num_rows}
    later = {"runs", "checkpoints", "train_steps", "predictions", "scores", "reviews"}
    assert filled >= set(TABLES) - later
    assert filled >= {f"signals_{family}" for family in ("gopher_quality", "gopher_repetition", "language", "c4", "fineweb_quality")}


@pytest.mark.parametrize("partitions", [1, 7])
def test_partitions_and_processes_change_nothing(settings: RunFile, reference: Contents, tmp_path: Path, partitions: int) -> None:
    options = LocalOptions(workers=2, partitions=partitions, memory="300MB")
    assert contents(curated(replace(settings, warehouse=tmp_path / "w", local=options), "local")) == reference


@pytest.mark.slow
@pytest.mark.spark
@pytest.mark.parametrize(("partitions", "max_side_rows"), [(1, 1_000_000), (7, 10)])
def test_spark_gives_the_same_tables(settings: RunFile, reference: Contents, tmp_path: Path, partitions: int, max_side_rows: int) -> None:
    options = SparkOptions(master="local[2]", driver_memory="1g", partitions=partitions, max_side_rows=max_side_rows)
    assert contents(curated(replace(settings, warehouse=tmp_path / "w", spark=options), "spark")) == reference


def real(shared: Path, folder: Path, engine: str) -> RunFile:
    """The real sample with rules off, so that nothing but similarity decides."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "real.toml"
    path.write_text(
        f"""
name = "real"
engine = "{engine}"
warehouse = "{folder / "warehouse"}"
[[sources]]
use = "parquet"
name = "small"
path = "{shared / "corpora" / "small.parquet"}"
key = "id"
url = "url"
license = "license"
[[sources]]
use = "warc"
name = "pages"
path = "{shared / "corpora" / "pages.warc.gz"}"
[measure]
families = ["language"]
[judge]
presets = []
[decontaminate]
action = "cut"
[tokenize]
vocab_size = 2048
[eval]
tasks = ["cloze"]
[spark]
master = "local[2]"
driver_memory = "2g"
""",
        encoding="utf-8",
    )
    return load(path)


@pytest.fixture(scope="module")
def real_local(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return curated(real(shared, tmp_path_factory.mktemp("real"), "local"), "local")


def rows(warehouse: Warehouse, manifest: Manifest, spec_name: str) -> list[dict[str, object]]:
    spec = TABLES[spec_name]
    return read_table(warehouse.table(manifest, spec_name, spec.schema)).to_pylist()


@pytest.mark.slow
@pytest.mark.shared
def test_of_true_near_duplicates_at_most_one_stays_and_every_drop_is_true(shared: Path, real_local: Warehouse) -> None:
    manifests = real_local.manifests()
    documents = read_table(real_local.table(manifests["ingest"], "documents", DOCUMENTS.schema), ["doc_id", "record_key", "source"]).to_pylist()
    doc_ids = {d["record_key"]: d["doc_id"] for d in documents if d["source"] == "small"}
    dropped = {d["doc_id"] for d in rows(real_local, manifests["dedup"], DUPLICATES.name)}
    blank = {d["doc_id"] for d in rows(real_local, manifests["clean"], FATES.name)}
    pairs = [p for p in pq.read_table(shared / "corpora" / "small_pairs.parquet").to_pylist() if p["jaccard5"] >= 0.8]
    both = [p for p in pairs if not {doc_ids[p["id_a"]], doc_ids[p["id_b"]]} & (dropped | blank)]
    assert len(pairs) > 1000
    assert len(both) <= len(pairs) // 100
    duplicates = rows(real_local, manifests["dedup"], DUPLICATES.name)
    assert min(d["jaccard"] for d in duplicates) >= 0.8
    assert not {d["kept_doc_id"] for d in duplicates} & dropped


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.spark
def test_the_real_sample_is_the_same_on_spark(shared: Path, real_local: Warehouse, tmp_path: Path) -> None:
    assert contents(curated(real(shared, tmp_path, "spark"), "spark")) == contents(real_local)
