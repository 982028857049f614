r"""What each character is to the words of a text, as tables for compiled kernels, made of this Python's own Unicode data.

Three forms. *dedup* words are runs of ``\w`` in lower case. *gpt3* words are what stands between white space, in lower case, without punctuation
(Brown et al. 2020, appendix C); in ASCII that is the evaluation harness's form. *assay* words are those of a text that was folded first, so that no
other way to write the same words hides them:

- compatibility forms (full-width and mathematical letters, ligatures, presentation forms) are the letters that they stand for, and composed and
  decomposed letters are one: NFKD, as Unicode Standard Annex 15 has it, but for Hangul, which is composed
- case is folded (``str.casefold``), so that what ``str.upper`` or ``str.lower`` makes of a text is the text; the dotless i is an i, its capital is I
- named and numeric entities are the characters that they name, however often their ampersand was escaped; HTML tags are white space, but those of
  elements that stand inside of lines are nothing (`pipelines.text.markup`)
- a hyphen at the end of a line goes with the line's end
- soft hyphens and variation selectors are nothing; letters that look like apostrophes or blanks are punctuation

A symbol is not unfolded, lest a trade mark's sign be two letters; but one letter or digit in another dress is that letter or digit.
"""

# The forms are made of numbers that have no other name.
# ruff: noqa: PLR2004

from __future__ import annotations

import unicodedata
from functools import cache
from html.entities import html5
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.text.characters import LAST, in_category, points_of

Bytes = npt.NDArray[np.uint8]
Uint32 = npt.NDArray[np.uint32]
Uint64 = npt.NDArray[np.uint64]
Int64 = npt.NDArray[np.int64]

# Blocks of the scripts written without spaces (Unicode 15, Blocks.txt), half-width forms and supplements included.
SPACELESS: Final = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F),  # Myanmar
    (0x1780, 0x17FF), (0x19E0, 0x19FF),  # Khmer
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B),  # Han: radicals, signs and numerals
    (0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F), (0x1AFF0, 0x1B16F),  # Hiragana and Katakana
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF),  # Han
)  # fmt: skip

# What a character does, in bits. No bit: it separates words.
KEPT: Final = 1  # part of a word
DELETED: Final = 2  # no part of a word
ALONE: Final = 4  # a word by itself
MARK: Final = 8  # belongs to the character before it
PARTS: Final = 16  # beside DELETED: ends a word where texts are read as parted
LOOKS: Final = 32  # what it is depends on what follows
SEPARATOR: Final = 0

EXPANDS: Final = 1 << 31  # in ``lower``: place << 3 | number of the code points in ``codes`` that stand for the character
_MOST_CODES: Final = 6  # of an expansion; two Arabic ligatures, whole formulas, stay what they are
_MANY: Final = LAST + 1  # entities of two characters stand behind the last code point

# Ignored wherever they stand, though Unicode has some among letters and marks (Default_Ignorable_Code_Point).
_INVISIBLE: Final = ((0xAD, 0xAD), (0x34F, 0x34F), (0x17B4, 0x17B5), (0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_FILLERS: Final = (0x115F, 0x1160, 0x3164, 0xFFA0)  # letters that look like blanks
_APOSTROPHES: Final = (0x2B9, 0x2BB, 0x2BC, 0x2BD)  # to Unicode they are letters
_HYPHENS: Final = "-\u00ad\u2010"
_HANGUL_HEADS: Final = range(0x1100, 0x1113)
_HANGUL: Final = range(0xAC00, 0xD7A4)
_OWN_FOLDS: Final = {"\u0131": "i"}  # its capital is I
_INLINE: Final = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rb rp rt ruby s samp small span strike strong sub sup "
    "time tt u var wbr"
)


class Tables(NamedTuple):
    """Of P code points and the E entities of two characters behind them.

    Attributes:
        kinds: uint8[P + E], the bits above of what a character is folded to.
        lower: uint32[P + E], the code point that it is folded to, or where several stand in ``codes``.
        codes: uint32, code points of those that are folded to several, end to end; all of them are parts of words.
        classes: uint8[P], the order of marks over one letter; all 0 where they stay as they stand.
        entities: uint64, hashes of the names of entities, ascending.
        entity_points: int64, what each stands for; minus that, less 1, where it needs no semicolon.
        inline: uint64, hashes of the names of elements inside of lines, ascending.
    """

    kinds: Bytes
    lower: Uint32
    codes: Uint32
    classes: Bytes
    entities: Uint64
    entity_points: Int64
    inline: Uint64


@cache
def dedup_tables() -> Tables:
    """Words for shingles."""
    kinds = np.where(points_of(r"\w"), np.uint8(KEPT), np.uint8(SEPARATOR))
    kinds[(kinds == KEPT) & _alone()] |= ALONE
    return _in_lower_case(kinds)


@cache
def gpt3_tables() -> Tables:
    """Words as Brown et al. have them: nothing is folded but case."""
    return _in_lower_case(_plain_kinds())


@cache
def assay_tables() -> Tables:
    """Words of folded texts."""
    kinds, names = _assay_kinds(), _names()
    changes, codes = _folds(kinds), list[int]()
    pairs = sorted({text for text, _ in names.values() if len(text) == 2})
    for number, pair in enumerate(pairs):
        changes[_MANY + number] = tuple(code for c in map(ord, pair) for code in changes.get(c, (c,)) if kinds[code] & KEPT)
    lower, folded = np.arange(_MANY + len(pairs), dtype=np.uint32), np.concatenate([kinds, np.zeros(len(pairs), np.uint8)])
    for point, kept in changes.items():
        lower[point] = kept[0] if len(kept) == 1 else EXPANDS | len(codes) << 3 | len(kept) if kept else point
        # One entity is two blanks; other characters and entities that are no part of a word are symbols.
        folded[point] = kinds[kept[0]] if len(kept) == 1 else KEPT if kept else SEPARATOR if point >= _MANY else DELETED | PARTS
        codes += kept if len(kept) > 1 else ()
    folded[[*map(ord, "<&" + _HYPHENS), *_HANGUL_HEADS, *_HANGUL[::28]]] |= LOOKS
    entities = sorted((name_hash(name), text, is_bare) for name, (text, is_bare) in names.items())
    points = [ord(text) if len(text) == 1 else _MANY + pairs.index(text) for _, text, _ in entities]
    return Tables(
        kinds=folded, lower=lower, codes=np.array(codes, np.uint32), classes=_classes(),
        entities=np.array([h for h, _, _ in entities], np.uint64),
        entity_points=np.array([-1 - p if e[2] else p for p, e in zip(points, entities, strict=True)], np.int64),
        inline=np.array(sorted(map(name_hash, _INLINE.split())), np.uint64),
    )  # fmt: skip


def name_hash(name: str) -> int:
    """FNV-1a of a name of an entity or element, as the kernel has it."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 % (1 << 64)
    return h


def _in_lower_case(kinds: Bytes) -> Tables:
    """Tables of a form that folds nothing but case. The dotted capital I is two characters in lower case."""
    lower, dotted = _lower(), 0x130
    kinds = kinds[lower]
    kinds[dotted] = KEPT
    lower[dotted] = EXPANDS | 2
    nothing = np.zeros(0, np.uint64)
    codes, classes = np.array([ord("i"), 0x307], np.uint32), np.zeros(LAST + 1, np.uint8)
    return Tables(kinds=kinds, lower=lower, codes=codes, classes=classes, entities=nothing, entity_points=np.zeros(0, np.int64), inline=nothing)


def _lower() -> Uint32:
    """Lower case of every code point. A capital sigma has none here, the dotted I the first of its two."""
    points = np.arange(LAST + 1, dtype=np.uint32)
    plain = np.ones(LAST + 1, np.bool_)
    plain[0xD800:0xE000] = False  # surrogates: no text has them
    plain[[0x03A3, 0x0130]] = False
    points[plain] = np.frombuffer(points[plain].tobytes().decode("utf-32-le").lower().encode("utf-32-le"), np.uint32)
    points[0x0130] = ord("i")
    return points


def _alone() -> npt.NDArray[np.bool_]:
    found = np.zeros(LAST + 1, np.bool_)
    for low, high in SPACELESS:
        found[low : high + 1] = True
    return found


def _plain_kinds() -> Bytes:
    kinds = np.full(LAST + 1, KEPT, np.uint8)
    kinds[in_category("P") | in_category("S") | in_category("Cf")] = DELETED
    kinds[in_category("M")] |= MARK
    kinds[(kinds == KEPT) & _alone()] |= ALONE
    kinds[points_of(r"\s")] = SEPARATOR
    return kinds


def _assay_kinds() -> Bytes:
    """Before anything is folded."""
    kinds = _plain_kinds()
    kinds[in_category("Cc") & (kinds != SEPARATOR)] = DELETED
    kinds[[*_FILLERS, *_APOSTROPHES]] = DELETED
    kinds[kinds == DELETED] |= PARTS
    for low, high in _INVISIBLE:
        kinds[low : high + 1] = DELETED
    return kinds


def _folds(kinds: Bytes) -> dict[int, tuple[int, ...]]:
    """Code points that are folded to others, of which only those stay that are part of words."""
    points = [p for p in range(1, 0x40000) if not 0xD800 <= p < 0xE000 and p not in _HANGUL]
    decomposed = unicodedata.normalize("NFKD", "\0".join(map(chr, points)))
    folded = unicodedata.normalize("NFKD", _own(decomposed).casefold()).split("\0")
    found = {}
    for point, text in zip(points, folded, strict=True):
        kept = tuple(code for code in map(ord, text) if kinds[code] & KEPT)
        if text != chr(point) and (len(kept) <= _MOST_CODES if kinds[point] & KEPT else kinds[point] & PARTS and _in_dress(point, kept)):
            found[point] = kept
    return found


def _in_dress(symbol: int, kept: tuple[int, ...]) -> bool:
    """Whether a symbol is one letter or digit, and is not raised like a trade mark's sign."""
    return len(kept) == 1 and not unicodedata.decomposition(chr(symbol)).startswith("<super>")


def _classes() -> Bytes:
    """The canonical combining class of each code point; only marks have one."""
    classes = np.zeros(LAST + 1, np.uint8)
    for point in np.flatnonzero(in_category("M")):
        classes[point] = unicodedata.combining(chr(point))
    return classes


def _own(text: str) -> str:
    return text.translate({ord(old): new for old, new in _OWN_FOLDS.items()})


def _names() -> dict[str, tuple[str, bool]]:
    """Named entities: what each stands for, and whether it needs no semicolon."""
    return {name[:-1]: (text, name[:-1] in html5) for name, text in html5.items() if name.endswith(";")}
