"""A model's surprise at each clean text, as a table of signals that rules may judge by: the step ``perplexity`` of the table ``[perplexity]``.

Curation must not know models, so the step stands on this floor and is handed to the runner; what it leaves is a table like that of any family.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import pyarrow as pa

from evalsuite.base import Model, RollingRequest
from pipelines.contract.columns import column
from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import part_id
from pipelines.contract.schema import SURVIVORS
from pipelines.steps.base import LAST, Outcome, Work

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from app.settings import PerplexityConfig
    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation

SIGNALS: Final = pa.schema(
    [
        column("doc_id", pa.string(), "the document"),
        column("bits_per_byte", pa.float64(), "bits that the model needs for a byte of the text; null for an empty text"),
        column("perplexity", pa.float64(), "e to the nats that it needs for a token; null for an empty text"),
        column("num_tokens", pa.int64(), "tokens that the model cuts the text into"),
    ]
)
_DIGITS: Final = 6  # significant ones: below that, sums of float32 depend on the machine


@dataclass(frozen=True)
class ScoreTexts:
    """Scores each text by itself and with one thread, so that neither its neighbours nor the number of cores change a digit."""

    model: Model

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """A row of signals for each text."""
        with _one_thread():
            rows = [self._row(*pair) for pair in zip(batch.column("doc_id").to_pylist(), batch.column("text").to_pylist(), strict=True)]
        return {"signals_perplexity": pa.RecordBatch.from_pylist(rows, schema=SIGNALS)}

    def _row(self, doc_id: str, text: str) -> dict[str, Any]:
        (scored,) = _loaded(cast("Hashable", self.model)).loglikelihood_rolling([RollingRequest(text=text)])
        if not scored.num_tokens:
            return {"doc_id": doc_id, "bits_per_byte": None, "perplexity": None, "num_tokens": 0}
        bits = -scored.logprob_nats / math.log(2) / len(text.encode())
        perplexity = math.exp(min(-scored.logprob_nats / scored.num_tokens, 700.0))
        return {"doc_id": doc_id, "bits_per_byte": _rounded(bits), "perplexity": _rounded(perplexity), "num_tokens": scored.num_tokens}


class Perplexity:
    """See the module."""

    name = "perplexity"
    version = 1
    after: ClassVar[str] = "measure"

    def __init__(self, settings: PerplexityConfig) -> None:
        """Takes the table ``[perplexity]``."""
        self._settings = settings

    def is_wanted(self, config: Curation) -> bool:  # noqa: ARG002
        """Where the run file names a model."""
        return self._settings.model is not None

    def params(self, config: Curation) -> Any:  # noqa: ARG002
        """What the model is, by the hash of its weights; not where it lies."""
        return {"model": self._model().identity}

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """The model backend's version."""
        known = part_id(self._model())
        return {known.label: self._model().version} if known else {}

    def reads(self, config: Curation) -> tuple[Read, ...]:  # noqa: ARG002
        """Texts and who is alive."""
        return (("clean", "texts"), (LAST, SURVIVORS.name))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """The signals, and the survivors as they came."""
        return {"signals_perplexity": SIGNALS, SURVIVORS.name: SURVIVORS.schema}

    def run(self, work: Work) -> Outcome:
        """One pass over the living."""
        texts, survivors = work.table("clean", "texts"), work.table(LAST, SURVIVORS.name)
        body = ScoreTexts(self._model())
        made = work.map(texts, body, {"signals_perplexity": SIGNALS}, columns=["doc_id", "text"], beside=survivors)
        account = work.unchanged(survivors, made["signals_perplexity"])
        return Outcome(tables={**made, SURVIVORS.name: survivors}, account=account)

    def _model(self) -> Model:
        if self._settings.model is None:
            raise ConfigError('perplexity.model: no model is named; give the folder of a checkpoint, as { use = "checkpoint", path = ... }')
        return self._settings.model


@lru_cache(maxsize=2)
def _loaded(model: Hashable) -> Model:
    """The first model of its kind in this process: a body travels to a worker with each piece of work, and weights are read once."""
    return cast("Model", model)


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
