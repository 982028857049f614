"""A run under another project's definition of contamination: cut, counted, and past the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from tiny_corpus import write_run_file

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contamination.ngrams import NgramIndex
from pipelines.contamination.parts import PartRule
from pipelines.contract.errors import ConfigError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import BENCHMARK_ITEMS, CONTAMINATION, ITEM_STATUSES
from pipelines.steps.decontaminate import Known

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_by_gpt3s_definition_cuts_and_gets_past_the_gate(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path)
    text = run_file.read_text(encoding="utf-8").replace("[decontaminate]", '[decontaminate]\ndefinition = "gpt3"\nmax_documents = 50\nmax_cuts = 60')
    run_file.write_text(text, encoding="utf-8")
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    manifests = runner.run().manifests
    assert manifests["decontaminate"].parts["definition of contamination gpt3"] == 1
    assert manifests["boilerplate"].parts["definition of contamination gpt3"] == 1
    rows = read_table(warehouse.table(manifests["decontaminate"], "contamination", CONTAMINATION.schema)).to_pylist()
    assert {row["action"] for row in rows if row["benchmark"] == "gsm8k"} >= {"cut"}
    known = read_table(warehouse.table(manifests["decontaminate"], "item_statuses", ITEM_STATUSES.schema)).to_pylist()
    assert {row["status"] for row in known if row["benchmark"] == "gsm8k"} == {"clean"}  # what was met was cut


def test_a_definition_that_nobody_has_is_one_line(tmp_path: Path) -> None:
    run_file = write_run_file(tmp_path)
    run_file.write_text(run_file.read_text(encoding="utf-8").replace("[decontaminate]", '[decontaminate]\ndefinition = "gtp3"'), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no definition of contamination is named 'gtp3'; did you mean 'gpt3'\?"):
        runner_for(load(run_file), "local", SilentReporter())[0].run()


def test_items_all_of_whose_ngrams_too_many_parts_share_are_not_known_to_be_looked_for() -> None:
    usual = {"benchmark": "exam", "part": "question", "role": "input", "num_words": 13, "match_whole": False, "has_answer": True}
    shared, own = " ".join(f"w{i}" for i in range(13)), " ".join(f"v{i}" for i in range(13))
    rows = [{**usual, "item_id": str(i), "text": shared} for i in (3, 1, 2)] + [{**usual, "item_id": "0", "text": own}]
    items = pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema)
    index = NgramIndex.build(items.sort_by("item_id"), max_parts_per_ngram=2)
    assert Known(PartRule(), index).looked_for(items).to_pylist() == [False, False, False, True]
