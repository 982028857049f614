"""A second corpus leaves out what a first one kept, and says where it stands."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest
from tiny_corpus import prose, write_run_file

from app.catalog import connect
from app.console import SilentReporter
from app.curation import runner_for
from app.queries import run_saved
from app.settings import load
from app.story import render, story
from pipelines.contract.errors import ConfigError, InputError
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.steps.runner import RunResult

    Rows = list[dict[str, str]]


def rows(seed: int, count: int) -> Rows:
    random_ = random.Random(seed)
    return [{"id": f"{seed}-{i}", "text": prose(random_), "site": f"site-{seed}-{i}"} for i in range(count)]


def curate(folder: Path, documents: Rows, extra: str = "") -> RunResult:
    settings = load(write_run_file(folder, rows=documents, extra=extra))
    return runner_for(settings, "local", SilentReporter())[0].run()


def asking(folder: Path, version: str = "") -> str:
    return f'[exclude]\ncorpora = [{{warehouse = "{folder / "warehouse"}"{version}}}]\n'


def test_texts_of_one_corpus_do_not_meet_the_fates_of_another(first: Path, tmp_path: Path):
    dropped, *others = rows(6, 30)
    longer = {**dropped, "id": "longer", "text": dropped["text"] + " Amen."}
    id_of_another = rows(1, 40)[0]["id"]  # of a document that the first corpus kept; here a near copy that goes
    curate(tmp_path / "second", [{**dropped, "id": id_of_another}, longer, *others])
    both = f'[exclude]\ncorpora = [{{warehouse = "{first / "warehouse"}"}}, {{warehouse = "{tmp_path / "second" / "warehouse"}"}}]\n'
    curate(tmp_path / "third", [{**dropped, "id": "again"}, *others[:9], *rows(1, 40)[:3], *rows(7, 30)], both)
    with connect(Warehouse(tmp_path / "third" / "warehouse")) as sql:
        fate = "SELECT fate FROM fates JOIN documents USING (doc_id) WHERE num_bytes = $1"
        counts = sql.sql("SELECT count(*) FROM fates WHERE reason = 'in_another_corpus'").fetchall()
        kept = sql.sql(fate, params=[len(dropped["text"].encode())]).fetchall()
    assert counts == [(12,)]
    assert kept == [("kept",)]


def test_a_story_does_not_take_a_document_of_another_corpus_for_one_of_this(first: Path, tmp_path: Path):
    again = rows(1, 40)[:4]  # a second crawl: the same ids
    curate(tmp_path, again + rows(8, 30), asking(first))
    place = Warehouse(tmp_path / "warehouse")
    with connect(place) as sql:
        doc_id, kept = sql.sql("SELECT doc_id, kept_doc_id FROM duplicates WHERE kind = 'elsewhere' ORDER BY doc_id").fetchall()[0]
    told = story(place, doc_id)
    assert doc_id == kept
    assert told.copies == ()
    assert f"exact copy of {kept}, a document of another corpus" in render(told)
    assert run_saved(place, "duplicate_clusters", {}).num_rows == 0


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    curate(folder, rows(1, 40))
    return folder


def test_documents_that_another_corpus_kept_end_with_their_partner_named(first: Path, tmp_path: Path):
    again, new = rows(1, 40)[:15], rows(2, 30)
    result = curate(tmp_path, [{**row, "id": f"again-{row['id']}"} for row in again] + new, asking(first))
    (ref, _) = result.manifests["exclude"].about["refs"]
    assert (ref["warehouse"], ref["version"], ref["table"]) == (str(first / "warehouse"), 1, "texts")
    with connect(Warehouse(tmp_path / "warehouse")) as sql:
        dropped = sql.sql("SELECT count(*) FROM fates WHERE step = 'exclude' AND reason = 'in_another_corpus'").fetchall()
        kinds = sql.sql("SELECT kind, count(*), min(jaccard) FROM duplicates WHERE kind = 'elsewhere' GROUP BY kind").fetchall()
    assert dropped == [(15,)]
    assert kinds == [("elsewhere", 15, 1.0)]


def test_a_warehouse_that_was_moved_changes_nothing_and_one_that_grew_is_read_again(first: Path, tmp_path: Path):
    documents = rows(3, 30)
    moved = tmp_path / "moved"
    shutil.copytree(first / "warehouse", moved / "warehouse", symlinks=True)
    before = curate(tmp_path / "run", documents, asking(first))
    assert "exclude" in before.done_now
    assert "exclude" not in curate(tmp_path / "run", documents, asking(moved)).done_now
    curate(moved, rows(1, 40) + rows(4, 20))
    assert "exclude" in curate(tmp_path / "run", documents, asking(moved)).done_now


def test_a_version_that_was_removed_is_named_before_any_work(first: Path, tmp_path: Path):
    with pytest.raises(
        InputError, match=r"tiny: exclude: .*warehouse: has no version 7 \(it was removed, or never published\); there are 1; name a version"
    ):
        curate(tmp_path, rows(5, 30), asking(first, ", version = 7"))
    with pytest.raises(InputError, match="nothing is published there"):
        curate(tmp_path, rows(5, 30), asking(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="this run's own warehouse"):
        curate(tmp_path, rows(5, 30), asking(tmp_path))
    pruned = tmp_path / "pruned"
    shutil.copytree(first / "warehouse", pruned / "warehouse", symlinks=True)
    shutil.rmtree(pruned / "warehouse" / "data" / "clean")
    with pytest.raises(InputError, match="files of 'texts' in version 1 were removed"):
        curate(tmp_path, rows(5, 30), asking(pruned))
