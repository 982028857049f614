"""What the metrics share: an ``evaluate.Metric`` whose predictions are recorded responses, and whose value is a weighted mean over items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import datasets
import evaluate

from evalsuite.estimates import weighted_mean

if TYPE_CHECKING:
    from evalsuite.base import Outcome


class ItemMetric(evaluate.Metric):  # type: ignore[misc] # evaluate has no types
    """A mean of outcomes. A metric is a subclass with ``outcome``; its name is its class's name in snake_case, and its module's.

    ``reads`` says which column of a prediction is judged, ``estimator`` how sure the mean is (``estimates.py``). Build it with a ``cache_dir`` and
    a ``seed``: without them ``evaluate`` writes below the home folder and reads numpy's global state.
    """

    version: ClassVar[int]
    reads: ClassVar[Literal["response", "extracted"]] = "response"
    estimator: ClassVar[Literal["share", "ratio"]] = "share"

    @staticmethod
    def outcome(answer: str, target: str) -> Outcome:
        """Score of one item; an answer that could not be extracted is the empty string."""
        raise NotImplementedError

    def _info(self) -> Any:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=self.__doc__, citation="", inputs_description="", features=datasets.Features({"predictions": text, "references": text})
        )

    def _compute(self, *, predictions: list[str], references: list[str]) -> dict[str, float]:
        outcomes = [self.outcome(answer, target) for answer, target in zip(predictions, references, strict=True)]
        return {self.name: weighted_mean([o.score for o in outcomes], [o.weight for o in outcomes])}
