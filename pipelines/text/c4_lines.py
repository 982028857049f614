"""C4's rules for lines (Raffel et al. 2020, section 2.2), in datatrove's order and wording."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MIN_WORDS: Final = 3
MAX_WORD_CHARACTERS: Final = 1000
_CITATION: Final = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
ENDS: Final = (".", "?", "!", '"', "'")
JAVASCRIPT: Final = "javascript"
LOREM_IPSUM: Final = "lorem ipsum"
POLICIES: Final = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


@dataclass(frozen=True, slots=True, kw_only=True)
class C4Line:
    """A line after C4: the text that stays, or the fault for which it goes."""

    text: str
    fault: str | None  # too_long_word, no_terminal_punctuation, too_few_words, javascript, policy


def judge_line(line: str, *, require_terminal_punctuation: bool = True, min_words: int = MIN_WORDS) -> C4Line:
    """What C4 does with one line: it strips it, takes citation marks out, and keeps it or not. An ellipsis is no terminal punctuation."""
    line = line.strip()
    words = line.split()
    if len(line) > MAX_WORD_CHARACTERS and any(len(word) > MAX_WORD_CHARACTERS for word in words):
        return C4Line(text=line, fault="too_long_word")
    line = _CITATION.sub("", line)
    if require_terminal_punctuation and (not line.endswith(ENDS) or line.endswith("...")):
        return C4Line(text=line, fault="no_terminal_punctuation")
    if len(words) < min_words:
        return C4Line(text=line, fault="too_few_words")
    lower = line.lower()
    if JAVASCRIPT in lower:
        return C4Line(text=line, fault="javascript")
    if any(policy in lower for policy in POLICIES):
        return C4Line(text=line, fault="policy")
    return C4Line(text=line, fault=None)
