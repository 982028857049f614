"""GPT-3's cuts, letter for letter as lm-evaluation-harness makes them (``Janitor._split_chunks``, which follows Brown et al. 2020, appendix C).

It differs from `pipelines.contamination.cut` in what it counts and where a bound lies: n-grams are counted, not cuts, so that one quotation of 23
words is more than ten; a piece goes unless it is longer than 200 characters; the window ends at the last character of an n-gram, not behind it, so
that the piece behind it begins one character earlier, unless it is the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contamination.cut import CutRule, Cuts, Span
from pipelines.contamination.definitions.gpt3 import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def plan_janitor_cuts(text: str, runs: Sequence[Span], rule: CutRule) -> Cuts:
    """The spans to take out of a text around runs of n-grams, given as byte spans in any order."""
    if not runs:
        return Cuts(spans=(), num_cuts=0)
    ngrams = _ngrams(text, runs, rule.ngram_words)
    pieces = chunks(len(text), ngrams, rule)
    if pieces is None:
        return Cuts(spans=(), num_cuts=len(ngrams), fault="too_many_cuts")
    if not pieces:
        return Cuts(spans=(), num_cuts=len(ngrams), fault="nothing_left")
    borders = [0, *(border for piece in pieces for border in piece), len(text)]
    gone = [(borders[i], borders[i + 1]) for i in range(0, len(borders), 2) if borders[i] < borders[i + 1]]
    return Cuts(spans=tuple((len(text[:a].encode()), len(text[:b].encode())) for a, b in gone), num_cuts=len(ngrams))


def chunks(length: int, ngrams: Sequence[Span], rule: CutRule) -> list[Span] | None:
    """What is kept of a text of so many characters, as spans; None where it has too many n-grams. An n-gram ends at its last character."""
    kept = []
    splice, end = 0, -1
    if len(ngrams) > rule.max_cuts:
        return None
    for first, last in ngrams:
        start, end = max(0, first - rule.window_characters), min(length, last + rule.window_characters)
        if start - splice > rule.min_piece_characters:
            kept.append((splice, start))
        splice = end
    if end < length - rule.min_piece_characters:
        kept.append((end + 1, length))
    return kept


def _ngrams(text: str, runs: Sequence[Span], n: int) -> list[Span]:
    """Characters of every n-gram of the runs, first and last, in their order; a run of fewer words is one."""
    utf8 = text.encode()
    found = set()
    for run in runs:
        start, end = (len(utf8[:byte].decode()) for byte in run)
        words = words_of(text[start:end])
        for word in range(max(1, len(words) - n + 1)):
            last = words[min(word + n, len(words)) - 1] if words else None
            found.add((start + (words[word].start if words else 0), start + (last.end if last else end - start) - 1))
    return sorted(found)
