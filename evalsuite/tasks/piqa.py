"""PIQA: which of two ways reaches a goal in the physical world?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from evalsuite import answers
from evalsuite.base import Item, LoglikelihoodRequest, Part, tasks
from evalsuite.local_files import hashes, read_jsonl, read_lines
from evalsuite.sampling import sample
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalsuite.base import Prediction, Response, TaskContext

_WAY_OUT: Final = "put the files of https://github.com/ybisk/ybisk.github.io, piqa/data, in the folder that the task's path names"


@tasks("piqa")
@dataclass(frozen=True, slots=True, kw_only=True)
class Piqa:
    """Physical Interaction: Question Answering (Bisk et al. 2020), prompted as lm-evaluation-harness does.

    ``path`` is a folder with ``valid.jsonl`` and ``valid-labels.lst`` (or ``train``). Parts: the goal and the right solution. Goals are short
    ("dresser"), so none is looked for as a whole; an item whose parts are all too short is unchecked.
    """

    version: ClassVar[int] = 2
    path: Path  # a folder with `valid.jsonl` and `valid-labels.lst`, or the two of `train`
    split: Literal["valid", "train"] = "valid"  # which files are asked
    max_items: int | None = None  # questions at most; without it, all
    metrics: tuple[str, ...] = ("accuracy", "accuracy_norm")  # what is computed of the answers

    @property
    def _files(self) -> tuple[Path, Path]:
        return self.path / f"{self.split}.jsonl", self.path / f"{self.split}-labels.lst"

    def data(self) -> dict[str, str]:
        """Hashes of questions and labels."""
        return hashes(self._files, _WAY_OUT)

    def items(self, context: TaskContext) -> Iterator[Item]:  # noqa: ARG002 - the benchmark is not made of the corpus
        """The labelled questions, in the file's order.

        Raises:
            InputError: a file is missing, broken, or the two are of different lengths.
        """
        questions, labels_file = self._files
        rows = read_jsonl(questions, ("goal", "sol1", "sol2"), _WAY_OUT)
        labels = read_lines(labels_file, _WAY_OUT)
        if len(rows) != len(labels) or not set(labels) <= {"0", "1"}:
            raise InputError(f"{self.path}: {self.split}-labels.lst must hold a 0 or 1 for each of the {len(rows)} questions; {_WAY_OUT}")
        found = [_item(f"{self.split}-{i}", row, label) for i, (row, label) in enumerate(zip(rows, labels, strict=True))]
        yield from sample(found, lambda item: item.item_id, self.max_items)

    def predict(self, item: Item, responses: Sequence[Response]) -> Prediction:
        """Log-likelihoods; the size of a choice is that of the solution, without the space before it."""
        asked = [request for request in item.requests if isinstance(request, LoglikelihoodRequest)]
        return answers.record(responses, [request.continuation.removeprefix(" ") for request in asked])

    def extract(self, response: str) -> str | None:  # noqa: ARG002 - the metrics choose
        """None: the metrics choose."""
        return None


def _item(item_id: str, row: dict[str, str], label: str) -> Item:
    prompt = f"Question: {row['goal']}\nAnswer:"
    solutions = (row["sol1"], row["sol2"])
    return Item(
        item_id=item_id,
        requests=tuple(LoglikelihoodRequest(context=prompt, continuation=f" {solution}") for solution in solutions),
        target=label,
        parts=(Part(name="question", text=row["goal"]), Part(name="answer", text=solutions[int(label)], role="label")),
    )
