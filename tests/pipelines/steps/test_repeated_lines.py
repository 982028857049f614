"""Lines that many documents share: cut out of all of them, with books, before benchmark items are looked for."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from tiny_corpus import documents, prose, write_run_file

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.config import decode
from pipelines.contract.errors import ConfigError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import CORPUS, DOCUMENTS, EDITS, FATES, LEDGER, TEXTS, VERDICTS
from pipelines.steps.settings import RepeatedLines
from pipelines.text.cuts import listed, without

if TYPE_CHECKING:
    from pathlib import Path

MENU = "Home | Archive | Contact | Imprint of the village paper"
ONLY = f"{MENU}\n\nAll rights are with the village paper and its readers"
THRICE = "This line stands in three documents and stays where it is"
SECTION = "[repeated_lines]\nmax_documents = 3\nmin_characters = 40\n[measure]\nfamilies = []\n"


def rows() -> list[dict[str, str]]:
    random_ = random.Random(11)
    pages = [{"id": f"page-{i}", "text": f"{MENU}\n{prose(random_)}\n  {MENU} \n{prose(random_)}", "site": f"paper-{i}"} for i in range(5)]
    notice = [{"id": f"notice-{i}", "text": f"{prose(random_)}\n{ONLY.splitlines()[2]}", "site": f"paper-{i}"} for i in range(3)]
    thrice = [{"id": f"thrice-{i}", "text": f"{THRICE}\n{prose(random_)}", "site": "t"} for i in range(3)]
    return [*documents(30), *pages, *notice, *thrice, {"id": "only", "text": ONLY, "site": "paper-9"}]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    run_file = write_run_file(tmp_path_factory.mktemp("lines"), rows=rows(), extra=SECTION)
    run_file.write_text(run_file.read_text(encoding="utf-8").replace('presets = ["gopher"]', "presets = []"), encoding="utf-8")
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    manifests = runner.run().manifests
    asked = {
        "documents": ("ingest", DOCUMENTS), "texts": ("clean", TEXTS), "corpus": ("publish", CORPUS),
        **{spec.name: ("repeated_lines", spec) for spec in (EDITS, FATES, VERDICTS, LEDGER)},
    }  # fmt: skip
    return {name: read_table(warehouse.table(manifests[step], spec.name, spec.schema)).to_pylist() for name, (step, spec) in asked.items()}


def test_a_line_that_more_documents_share_than_is_allowed_is_cut_out_of_all_of_them(tables: dict[str, list[dict[str, str]]]) -> None:
    keys = {d["doc_id"]: d["record_key"] for d in tables["documents"]}
    published = {keys[d["doc_id"]]: d["text"] for d in tables["corpus"]}
    assert not [key for key, text in published.items() if "Imprint" in text or "its readers" in text]
    assert sum("stands in three documents" in text for text in published.values()) == 3
    assert {keys[e["doc_id"]].split("-")[0] for e in tables["edits"]} >= {"page", "notice"}
    texts = {keys[t["doc_id"]]: t["text"].encode() for t in tables["texts"]}
    cuts = [n for e in tables["edits"] if keys[e["doc_id"]] == "page-0" for n in (e["start"], e["end"], e["new_length"])]
    assert without(texts["page-0"], listed(cuts)).decode() == texts["page-0"].decode().replace(f"{MENU}\n", "", 1).replace(f"  {MENU} \n", "", 1)


def test_a_document_of_nothing_but_shared_lines_ends_here_with_the_reason(tables: dict[str, list[dict[str, str]]]) -> None:
    keys = {d["doc_id"]: d["record_key"] for d in tables["documents"]}
    assert [(keys[f["doc_id"]], f["fate"], f["step"], f["reason"]) for f in tables["fates"]] == [
        ("only", "dropped", "repeated_lines", "only_repeated_lines")
    ]
    assert [(v["rule"], v["value"], v["threshold"]) for v in tables["verdicts"]] == [("repeated_lines.lines_left_min", 0.0, 1.0)]
    (books,) = tables["ledger"]
    assert (books["docs_dropped"], books["bytes_dropped"]) == (1, len(ONLY.encode()))
    assert books["bytes_cut"] == sum(int(e["end"]) - int(e["start"]) for e in tables["edits"])


def test_without_the_section_there_is_no_such_step(tmp_path: Path) -> None:
    assert "repeated_lines" not in dict(runner_for(load(write_run_file(tmp_path)), "local", SilentReporter())[0].plan())


def test_items_are_made_of_held_out_text_before_it_is_cut_for_an_evaluation_makes_them_again_from_the_whole_side(tmp_path: Path) -> None:
    runner, _ = runner_for(load(write_run_file(tmp_path, extra="[repeated_lines]\nmax_documents = 3\n")), "local", SilentReporter())
    names = list(dict(runner.plan()))
    assert names.index("register") + 1 == names.index("repeated_lines") == names.index("decontaminate") - 1


@pytest.mark.parametrize("table", [{"max_documents": 0}, {"max_documents": 3, "min_characters": 0}, {}])
def test_a_section_that_would_cut_everything_or_says_nothing_is_refused(table: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        decode(RepeatedLines, table, "run.toml")


def test_nothing_is_cut_where_no_line_is_shared(tmp_path: Path) -> None:
    settings = load(write_run_file(tmp_path, extra="[repeated_lines]\nmax_documents = 100000\n"))
    manifests = runner_for(settings, "local", SilentReporter())[0].run().manifests
    assert manifests["repeated_lines"].tables["cuts"].num_rows == 0
    assert manifests["decontaminate"].tables["cuts"].num_rows > 0
