"""AllenAI's decon: seeds, clusters around them, and scores that weigh rare n-grams more."""

# ruff: noqa: RUF001 - the quotation marks that it deletes
from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contamination.definitions.base import Finder, Met, PartText, Token, definitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    Gram = tuple[str, ...]

_PUNCTUATION: Final = frozenset("!'\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~“”‘’—")
_WEIGHT_QUESTION, _WEIGHT_ANSWER = 0.75, 0.25
_FEWEST_NGRAMS: Final = 20  # a question of fewer gives weight to its answer


def words_of(text: str) -> list[Token]:
    """Words in lower case; punctuation parts words."""
    found: list[Token] = []
    start = None
    for place, character in enumerate(f"{text} "):
        is_gap = character.isspace() or character in _PUNCTUATION
        if is_gap and start is not None:
            found.append(Token(text[start:place].lower(), start, place))
        start = None if is_gap else place if start is None else start
    return found


@definitions("decon")
@dataclass(frozen=True, slots=True, kw_only=True)
class Decon:
    """``decon`` of allenai, the definition behind Olmo 3: a question is met where enough of its n-grams, weighed by rarity, stand together.

    Every tenth n-gram of a text is looked up; around one that an item has, n-grams are looked up in both directions until the item has missed
    eleven. The question's score is the share of its distinct n-grams that were met, each weighed by ln(items / items that have it); an answer behind
    the question adds a quarter. A score must be 1 where question and answer have up to 20 words, 0.8 from 50 on, and in between in between.

    Not the same: decon counts tokens of cl100k, whose vocabulary is not here; these are words, of which a text has about a quarter fewer, so that
    20, 50 and the other lengths reach further. Question and context are one question (decon weighs a passage apart, with a tenth), common n-grams
    begin a cluster like others (decon goes on to the next that is not common), and double precision adds up.
    """

    version: ClassVar[int] = 1
    looks_around: ClassVar[bool] = True  # every tenth n-gram is the tenth from the head of the text
    ngram_words: int = 5  # words of an n-gram of the question
    answer_ngram_words: int = 3  # words of an n-gram of a long answer
    sample_every: int = 10  # n-grams of a text from one look-up to the next
    max_misses: int = 11  # n-grams in a row that an item may miss
    min_score: float = 0.8  # score of long items
    perfect_words: int = 20  # words of question and answer up to which the score must be 1
    usual_words: int = 50  # words from which on min_score is enough
    min_words: int = 20  # items of fewer words are not looked for
    min_distinct_words: int = 4  # nor are those of fewer different ones
    short_answer_words: int = 3  # answers of up to so many words must stand there as they are
    short_answer_window: int = 50  # words behind the question in which they must
    long_answer_window: int = 100  # the same for long answers, at least; twice their words otherwise

    def finder(self, parts: Sequence[PartText]) -> Finder:
        """Questions, with the answers that belong to them."""
        return _Questions(self, parts)

    def needed(self, num_words: int) -> float:
        """The score that an item of so many words, question and answer together, must have."""
        reach = (num_words - self.perfect_words) / max(1, self.usual_words - self.perfect_words)
        return 1.0 - (1.0 - self.min_score) * min(1.0, max(0.0, reach))


@dataclass(slots=True, kw_only=True)
class _Question:
    part: int
    tokens: list[Token]
    grams: dict[Gram, list[int]]  # distinct n-grams and where they stand
    answers: list[list[str]] = field(default_factory=list)


class _Questions:
    """Questions by their n-grams."""

    def __init__(self, definition: Decon, parts: Sequence[PartText]) -> None:
        self._definition = definition
        self._questions: list[_Question] = []
        self.looked_for = [False] * len(parts)
        answers = defaultdict(list)
        for number, part in enumerate(parts):
            if part.role == "label":
                answers[part.benchmark, part.item_id].append((number, [token.text for token in words_of(part.text)]))
        for number, part in enumerate(parts):
            if part.role != "label":
                tokens, its = words_of(part.text), answers[part.benchmark, part.item_id]
                words = [token.text for token in tokens] + [word for _, answer in its for word in answer]
                if len(words) >= definition.min_words and len(set(words)) >= definition.min_distinct_words and len(tokens) >= definition.ngram_words:
                    grams = _grams([token.text for token in tokens], definition.ngram_words)
                    self._questions.append(_Question(part=number, tokens=tokens, grams=grams, answers=[answer for _, answer in its]))
                    self.looked_for[number] = True
                    for label, _ in its:
                        self.looked_for[label] = True
        self._of_gram: dict[Gram, list[int]] = defaultdict(list)
        for place, question in enumerate(self._questions):
            for gram in question.grams:
                self._of_gram[gram].append(place)
        total = len(self._questions)
        self._weights = {gram: math.log(total / len(of)) for gram, of in self._of_gram.items()}
        counts = Counter(g for q in self._questions for a in q.answers for g in set(_grams(a, definition.answer_ngram_words)))
        self._answer_weights = {gram: math.log(max(total, 2) / count) for gram, count in counts.items()}

    def find(self, text: str) -> list[Met]:
        """Questions whose score in a cluster is high enough."""
        tokens = words_of(text)
        words = [token.text for token in tokens]
        n = self._definition.ngram_words
        found: list[Met] = []
        place = 0
        while place + n <= len(words):
            here = self._of_gram.get(tuple(words[place : place + n]))
            if not here:
                place += self._definition.sample_every
                continue
            clusters = self._expanded(words, place, here)
            found += [met for number, seen in sorted(clusters.items()) if (met := self._scored(self._questions[number], seen, tokens, words))]
            place = max(max(seen) for seen in clusters.values()) + 1
        return sorted(found, key=lambda met: (met.start, met.end, met.part))

    def _expanded(self, words: list[str], hit: int, here: Sequence[int]) -> dict[int, list[int]]:
        """For each question that has the n-gram at a place, the places of its n-grams around it."""
        seen = {number: [hit] for number in here}
        for step in (-1, 1):
            misses = dict.fromkeys(here, 0)
            place = hit + step
            while misses and 0 <= place <= len(words) - self._definition.ngram_words:
                having = set(self._of_gram.get(tuple(words[place : place + self._definition.ngram_words]), ()))
                for number in list(misses):
                    misses[number] = 0 if number in having else misses[number] + 1
                    if number in having:
                        seen[number].append(place)
                    elif misses[number] >= self._definition.max_misses:
                        del misses[number]
                place += step
        return seen

    def _scored(self, question: _Question, seen: list[int], tokens: list[Token], words: list[str]) -> Met | None:
        n = self._definition.ngram_words
        first, after = min(seen), max(seen) + n
        matched = sorted({tuple(words[place : place + n]) for place in seen})
        total = sum(self._weights[gram] for gram in question.grams)
        overlap = min(1.0, sum(self._weights[gram] for gram in matched) / total) if total > 0 else 0.0
        num_words = len(question.tokens) + sum(map(len, question.answers))
        if self._score(question, overlap, words[after:]) < self._definition.needed(num_words) - 1e-9:
            return None
        covered = sorted({at + i for gram in matched for at in question.grams[gram] for i in range(n)})
        num_edits = covered[-1] - covered[0] + 1 - len(covered)
        return Met(
            part=question.part, num_ngrams=len(matched), coverage=len(covered) / len(question.tokens), start=tokens[first].start,
            end=tokens[after - 1].end, item_start=question.tokens[covered[0]].start, item_end=question.tokens[covered[-1]].end, num_edits=num_edits,
        )  # fmt: skip

    def _score(self, question: _Question, overlap: float, behind: list[str]) -> float:
        if not question.answers:
            return overlap
        confidence = min(1.0, 0.5 + 0.5 * len(question.grams) / _FEWEST_NGRAMS)
        best = max(self._answer_overlap(answer, behind) for answer in question.answers)
        return overlap * _WEIGHT_QUESTION * confidence + best * (_WEIGHT_ANSWER + _WEIGHT_QUESTION * (1.0 - confidence))

    def _answer_overlap(self, answer: list[str], behind: list[str]) -> float:
        rule = self._definition
        if len(answer) <= rule.short_answer_words:
            window = behind[: rule.short_answer_window]
            return float(any(window[i : i + len(answer)] == answer for i in range(len(window) - len(answer) + 1))) if answer else 0.0
        window = behind[: max(rule.long_answer_window, 2 * len(answer))]
        wanted, there = sorted(_grams(answer, rule.answer_ngram_words)), _grams(window, rule.answer_ngram_words)
        total = sum(self._answer_weights[gram] for gram in wanted)
        return sum(self._answer_weights[gram] for gram in wanted if gram in there) / total if total > 0 else 0.0


def _grams(words: list[str], n: int) -> dict[Gram, list[int]]:
    found: dict[Gram, list[int]] = defaultdict(list)
    for place in range(len(words) - n + 1):
        found[tuple(words[place : place + n])].append(place)
    return dict(found)
