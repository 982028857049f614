"""From a document to the training steps that read it and back, and what is said where that cannot be known."""

from __future__ import annotations

import json

import pytest
from loop import asked, typed

from app.readings import plan_read
from pipelines.contract.errors import CorruptFile, InputError
from pipelines.contract.parts import PartWriter, read_table, tables_of
from pipelines.contract.schema import SHARDS
from pipelines.contract.warehouse import Warehouse


def why(doc_id):
    return json.loads(typed("why", doc_id, "--json"))


def trained(warehouse: Warehouse) -> list[str]:
    return [row["doc_id"] for row in asked(warehouse.root, "select doc_id from corpus where split = 'train' order by 1")]


def changed(run_file, tmp_path, old, new):
    path = tmp_path / "changed.toml"
    text = run_file.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def checkpoint(warehouse: Warehouse):
    (row,) = asked(warehouse.root, "select path from checkpoints order by step desc limit 1")
    return warehouse.root / row["path"]


def other_corpus(warehouse: Warehouse) -> dict[str, str]:
    """Publishes nothing; returns the steps of a version whose shards lack a document."""
    version, tokenize = warehouse.version(), warehouse.manifests()["tokenize"]
    shards = read_table(warehouse.table(tokenize, "shards", SHARDS.schema))
    with PartWriter(warehouse.attempt("tokenize"), {"shards": SHARDS.schema}) as writer:
        writer.write({"shards": shards.slice(1)})
    other = type(tokenize)(step="tokenize", key="f" * 64, params={}, parts={}, inputs={}, tables={})
    warehouse.publish(other, tables_of(writer.files, {"shards": SHARDS.schema}), tokenize.artifacts)
    return {name: key for name, key in version.steps.items() if name != "train" and not name.startswith("eval")} | {"tokenize": other.key}


def test_a_step_leads_to_its_documents_and_each_of_them_back_to_the_step(copied):
    spans = json.loads(typed("train", "documents", "--step", 12, "-w", copied.root, "--json"))
    assert sum(span["length"] for span in spans) == 4 * 65
    assert {span["row"] for span in spans} == {span["row"] for span in spans if span["source"] == "tiny"}
    for doc_id in {span["doc_id"] for span in spans}:
        assert 12 in why(doc_id)["train_steps"]
    for doc_id in trained(copied)[:5]:
        assert (12 in why(doc_id)["train_steps"]) == (doc_id in {span["doc_id"] for span in spans})
    assert "assay train documents --step" in typed("why", spans[0]["doc_id"])


def test_a_step_that_training_did_not_come_to_is_one_clear_line(warehouse):
    with pytest.raises(InputError, match="step 13: there is no such training step; give one from 1 to 12"):
        typed("train", "documents", "--step", 13, "-w", warehouse)


def test_a_run_that_the_clock_stopped_claims_no_reading_after_its_last_step(copied, run_file, tmp_path):
    typed("train", changed(run_file, tmp_path, "max_steps = 12", "max_steps = 12\nmax_seconds = 1e-9"), "--json")
    assert {step for doc_id in trained(copied)[:9] for step in why(doc_id)["train_steps"]} <= {1}
    plan = plan_read(copied)
    assert {step for i in range(len(plan.documents)) for step in plan.steps_of(plan.documents.doc_id(i))} == {1}
    with pytest.raises(InputError, match="give one from 1 to 1"):
        typed("train", "documents", "--step", 2)


@pytest.mark.parametrize("damage", ["torn", "gone", "another step"])
def test_a_checkpoint_that_cannot_be_read_is_not_one_that_read_nothing(copied, damage):
    doc_id = trained(copied)[0]
    state = checkpoint(copied) / "state.json"
    text = state.read_text(encoding="utf-8")
    state.unlink()
    if damage != "gone":
        state.write_text(text[:-9] if damage == "torn" else json.dumps({**json.loads(text), "step": 9}), encoding="utf-8")
    told = why(doc_id)
    assert told["train_steps"] is None
    assert str(checkpoint(copied)) in told["train_steps_unknown"]
    assert "read at training steps  unknown: " in typed("why", doc_id)


def test_the_optimizer_is_not_read_to_tell_what_was_read(copied):
    doc_id = trained(copied)[0]
    before = why(doc_id)["train_steps"]
    (checkpoint(copied) / "optimizer.safetensors").unlink()
    assert why(doc_id)["train_steps"] == before


def test_a_model_of_another_corpus_is_named_with_both_versions(copied, run_file):
    doc_id = trained(copied)[0]
    number = copied.version().number
    copied.set_version({**other_corpus(copied), "train": copied.version().steps["train"]})
    said = rf"the model of version {number + 1} was trained on the shards of version {number}, .* first: assay train RUN.toml"
    with pytest.raises(InputError, match=said):
        typed("eval", run_file)
    with pytest.raises(InputError, match=said):
        typed("train", "documents", "--step", 1)
    assert f"trained on the shards of version {number}" in why(doc_id)["train_steps_unknown"]


@pytest.mark.parametrize("command", ["train", "eval"])
def test_a_corpus_that_came_while_a_command_waited_is_the_one_that_it_works_on(copied, run_file, monkeypatch, command):
    first, writing = copied.version().steps, Warehouse.writing
    copied.set_version(other_corpus(copied))
    if command == "eval":
        typed("train", run_file, "--json")
    later = copied.version().steps
    copied.set_version(first)

    def late(self):
        self.set_version(later)
        return writing(self)

    monkeypatch.setattr(Warehouse, "writing", late)
    typed(command, run_file, "--json")
    newest = copied.manifests()
    assert newest["tokenize"].key == later["tokenize"]
    (made,) = [manifest for step, manifest in newest.items() if step.partition(":")[0] == command]
    assert made.inputs["tokenize.shards"] == newest["tokenize"].tables["shards"].content_sha256


def test_how_often_a_run_reports_is_no_reason_to_train_again(copied, run_file, tmp_path):
    before = copied.version()
    typed("train", changed(run_file, tmp_path, "log_every_steps = 3", "log_every_steps = 4\nnum_threads = 1"), "--json")
    assert copied.version() == before


def test_a_model_that_differs_from_its_manifest_is_not_published_where_verification_is_asked_for(copied, run_file):
    steps = dict(copied.version().steps)
    weights = checkpoint(copied) / "model.safetensors"
    without = copied.set_version({name: key for name, key in steps.items() if name != "train"})
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(CorruptFile, match=r"1 of .* files are missing or differ"):
        typed("train", run_file, "--verify")
    assert copied.version() == without


def test_the_model_to_score_may_stand_in_the_run_file_and_its_items_are_unchecked(copied, run_file, tmp_path):
    other = changed(run_file, tmp_path, "[eval]", f'[eval]\nmodel = {{ use = "checkpoint", path = "{checkpoint(copied)}", title = "theirs" }}')
    scores = json.loads(typed("eval", other, "--json"))["scores"]
    assert {score["model"] for score in scores} == {"theirs"}
    assert {score["subset"] for score in scores} == {"all", "unchecked"}
