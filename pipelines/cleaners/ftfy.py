"""ftfy (Speer 2019): mojibake, HTML entities, control characters, line breaks and normal form, each repair a change with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from ftfy import TextFixerConfig, chardata, fix_text_segment
from ftfy.badness import BADNESS_RE

from pipelines.cleaners.base import cleaners
from pipelines.cleaners.unlikely_pairs import unlikely
from pipelines.text.edits import Change, apply, compose, difference
from pipelines.text.normal_form import combining_classes, unstable
from pipelines.text.screening import NUM_POINTS, Screen, screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_MAX_ROUNDS: Final = 8
# Characters that ftfy changes wherever they stand, besides those of its tables: line breaks, C1 controls, and surrogates, which come from JSON only.
_LINE_BREAKS: Final = (0x0D, 0x85, 0x2028, 0x2029)
_C1_CONTROLS: Final = range(0x80, 0xA0)
_SURROGATES: Final = range(0xD800, 0xE000)
_CURLY: Final = re.compile(f"{chardata.SINGLE_QUOTE_RE.pattern}|{chardata.DOUBLE_QUOTE_RE.pattern}")
_SEGMENT_LENGTH: Final = 1_000_000  # ftfy's own bound on the code points that it looks at together


@dataclass(frozen=True, slots=True)
class _Segment:
    start: int
    end: int


@cleaners("ftfy")
@dataclass(frozen=True, kw_only=True)
class Ftfy:
    """The result of ``ftfy.fix_text`` with the configuration below, as changes. Lines without anything that ftfy could repair cost one scan.

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

    def touched(self, texts: pa.Array) -> pa.BooleanArray:
        """Whether each text has a line in which ftfy may find something."""
        return self._screen().touched(texts)

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
        for segment in _segments(self._screen().lines(text)):
            old = text[segment.start : segment.end]
            # ftfy's "auto" stops resolving entities at the first segment with a "<", and for the rest of the text.
            new = fix_text_segment(old, literal if 0 <= tag < segment.end else auto)
            change = difference(old, new, segment.start)
            if change is not None:
                yield change

    def _screen(self) -> Screen:
        return _screen(self)


@cache
def _screen(cleaner: Ftfy) -> Screen:
    """What to look for: in a line without any of it every step of ``fix_text_segment`` leaves all as it is.

    Encodings are repaired where ``badness`` finds something, and nowhere else. A text whose characters all pass the quick check of a normal form is
    in it (Unicode Standard Annex 15, section 9). The other steps look at characters or entities one by one.
    """
    alone = {*chardata.CONTROL_CHARS, *_LINE_BREAKS, *_C1_CONTROLS}
    alone |= {*chardata.LIGATURES} if cleaner.fix_latin_ligatures else set()
    alone |= {*chardata.WIDTH_MAP} if cleaner.fix_character_width else set()
    alone |= {point for point in range(NUM_POINTS) if _CURLY.match(chr(point))} if cleaner.uncurl_quotes else set()
    orders = None
    if cleaner.normalization != "none":
        alone |= unstable(cleaner.normalization)
        orders = combining_classes()
    known = unlikely(BADNESS_RE)
    pairs = () if known is None else known.pairs
    alone |= {*range(0x80, NUM_POINTS)} if known is None else known.alone  # of an expression that is not understood nothing is passed over
    return screen(pairs, alone=alone | {*_SURROGATES}, orders=orders, finds_entities=cleaner.unescape_html != "never")


def _segments(lines: list[tuple[int, int]]) -> Iterator[_Segment]:
    """The segments of some lines as ftfy cuts them: whole, but for those of a million characters."""
    for start, end in lines:
        for place in range(start, end, _SEGMENT_LENGTH):
            yield _Segment(place, min(end, place + _SEGMENT_LENGTH))
