"""GSM8K: grade-school mathematics, answered in words and a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from evalsuite.base import GenerateRequest, Item, Part, Prediction, tasks
from evalsuite.local_files import hashes, read_jsonl
from evalsuite.sampling import rank, sample
from pipelines.contract.errors import InputError, PartError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalsuite.base import Response, TaskContext

_WAY_OUT: Final = "put the files of https://github.com/openai/grade-school-math, grade_school_math/data, in the folder that the task's path names"
# A minus belongs to a number only where nothing is subtracted: 16-3 ends with 3.
_NUMBER: Final = re.compile(r"(?:(?<![\w.)])-)?\$?\d[\d,]*(?:\.\d+)?|(?:(?<![\w.)])-)?\$?(?<!\d)\.\d+")
_MARK: Final = "####"


@tasks("gsm8k")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gsm8k:
    """Grade-school mathematics (Cobbe et al. 2021).

    ``path`` is a folder with ``test.jsonl`` and ``train.jsonl``. The examples shown first are the ``num_shots`` items of the train file that have the
    lowest hash, the same for every question but one that is among them: it is shown the next instead. Parts: the question and the worked answer;
    both are long, so none is looked for as a whole.
    """

    version: ClassVar[int] = 3
    path: Path  # a folder with `test.jsonl` and `train.jsonl`
    split: Literal["test", "train"] = "test"  # which file is asked
    num_shots: int = 5  # worked examples shown before each question
    max_new_tokens: int = 256  # length of an answer at most
    max_items: int | None = None  # questions at most; without it, all
    metrics: tuple[str, ...] = ("exact_match",)  # what is computed of the answers

    def __post_init__(self) -> None:
        """Rejects counts below what makes sense; ``decode`` adds where they stand."""
        if self.num_shots < 0 or self.max_new_tokens < 1 or (self.max_items is not None and self.max_items < 1):
            raise ValueError("num_shots must be 0 or more, max_new_tokens and max_items 1 or more")

    def data(self) -> dict[str, str]:
        """Hashes of the questions and, where examples are shown, of the train file."""
        names = {f"{self.split}.jsonl", "train.jsonl"} if self.num_shots else {f"{self.split}.jsonl"}
        return hashes([self.path / name for name in sorted(names)], _WAY_OUT)

    def items(self, context: TaskContext) -> Iterator[Item]:  # noqa: ARG002 - the benchmark is not made of the corpus
        """The questions, in the file's order.

        Raises:
            InputError: a file is missing or broken, or an answer has no number.
        """
        shots = self._shots()
        rows = read_jsonl(self.path / f"{self.split}.jsonl", ("question", "answer"), _WAY_OUT)
        found = [self._item(f"{self.split}-{i}", row, shots) for i, row in enumerate(rows)]
        yield from sample(found, lambda item: item.item_id, self.max_items)

    def predict(self, item: Item, responses: Sequence[Response]) -> Prediction:
        """The text and its number.

        Raises:
            PartError: a model answered with something else than one text.
        """
        if len(responses) != 1 or not isinstance(responses[0], str):
            raise PartError(f"gsm8k {item.item_id}: expected one text of the model, got {len(responses)} responses")
        return Prediction(response=responses[0], extracted=self.extract(responses[0]))

    def extract(self, response: str) -> str | None:
        """The number after the last ``####``, or else the last number; without thousands separators, currency sign or trailing zeros.

        >>> Gsm8k(path=Path("gsm8k")).extract("She makes 9 * 2 = $18.00 a day.")
        '18'
        """
        marked = _NUMBER.search(response.rpartition(_MARK)[2]) if _MARK in response else None
        numbers = [marked.group()] if marked else [match.group() for match in _NUMBER.finditer(response)]
        return _canonical(numbers[-1]) if numbers else None

    def _shots(self) -> list[dict[str, str]]:
        if self.num_shots == 0:
            return []
        rows = read_jsonl(self.path / "train.jsonl", ("question", "answer"), _WAY_OUT)
        if len(rows) < self.num_shots + (self.split == "train"):
            raise InputError(f"{self.path / 'train.jsonl'}: {len(rows)} items are too few for num_shots {self.num_shots}; lower it, or {_WAY_OUT}")
        return sorted(rows, key=lambda row: rank(row["question"]))[: self.num_shots + 1]

    def _item(self, item_id: str, row: dict[str, str], shots: Sequence[dict[str, str]]) -> Item:
        target = self.extract(row["answer"])
        if target is None:
            raise InputError(f"{self.path}: the answer of {item_id} has no number after {_MARK}; {_WAY_OUT}")
        others = [shot for shot in shots if shot["question"] != row["question"]][: self.num_shots]
        shown = "".join(f"{_question(shot)} {shot['answer']}\n\n" for shot in others)
        request = GenerateRequest(prompt=shown + _question(row), stop=("Question:",), max_new_tokens=self.max_new_tokens)
        parts = (Part(name="question", text=row["question"]), Part(name="answer", text=row["answer"], role="label"))
        return Item(item_id=item_id, requests=(request,), target=target, parts=parts)


def _question(row: dict[str, str]) -> str:
    return f"Question: {row['question']}\nAnswer:"


def _canonical(number: str) -> str | None:
    try:
        value = Decimal(number.replace("$", "").replace(",", ""))
    except InvalidOperation:
        return None
    text = format(value, "f")
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if short in {"-0", "0", ""} else short
