from __future__ import annotations

import json
import math
from dataclasses import replace

import pyarrow as pa
import pytest

from evalsuite.base import GenerateRequest, LoglikelihoodRequest, RollingRequest, TaskContext, tasks
from evalsuite.scoring import evaluate, rescore, respond
from pipelines.contract.errors import ConfigError, PartError
from pipelines.contract.schema import PREDICTIONS, SCORES


def status(task, item_id):
    """Of cloze a third each; of others nothing is known."""
    return ("clean", "contaminated", "unchecked")[ord(item_id[0]) % 3] if task == "cloze" else "unchecked"


@pytest.fixture
def chosen():
    return {"cloze": tasks["cloze"](), "bits_per_byte": tasks["bits_per_byte"](max_document_bytes=200)}


@pytest.fixture
def found(digest_model, chosen, heldout):
    return evaluate(digest_model, chosen, status=status, context=TaskContext(heldout=heldout))


@pytest.fixture
def sums(tmp_path):
    rows = [{"question": f"Sum {i}?", "answer": f"#### {i % 10}"} for i in range(60)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {"gsm8k": tasks["gsm8k"](path=tmp_path, num_shots=0)}


def test_the_tables_are_those_of_the_contract(found):
    assert found.predictions.schema.equals(PREDICTIONS.schema)
    assert found.scores.schema.equals(SCORES.schema)
    assert found.empty_tasks == ()


def test_every_item_is_answered_once_for_every_metric(found, chosen, heldout):
    rows = found.predictions.to_pylist()
    assert len({(r["task"], r["item_id"], r["metric"]) for r in rows}) == len(rows)
    num_cloze = len(list(chosen["cloze"].items(TaskContext(heldout=heldout))))
    assert sum(r["task"] == "cloze" for r in rows) == 2 * num_cloze
    assert {r["metric"] for r in rows if r["task"] == "bits_per_byte"} == {"bits_per_byte", "bits_per_byte:books", "bits_per_byte:pages"}


def test_subsets_are_the_items_of_a_status_and_add_up(found):
    predictions, scores = found.predictions.to_pylist(), found.scores.to_pylist()
    by_key = {(s["task"], s["metric"], s["subset"]): s for s in scores}
    for metric in ("accuracy", "accuracy_norm"):
        parts = [by_key["cloze", metric, subset] for subset in ("clean", "contaminated", "unchecked")]
        whole = by_key["cloze", metric, "all"]
        assert sum(p["num_items"] for p in parts) == whole["num_items"]
        assert sum(p["num_items"] * p["value"] for p in parts) == pytest.approx(whole["num_items"] * whole["value"])
        for part in parts:
            chosen = [p["score"] for p in predictions if p["metric"] == metric and p["status"] == part["subset"]]
            assert (part["num_items"], part["value"]) == (len(chosen), math.fsum(chosen) / len(chosen))


def test_a_subset_without_items_has_no_row(found):
    assert {s["subset"] for s in found.scores.to_pylist() if s["task"] == "bits_per_byte"} == {"all", "unchecked"}


def test_every_score_of_several_items_carries_error_and_interval(found):
    for score in found.scores.to_pylist():
        assert score["num_items"] > 1
        assert score["stderr"] is not None
        assert score["ci_low"] <= score["value"] <= score["ci_high"]


def test_bits_per_byte_of_all_sources_are_all_bits_over_all_bytes(found):
    rows = [r for r in found.predictions.to_pylist() if r["metric"] == "bits_per_byte"]
    bits = sum(-json.loads(r["response"])["logprob_nats"][0] / math.log(2) for r in rows)
    value = next(s["value"] for s in found.scores.to_pylist() if s["metric"] == "bits_per_byte" and s["subset"] == "all")
    assert value == pytest.approx(bits / sum(r["weight"] for r in rows))


def test_a_task_without_items_is_named_and_has_no_score(digest_model, chosen, heldout):
    none = evaluate(digest_model, chosen, status=status, context=TaskContext(heldout=heldout.slice(0, 0)))
    assert none.empty_tasks == ("cloze", "bits_per_byte")
    assert (none.predictions.num_rows, none.scores.num_rows) == (0, 0)
    assert rescore(none.predictions).scores.num_rows == 0


def test_scores_can_be_made_again_without_the_model(found):
    again = rescore(found.predictions)
    assert again.scores.equals(found.scores)
    assert again.predictions.equals(found.predictions)


def test_the_order_of_predictions_changes_no_score(found):
    order = sorted(range(found.predictions.num_rows), key=lambda i: (i * 7919) % 104729)
    assert rescore(found.predictions.take(order)).scores.equals(found.scores)


def test_rescoring_judges_the_response_and_not_the_old_score(found):
    wrong = found.predictions.set_column(found.predictions.schema.get_field_index("score"), "score", pa.array([0.5] * found.predictions.num_rows))
    assert rescore(wrong).scores.equals(found.scores)


def test_another_rule_of_extraction_gives_other_scores_of_the_same_answers(digest_model, sums):
    found = evaluate(digest_model, sums, status=status)

    class Doubled:
        def extract(self, response):
            return str(2 * int(response.split()[-1]))

    kept, changed = rescore(found.predictions, sums), rescore(found.predictions, {"gsm8k": Doubled()})
    assert kept.scores.equals(found.scores)
    assert changed.predictions["response"].equals(found.predictions["response"])
    assert changed.predictions["extracted"].to_pylist() == [str(2 * int(e)) for e in found.predictions["extracted"].to_pylist()]
    assert not changed.scores.equals(found.scores)


def test_the_same_evaluation_has_the_same_id_and_any_change_of_it_another(digest_model, chosen, heldout, found):
    def ids(model, tasks_, table=heldout):
        rows = evaluate(model, tasks_, status=status, context=TaskContext(heldout=table)).predictions.to_pylist()
        return {r["task"]: r["eval_id"] for r in rows}

    first = {r["task"]: r["eval_id"] for r in found.predictions.to_pylist()}
    assert len(set(first.values())) == 2
    assert ids(digest_model, chosen) == first
    assert ids(replace(digest_model, name="another name"), chosen) == first
    assert not set(ids(replace(digest_model, identity="digest-2"), chosen).values()) & set(first.values())
    assert ids(digest_model, {"cloze": tasks["cloze"](metrics=("accuracy",))})["cloze"] != first["cloze"]
    assert ids(digest_model, chosen, heldout.slice(1))["bits_per_byte"] != first["bits_per_byte"]


def test_progress_ends_with_every_item_of_every_task(digest_model, sums):
    heard = []
    evaluate(digest_model, sums | {"again": sums["gsm8k"]}, status=status, progress=lambda *facts: heard.append(facts))
    assert heard == [("gsm8k", 60, 60), ("again", 60, 60)]


def test_a_metric_that_does_not_exist_stops_before_the_model_is_asked(digest_model, chosen, heldout):
    with pytest.raises(ConfigError, match="did you mean 'accuracy'"):
        evaluate(digest_model, {**chosen, "cloze": tasks["cloze"](metrics=("acuracy",))}, status=status, context=TaskContext(heldout=heldout))
    assert digest_model.asked == []


def test_responses_come_back_to_requests_of_mixed_kinds(digest_model):
    requests = [
        GenerateRequest(prompt="a", stop=(), max_new_tokens=4),
        LoglikelihoodRequest(context="a", continuation="b"),
        GenerateRequest(prompt="c", stop=(), max_new_tokens=4),
        RollingRequest(text="d"),
    ]
    assert respond(digest_model, requests) == [respond(digest_model, [one])[0] for one in requests]
    assert respond(digest_model, []) == []


def test_a_model_that_loses_a_response_is_refused(digest_model):
    digest_model.generate = lambda requests: ["x"] * (len(requests) - 1)
    with pytest.raises(PartError, match=r"1 requests \(GenerateRequest\) got 0 responses"):
        respond(digest_model, [GenerateRequest(prompt="a", stop=(), max_new_tokens=4)])
