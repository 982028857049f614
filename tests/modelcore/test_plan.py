from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from modelcore.data import TokenStream
from modelcore.plan import Plan
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from modelcore.config import TrainConfig
    from pipelines.contract.parts import Table

Rows = list[tuple[str, str, str, list[int]]]


def test_steps_and_documents_agree_with_a_replay_of_every_token(shards_of: Callable[..., Table], text_rows: Rows, tiny: TrainConfig) -> None:
    # The replay is written apart: it lays out the stream as a list and asks the plan for nothing but the rows of a step.
    plan = Plan.read(shards_of(text_rows, 7), replace(tiny, max_steps=60))
    stream = [(doc_id, i) for doc_id, _, split, ids in sorted(text_rows) if split == "train" for i in range(len(ids))]
    steps_of = defaultdict(set)
    for step in range(1, 61):
        told = [(span.doc_id, span.start + i) for span in plan.documents_of(step) for i in range(span.length)]
        replayed = [token for row in plan.rows(step) for token in stream[row * 16 : row * 16 + 17]]
        assert told == replayed
        for doc_id, _ in replayed:
            steps_of[doc_id].add(step)
    assert plan.packing.num_rows * 2 < 60 * 8, "the replay should reach a third epoch"
    for doc_id, _, split, _ in text_rows:
        if split == "train":
            assert plan.steps_of(doc_id) == sorted(steps_of[doc_id])


def test_a_batch_holds_the_tokens_and_sources_that_its_spans_name(shards_of: Callable[..., Table], text_rows: Rows, tiny: TrainConfig) -> None:
    shards = shards_of(text_rows)
    plan = Plan.read(shards, tiny)
    stream = TokenStream.read(shards, plan.documents, 300)
    ids, sources = {row[0]: row[3] for row in text_rows}, {row[0]: row[1] for row in text_rows}
    for step in (1, 5, 9):
        spans = plan.documents_of(step)
        tokens = [token for span in spans for token in ids[span.doc_id][span.start : span.start + span.length]]
        names = np.array([sources[span.doc_id] for span in spans for _ in range(span.length)]).reshape(8, 17)[:, 1:]
        assert plan.batch(stream, step).ravel().tolist() == tokens
        assert np.array_equal(np.array(plan.documents.sources)[plan.sources(step)], names)
        assert all(span.source == sources[span.doc_id] for span in spans)


def test_an_epoch_predicts_every_token_once_but_the_first_and_the_tail(shards_of: Callable[..., Table], text_rows: Rows, tiny: TrainConfig) -> None:
    config = replace(tiny, batch_tokens=16)
    plan = Plan.read(shards_of(text_rows), config)
    predicted = np.concatenate([plan.places(step)[:, 1:].ravel() for step in range(1, plan.packing.num_rows + 1)])
    assert sorted(predicted.tolist()) == list(range(1, plan.packing.num_tokens - plan.packing.num_tail_tokens))


def test_batches_do_not_know_the_files_the_micro_batch_or_the_length_of_the_run(
    shards_of: Callable[..., Table], text_rows: Rows, tiny: TrainConfig
) -> None:
    plan = Plan.read(shards_of(text_rows), tiny)
    other = Plan.read(shards_of(text_rows[::-1], 3), replace(tiny, micro_batch_rows=3, max_steps=500, learning_rate=1.0, num_threads=2))
    assert plan.plan_sha256 == other.plan_sha256
    assert all(np.array_equal(plan.places(step), other.places(step)) for step in range(1, 13))


@pytest.mark.parametrize("change", [{"seed": 1}, {"batch_tokens": 64}])
def test_another_seed_or_batch_is_another_plan(shards_of: Callable[..., Table], text_rows: Rows, tiny: TrainConfig, change: dict[str, Any]) -> None:
    shards = shards_of(text_rows)
    assert Plan.read(shards, tiny).plan_sha256 != Plan.read(shards, replace(tiny, **change)).plan_sha256


def test_another_token_is_another_plan(shards_of: Callable[..., Table], text_rows: Rows, tiny: TrainConfig) -> None:
    changed = [(*text_rows[0][:3], [9, *text_rows[0][3][1:]]), *text_rows[1:]]
    assert Plan.read(shards_of(text_rows), tiny).plan_sha256 != Plan.read(shards_of(changed), tiny).plan_sha256


def test_a_document_in_the_tail_was_met_in_no_step(shards_of: Callable[..., Table], tiny: TrainConfig) -> None:
    plan = Plan.read(shards_of([("a", "s", "train", [1] * 40 + [0]), ("b", "s", "train", [2, 0])]), tiny)
    assert plan.packing.num_rows == 2
    assert plan.steps_of("a") == list(range(1, 13))
    assert plan.steps_of("b") == []


def test_too_little_text_is_refused_with_the_numbers(shards_of: Callable[..., Table], tiny: TrainConfig) -> None:
    for rows, message in (([], "0 training documents hold 0 tokens"), ([("a", "s", "train", [1] * 15 + [0])], "hold 16 tokens, a row needs 17")):
        with pytest.raises(InputError, match=message):
            Plan.read(shards_of(rows), tiny)
