"""Shingles as users of MinHash libraries cut them: words by ``\\w+``, in plain Python."""

from __future__ import annotations

import re

NUM_BANDS, ROWS_A_BAND = 21, 6  # what assay's bands are at 0.8
_WORD = re.compile(r"\w+")


def shingles_of(text: str, num_words: int = 5) -> list[str]:
    """Distinct shingles; a text of fewer words is one."""
    words = _WORD.findall(text.lower())
    return [s for s in {" ".join(words[i : i + num_words]) for i in range(max(1, len(words) - num_words + 1))} if s]
