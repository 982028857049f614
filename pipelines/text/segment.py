"""Words of scripts written without spaces: there are none to cut by rule, so one character is one word, as in ``pipelines.text.words``."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from pipelines.text.word_forms import SPACELESS

if TYPE_CHECKING:
    from collections.abc import Iterable


def cut_spaceless(words: Iterable[str]) -> list[str]:
    """The words, with each character of a script written without spaces a word by itself, its combining marks beside it.

    >>> cut_spaceless(["東京タワー", "is", "tall"])
    ['東', '京', 'タ', 'ワ', 'ー', 'is', 'tall']
    """
    return [piece for word in words for piece in ((word,) if word.isascii() else _spaceless().findall(word))]


@cache
def _spaceless() -> re.Pattern[str]:
    marks = {c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c).startswith("M")}
    alone = [chr(point) for low, high in SPACELESS for point in range(low, high + 1) if chr(point) not in marks]
    return re.compile(f"[{''.join(alone)}][{''.join(sorted(marks))}]*|[^{''.join(alone)}]+")
