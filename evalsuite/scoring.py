"""From a model and tasks to predictions, and from predictions to scores that carry their doubt."""

from __future__ import annotations

import math
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import pyarrow as pa

from evalsuite import estimates
from evalsuite.base import GenerateRequest, LoglikelihoodRequest, Prediction, RollingRequest, TaskContext, metrics
from evalsuite.parameters import parameters
from evalsuite.registration import unique_items
from pipelines.contract.errors import PartError
from pipelines.contract.manifest import digest
from pipelines.contract.schema import PREDICTIONS, SCORES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from evalsuite.base import Item, Metric, Model, Request, Response, Status, Task

Row = dict[str, Any]
_ITEMS_AT_ONCE: Final = 64  # between two reports of progress; a fixed number, so that batches are the same in every run
_SUBSETS: Final = ("all", "clean", "contaminated", "inexact", "unchecked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Rows of the tables ``predictions`` and ``scores``. A task without items has no row, and is named in ``empty_tasks``."""

    predictions: pa.Table
    scores: pa.Table
    empty_tasks: tuple[str, ...] = ()


def evaluate(
    model: Model,
    tasks: Mapping[str, Task],
    *,
    status: Callable[[str, str], Status],
    context: TaskContext | None = None,
    progress: Callable[[str, int, int], None] = lambda _task, _done, _total: None,
) -> Results:
    """Asks a model every item of every task and scores the answers.

    ``status`` says what the model's own corpus knows of an item (``registration.status_in``). ``progress`` hears the task, the items answered and
    the items in all.

    Raises:
        ConfigError: a task names a metric that does not exist; found out before the model is asked anything.
        InputError: a benchmark file is missing.
        PartError: a task, metric or model breaks its contract.
    """
    with _scorers({name for task in tasks.values() for name in task.metrics}) as scorers:
        rows: list[Row] = []
        empty = []
        for name, task in tasks.items():
            items = unique_items(name, task, context or TaskContext())
            answered = _answered(model, name, task, items, progress)
            head = {"eval_id": eval_id(model, name, task, items), "model": model.name, "task": name}
            empty += [] if items else [name]
            for item, prediction in zip(items, answered, strict=True):
                rows += _rows({**head, **_facts(item), "status": status(name, item.item_id)}, item, prediction, {m: scorers[m] for m in task.metrics})
        return Results(predictions=_table(rows, PREDICTIONS.schema), scores=_scores(rows, scorers), empty_tasks=tuple(empty))


def rescore(predictions: pa.Table, tasks: Mapping[str, Task] | None = None) -> Results:
    """Scores recorded predictions again, without the model.

    Metrics judge the recorded responses anew. With ``tasks``, answers of the tasks named are also extracted anew, so that two extraction rules can
    be compared. The eval_id stays: it names the answering, not the judging.

    Raises:
        ConfigError: a metric of the table does not exist here.
    """
    rows = predictions.to_pylist()
    with _scorers({_base(row["metric"]) for row in rows}) as scorers:
        for row in rows:
            task = (tasks or {}).get(row["task"])
            extracted = task.extract(row["response"]) if task else row["extracted"]
            row.update(_judged(scorers[_base(row["metric"])], Prediction(response=row["response"], extracted=extracted), row["target"]))
        return Results(predictions=_table(rows, PREDICTIONS.schema), scores=_scores(rows, scorers))


def eval_id(model: Model, name: str, task: Task, items: Sequence[Item]) -> str:
    """Hash of everything that decides the predictions: the model, the task, its version and parameters, its metrics, its items."""
    return digest({
        "model": model.identity, "task": name, "version": task.version, "params": parameters(task),
        "metrics": {metric: metrics[metric].version for metric in task.metrics},
        "items": [[item.item_id, _prompt_sha256(item), item.target] for item in items],
    })  # fmt: skip


def respond(model: Model, requests: Sequence[Request]) -> list[Response]:
    """The model's responses in the order of the requests, whatever their kinds.

    Raises:
        PartError: the model gave more or fewer.
    """
    asked: list[tuple[type[Request], Callable[[Any], Sequence[Response]]]] = [
        (LoglikelihoodRequest, model.loglikelihood), (RollingRequest, model.loglikelihood_rolling), (GenerateRequest, model.generate),
    ]  # fmt: skip
    found: dict[int, Response] = {}
    for kind, ask in asked:
        places = [i for i, request in enumerate(requests) if isinstance(request, kind)]
        given = ask([requests[i] for i in places]) if places else []
        if len(given) != len(places):
            raise PartError(f"model {model.name}: {len(places)} requests ({kind.__name__}) got {len(given)} responses")
        found.update(zip(places, given, strict=True))
    return [found[i] for i in range(len(requests))]


def _answered(model: Model, name: str, task: Task, items: Sequence[Item], progress: Callable[[str, int, int], None]) -> Iterator[Prediction]:
    for start in range(0, len(items), _ITEMS_AT_ONCE):
        chunk = items[start : start + _ITEMS_AT_ONCE]
        responses = iter(respond(model, [request for item in chunk for request in item.requests]))
        for item in chunk:
            yield task.predict(item, [next(responses) for _ in item.requests])
        progress(name, start + len(chunk), len(items))


def _facts(item: Item) -> Row:
    return {"item_id": item.item_id, "prompt_sha256": _prompt_sha256(item), "target": item.target}


def _prompt_sha256(item: Item) -> str:
    return digest([[type(request).__name__, asdict(request)] for request in item.requests])


def _rows(head: Row, item: Item, prediction: Prediction, scorers: Mapping[str, Metric]) -> Iterator[Row]:
    for name, metric in scorers.items():
        judged = {"response": prediction.response, **_judged(metric, prediction, item.target)}
        yield from ({**head, "metric": full, **judged} for full in (name, *(f"{name}:{group}" for group in item.groups)))


def _judged(metric: Metric, prediction: Prediction, target: str) -> Row:
    if metric.reads == "extracted":
        outcome = metric.outcome(prediction.extracted or "", target)
        return {"extracted": prediction.extracted, "score": outcome.score, "weight": outcome.weight}
    outcome = metric.outcome(prediction.response, target)
    return {"extracted": outcome.extracted, "score": outcome.score, "weight": outcome.weight}


def _scores(rows: Sequence[Row], scorers: Mapping[str, Metric]) -> pa.Table:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["task"], row["model"], row["eval_id"], row["metric"]), []).append(row)
    found = []
    for (task, model, evaluation, metric), members in sorted(groups.items()):
        for subset in _SUBSETS:
            chosen = [row for row in members if subset in ("all", row["status"])]
            if chosen:  # a subset without items has no score, rather than a score of nothing
                head = {"eval_id": evaluation, "model": model, "task": task, "metric": metric, "subset": subset}
                found.append({**head, **asdict(_estimate(chosen, _base(metric), scorers[_base(metric)]))})
    return _table(found, SCORES.schema)


def _estimate(rows: Sequence[Row], name: str, metric: Metric) -> estimates.Estimate:
    """The metric's own aggregate with the doubt that belongs to it.

    Raises:
        PartError: the aggregate is not the mean of the items' scores, so the interval would belong to another number.
    """
    scores, weights = [float(row["score"]) for row in rows], [float(row["weight"]) for row in rows]
    found = estimates.share(scores) if metric.estimator == "share" else estimates.ratio(scores, weights)
    answers = [row[metric.reads] or "" for row in rows]
    value = metric.compute(predictions=answers, references=[row["target"] for row in rows])[name]
    if not math.isclose(value, found.value, rel_tol=1e-9, abs_tol=1e-12):
        raise PartError(f"metric {name}: its value is {value}, the mean of its items is {found.value}; the interval is for a mean")
    return found


@contextmanager
def _scorers(names: set[str]) -> Iterator[dict[str, Metric]]:
    """Metrics with a cache of their own that goes with them: ``evaluate`` writes what it aggregates to disk."""
    with tempfile.TemporaryDirectory(prefix="assay-metrics-") as folder:
        yield {name: cast("Any", metrics[name])(cache_dir=folder, seed=0) for name in sorted(names)}


def _base(metric: str) -> str:
    return metric.partition(":")[0]


def _table(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=schema)
