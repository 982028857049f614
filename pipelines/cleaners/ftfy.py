"""ftfy (Speer 2019): mojibake, HTML entities, control characters, line breaks and normal form, each repair a change with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from ftfy import TextFixerConfig, fix_text_segment

from pipelines.cleaners.base import cleaners
from pipelines.text.edits import Change, apply, compose, difference

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_ROUNDS: Final = 8
# ftfy has nothing to do in a line of these characters alone: printable ASCII without the ampersand, tab and newline.
_NOT_PLAIN: Final = re.compile(r"[^\t\n -%'-~]")
_SEGMENT_LENGTH: Final = 1_000_000  # ftfy's own bound on the code points that it looks at together


@dataclass(frozen=True, slots=True)
class _Segment:
    start: int
    end: int


@cleaners("ftfy")
@dataclass(frozen=True, kw_only=True)
class Ftfy:
    """The result of ``ftfy.fix_text`` with the configuration below, as changes; texts of plain ASCII cost one scan.

    Where it departs from ftfy's defaults: curly quotes and full-width characters stay, for they are what people wrote (a Chinese comma
    is full-width, and a model should learn both sorts of quotes). NFC makes equal what looks equal, so that exact duplicates and n-grams
    meet, and does not turn a superscript into a digit as NFKC does. Every line break becomes a newline because later steps count lines.
    ``unescape_html`` is ftfy's "auto": entities are resolved until the text shows a ``<``.

    ``fix_text`` is not idempotent (an entity may hide an entity, a repaired line break makes new lines), so it runs until nothing changes;
    a text that still changes after eight rounds is left as it is.
    """

    version: ClassVar[int] = 1
    is_idempotent: ClassVar[bool] = True
    unescape_html: Literal["auto", "always", "never"] = "auto"  # auto: entities are resolved until the text shows a `<`
    fix_latin_ligatures: bool = True  # a ligature becomes its letters
    fix_character_width: bool = False  # full-width characters become narrow ones
    uncurl_quotes: bool = False  # curly quotes become straight ones
    normalization: Literal["NFC", "NFKC", "none"] = "NFC"  # normal form of Unicode

    def changes(self, text: str) -> list[Change]:
        """Replacements, in code points; each is as narrow as its line allows."""
        found: list[Change] = []
        current = text
        for _ in range(_MAX_ROUNDS):
            more = list(self._once(current))
            if not more:
                return found
            found, current = compose(found, more), apply(current, more)
        return []

    def config(self) -> TextFixerConfig:
        """The configuration as ftfy takes it."""
        return TextFixerConfig(
            unescape_html={"auto": "auto", "always": True, "never": False}[self.unescape_html],
            fix_latin_ligatures=self.fix_latin_ligatures,
            fix_character_width=self.fix_character_width,
            uncurl_quotes=self.uncurl_quotes,
            normalization=None if self.normalization == "none" else self.normalization,
            explain=False,
        )

    def _once(self, text: str) -> Iterator[Change]:
        """What one ``fix_text`` would change."""
        auto = self.config()
        literal = auto._replace(unescape_html=False)
        tag = text.find("<") if self.unescape_html == "auto" else -1
        for segment in _segments(text):
            old = text[segment.start : segment.end]
            # ftfy's "auto" stops resolving entities at the first segment with a "<", and for the rest of the text.
            new = fix_text_segment(old, literal if 0 <= tag < segment.end else auto)
            change = difference(old, new, segment.start)
            if change is not None:
                yield change


def _segments(text: str) -> Iterator[_Segment]:
    """The segments that ftfy would cut the text into, lines mostly, without those in which it has nothing to do."""
    odd, done = _NOT_PLAIN.search(text), 0
    while odd is not None:
        line = max(done, text.rfind("\n", done, odd.start()) + 1)
        start = line + (odd.start() - line) // _SEGMENT_LENGTH * _SEGMENT_LENGTH
        line_end = text.find("\n", odd.start()) + 1 or len(text)
        done = min(line_end, start + _SEGMENT_LENGTH)
        yield _Segment(start, done)
        odd = _NOT_PLAIN.search(text, done)
