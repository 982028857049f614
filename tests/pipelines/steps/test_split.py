"""The split: an origin is on one side, with everything that is tied to it, and a side that is empty is said at once."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from tiny_corpus import documents, prose, write_run_file

from app.console import ConsoleReporter, SilentReporter
from app.curation import Curated, curate, runner_for
from app.settings import load
from pipelines.contract.config import decode
from pipelines.contract.errors import InputError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import DOCUMENTS, SPLITS
from pipelines.steps.settings import Curation
from pipelines.steps.split import DrawSides, _warnings

if TYPE_CHECKING:
    from pathlib import Path


def split_of(folder: Path, rows: list[dict[str, str]], ratio: float) -> dict[str, str]:
    """The side of each document that is left, by the record's key."""
    run_file = write_run_file(folder, rows=rows)
    options = f"[split]\nheldout_ratio = {ratio}\n[dedup]\nthreshold = 0.95\n"
    run_file.write_text(run_file.read_text(encoding="utf-8").replace("[split]\nheldout_ratio = 0.25\n", options), encoding="utf-8")
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    manifests = runner.run("split").manifests
    keys = {d["doc_id"]: d["record_key"] for d in read_table(warehouse.table(manifests["ingest"], "documents", DOCUMENTS.schema)).to_pylist()}
    return {keys[r["doc_id"]]: r["split"] for r in read_table(warehouse.table(manifests["split"], "splits", SPLITS.schema)).to_pylist()}


def chained(links: int, per_origin: int = 3) -> list[dict[str, str]]:
    """Origins in a chain: the last document of each is a near copy (Jaccard about 0.85) of the first of the next."""
    random_ = random.Random(3)
    rows, carried = [], ""
    for number in range(links):
        texts = [carried or prose(random_, 20), *(prose(random_, 20) for _ in range(per_origin - 1))]
        carried = f"{texts[-1]}\n{prose(random_, 2)}"
        rows += [{"id": f"chain-{number}-{i}", "text": text, "site": f"link-{number}"} for i, text in enumerate(texts)]
    return rows


@pytest.mark.parametrize("ratio", [0.3, 0.7])
def test_origins_that_a_chain_of_near_copies_ties_together_are_on_one_side(tmp_path: Path, ratio: float) -> None:
    sides = split_of(tmp_path, [*documents(40), *chained(6)], ratio)
    chain = {key: side for key, side in sides.items() if key.startswith("chain")}
    assert len(chain) == 18
    assert len(set(chain.values())) == 1
    assert set(sides.values()) == {"train", "heldout"}


def test_no_origin_is_on_both_sides_and_the_share_held_out_is_near_the_one_asked_for(tmp_path: Path) -> None:
    random_ = random.Random(5)
    rows = [{"id": f"{i}", "text": prose(random_), "site": f"site-{i % 150}"} for i in range(450)]
    for i in range(0, 60, 4):  # a near copy in another origin
        rows.append({"id": f"near-{i}", "text": f"{rows[i]['text']}\n{prose(random_, 1)}", "site": f"site-{i + 1}"})
    sides = split_of(tmp_path, rows, 0.2)
    by_origin = defaultdict(set)
    for row in rows:
        by_origin[row["site"]].add(sides[row["id"]])
    assert {len(found) for found in by_origin.values()} == {1}
    assert 0.1 < sum(side == "heldout" for side in sides.values()) / len(sides) < 0.3


def test_a_group_larger_than_the_share_to_hold_out_is_never_held_out_wherever_it_is_drawn(tmp_path: Path) -> None:
    lowest = min((f"link-{n}" for n in range(26)), key=lambda site: hashlib.blake2b(f"tiny\0{site}".encode(), digest_size=16).hexdigest())
    share = DrawSides(0.5, 1).share("tiny", lowest)
    assert share < 0.6  # drawn
    sides = split_of(tmp_path, [*documents(20), *chained(26)], 0.6)
    chain = [side for key, side in sides.items() if key.startswith("chain")]
    assert len(chain) > 0.6 * len(sides)
    assert set(chain) == {"train"}
    assert "heldout" in sides.values()


def one_origin(folder: Path, ratio: float) -> Path:
    run_file = write_run_file(folder, rows=[{**row, "site": "everything"} for row in documents(30)])
    run_file.write_text(run_file.read_text(encoding="utf-8").replace("heldout_ratio = 0.25", f"heldout_ratio = {ratio}"), encoding="utf-8")
    return run_file


def test_that_nothing_is_held_out_is_said_on_the_console_and_in_json_by_every_run(tmp_path: Path) -> None:
    settings = load(one_origin(tmp_path, 0.05))
    for _ in range(2):
        said = io.StringIO()
        runner, warehouse = runner_for(settings, "local", ConsoleReporter(Console(file=said, width=60)))
        facts = Curated(result=runner.run("split"), warehouse=warehouse).facts()
        assert "  warning: split: nothing is held out, so tasks made of held-out text have no items: the " in said.getvalue()
        assert "have 1 origins, and none was drawn; name a finer origin in [[sources]], or change [split]" in said.getvalue()
        assert list(json.loads(json.dumps(facts))["warnings"]) == ["split"]


def test_less_than_half_of_what_was_asked_for_is_said_and_half_is_not() -> None:
    config = decode(Curation, {"name": "tiny", "sources": [], "split": {"heldout_ratio": 0.2}}, "tiny.toml")
    counts = {"num_train": 91, "num_heldout": 9, "num_origins": 12, "num_tied": 7}
    (said,) = _warnings(config, counts)
    assert said == (
        "9 are held out (9.0%, where 20.0% was asked for): the 100 documents that are left have 12 origins, 7 of them tied to others by near copies; "
        "name a finer origin in [[sources]], or change [split] heldout_ratio or seed"
    )
    assert not _warnings(config, {**counts, "num_train": 90, "num_heldout": 10})


def test_a_split_that_asks_for_nothing_and_one_that_has_something_say_nothing(tmp_path: Path) -> None:
    for folder, ratio in ((tmp_path / "a", 0.0), (tmp_path / "b", 0.5)):
        settings = load(one_origin(folder, ratio) if ratio == 0 else write_run_file(folder))
        assert curate(settings, "local", Console(file=io.StringIO()), until="split", quiet=True).facts()["warnings"] == {}


def test_a_corpus_that_is_held_out_whole_ends_at_the_split_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tiny: split: every document is on the held-out side, .* have 1 origins; name a finer origin"):
        runner_for(load(one_origin(tmp_path, 0.99)), "local", SilentReporter())[0].run()
