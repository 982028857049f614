"""Log-likelihoods as a recorded response: JSON that holds all a metric needs, so that scores can be made again without the model."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalsuite.base import Prediction, Scored
from pipelines.contract.errors import PartError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalsuite.base import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihoods:
    """Log-likelihood and size of each text that a model was asked about."""

    logprob_nats: tuple[float, ...]
    num_bytes: tuple[int, ...]


def record(responses: Sequence[Response], texts: Sequence[str]) -> Prediction:
    """The responses as JSON; ``texts`` are what counts as the size of each answer.

    Raises:
        PartError: a model answered with something else, or with a log-likelihood that is no finite number.
    """
    scored = [response for response in responses if isinstance(response, Scored)]
    if len(scored) != len(texts) or len(scored) != len(responses):
        raise PartError(f"a model gave {len(scored)} log-likelihoods for {len(texts)} requests")
    if not all(math.isfinite(s.logprob_nats) for s in scored):
        raise PartError("a model gave a log-likelihood that is no finite number; are its weights sound, is its precision enough?")
    fields = {
        "logprob_nats": [s.logprob_nats for s in scored],
        "num_bytes": [len(text.encode()) for text in texts],
        "num_tokens": [s.num_tokens for s in scored],
        "is_greedy": [s.is_greedy for s in scored],
    }
    return Prediction(response=json.dumps(fields, allow_nan=False))


def read(response: str) -> Likelihoods:
    """The way back.

    Raises:
        PartError: the response holds no log-likelihoods.
    """
    try:
        fields = json.loads(response)
        found = Likelihoods(logprob_nats=tuple(map(float, fields["logprob_nats"])), num_bytes=tuple(map(int, fields["num_bytes"])))
    except (ValueError, KeyError, TypeError) as error:
        raise PartError(f"a recorded response holds no log-likelihoods ({type(error).__name__}); was it made by another task?") from None
    if not found.logprob_nats or len(found.logprob_nats) != len(found.num_bytes):
        raise PartError(f"a recorded response holds {len(found.logprob_nats)} log-likelihoods of {len(found.num_bytes)} texts")
    return found
