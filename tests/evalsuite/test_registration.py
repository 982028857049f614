from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow as pa
import pytest

from evalsuite.base import Item, Part, tasks
from evalsuite.registration import TaskRegistration, benchmark_items, status_in
from pipelines.contract.errors import InputError, PartError
from pipelines.contract.schema import BENCHMARK_ITEMS, CONTAMINATION
from pipelines.text.words import count_words

LONG = "one two three four five six seven eight"


@dataclass(frozen=True)
class Listed:
    """A task of given items."""

    found: tuple[Item, ...]
    version = 1
    metrics = ("exact_match",)

    def data(self):
        return {}

    def items(self, context):
        del context
        return iter(self.found)


def item(item_id, *parts):
    return Item(item_id=item_id, requests=(), target="", parts=parts)


def listed(*found):
    return {"quiz": Listed(tuple(found))}


def hit(benchmark, item_id, action, tier="exact"):
    row = dict.fromkeys(CONTAMINATION.schema.names)
    numbers = dict.fromkeys(("num_ngrams", "coverage", "num_edits", "doc_start", "doc_end", "item_start", "item_end"), 1)
    return {**row, **numbers, "doc_id": "d", "benchmark": benchmark, "item_id": item_id, "part": "question", "tier": tier, "action": action}


def contamination(*rows):
    return pa.Table.from_pylist(list(rows), schema=CONTAMINATION.schema)


def test_every_part_of_every_item_is_registered_in_the_contracts_schema(heldout):
    chosen = {"cloze": tasks["cloze"](), "humaneval": tasks["humaneval"](max_items=5), "bits_per_byte": tasks["bits_per_byte"]()}
    found = benchmark_items(chosen, heldout, count_words)
    assert found.schema.equals(BENCHMARK_ITEMS.schema)
    names = set(zip(found["benchmark"].to_pylist(), found["part"].to_pylist(), strict=True))
    assert names == {("cloze", "passage"), ("humaneval", "question"), ("humaneval", "answer"), ("humaneval", "joined")}
    assert sum(b == "humaneval" for b in found["benchmark"].to_pylist()) == 15
    assert all(text and n == count_words(text) for text, n in zip(found["text"].to_pylist(), found["num_words"].to_pylist(), strict=True))


def test_no_task_gives_an_empty_table_and_not_an_error():
    assert benchmark_items({}, None, count_words).num_rows == 0
    assert TaskRegistration(tasks={}).params() == {}


def test_a_task_of_the_held_out_side_cannot_be_registered_without_one():
    with pytest.raises(InputError, match="held-out side"):
        benchmark_items({"cloze": tasks["cloze"]()}, None, count_words)


def test_two_items_of_one_id_are_refused():
    with pytest.raises(PartError, match="task quiz: 2 items share 1 ids"):
        benchmark_items(listed(item("a"), item("a")), None, count_words)


def test_what_decides_the_items_is_their_data_and_not_their_place(tmp_path):
    for name in ("here", "there", "changed"):
        (tmp_path / name).mkdir()
        row = {"goal": f"goal of {name[:4] == 'chan'}", "sol1": "a", "sol2": "b"}
        (tmp_path / name / "valid.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
        (tmp_path / name / "valid-labels.lst").write_text("0\n", encoding="utf-8")

    def params(name, **more):
        return TaskRegistration(tasks={"piqa": tasks["piqa"](path=tmp_path / name, **more)}).params()

    assert params("here") == params("there")
    assert str(tmp_path) not in json.dumps(params("here"))
    assert params("here") != params("changed")
    assert params("here") != params("here", max_items=1)


def test_the_registration_is_what_the_step_asks_for(heldout):
    registration = TaskRegistration(tasks={"cloze": tasks["cloze"]()})
    assert registration.items(heldout, count_words).equals(benchmark_items({"cloze": tasks["cloze"]()}, heldout, count_words))


def test_question_and_answer_are_registered_as_one_text_too_unless_the_task_does_so():
    asked, answered = Part(name="question", text="What is blue?"), Part(name="answer", text="The sky.", role="label")
    own = Part(name="joined", text="The sky is blue.", role="both")
    found = benchmark_items(listed(item("two", asked, answered), item("one", asked), item("own", asked, answered, own)), None, count_words)
    joined = [row for row in found.to_pylist() if row["part"] == "joined"]
    assert [(r["item_id"], r["role"], r["text"], r["num_words"]) for r in joined] == [
        ("two", "both", "What is blue?\nThe sky.", 5), ("own", "both", "The sky is blue.", 4),
    ]  # fmt: skip


def test_an_item_that_was_never_registered_is_unchecked():
    assert status_in({("quiz", "a"): "clean"})("quiz", "b") == "unchecked"
    assert status_in({("quiz", "a"): "clean"})("quiz", "a") == "clean"
