"""Other ways to write a text, a function each: what copies of benchmark items look like where they are met."""

from __future__ import annotations

import html
import random
import re
import string
import textwrap
import unicodedata
from collections.abc import Callable
from typing import Final

Change = Callable[[str, random.Random], str]
_FULL_WIDTH: Final = {point: point + 0xFEE0 for point in range(0x21, 0x7F)}
_BOLD: Final = {ord(c): 0x1D400 + i for i, c in enumerate(string.ascii_uppercase + string.ascii_lowercase)}
_LIGATURES: Final = {"ffi": "\ufb03", "ffl": "\ufb04", "ff": "\ufb00", "fi": "\ufb01", "fl": "\ufb02"}
_TYPOGRAPHIC: Final = {"'": "\u2019", '"': "\u201c", "-": "\u2011", "...": "\u2026"}
_OTHER_WORDS: Final = ("something", "blue", "quickly", "seven", "perhaps", "window")  # what a word is changed to, or is added
_LINE: Final = 42  # characters
_BLANKS: Final = re.compile(r"\s+")


def changed_blanks(between: str) -> Change:
    """Blanks become something else."""
    return lambda text, _: _BLANKS.sub(lambda _: between, text)


def _every_other_blank(between: str) -> Change:
    return lambda text, draw: _BLANKS.sub(lambda found: between if draw.random() < 1 / 2 else found[0], text)


def _words_changed(change: Callable[[list[str], int, random.Random], list[str]]) -> Change:
    """One word changed, not the first or the last."""

    def changed(text: str, draw: random.Random) -> str:
        words = text.split(" ")
        return " ".join(change(words, draw.randrange(1, max(2, len(words) - 1)), draw))

    return changed


def _within(inserted: str) -> Change:
    """Something between the letters of every fourth word."""
    return lambda text, draw: re.sub(r"\w{3,}", lambda found: found[0][:2] + inserted + found[0][2:] if draw.random() < 1 / 4 else found[0], text)


def _markup(text: str, draw: random.Random) -> str:
    """A paragraph of HTML: some words in elements, some blanks as breaks of lines."""
    marked = [draw.choice([f"<b>{word}</b>", f'<a href="/x?y=1">{word}</a>', *[word] * 6]) for word in html.escape(text, quote=False).split()]
    return '<div class="q">\n<p>' + "".join(f"{word}{draw.choice(['<br>', ' '])}" for word in marked) + "</p></div>"


def _entities(text: str, draw: random.Random) -> str:
    escaped = html.escape(text).replace("&#x27;", "&rsquo;")
    numbered = re.sub(r"(?<=\s)[A-Za-z](?=\w)", lambda found: f"&#{ord(found[0])};" if draw.random() < 1 / 2 else f"&#x{ord(found[0]):x};", escaped)
    return _every_other_blank("&nbsp;")(numbered, draw)


def _ligatures(text: str, _: random.Random) -> str:
    for letters, ligature in _LIGATURES.items():
        text = text.replace(letters, ligature)
    return text


def _typographic(text: str, _: random.Random) -> str:
    for plain, mark in _TYPOGRAPHIC.items():
        text = text.replace(plain, mark)
    return text


def _hyphenated(text: str, draw: random.Random) -> str:
    """Lines of a narrow column, every other of which ends inside a word."""
    return re.sub(r"(\w{3})(\w{3,})", lambda found: f"{found[1]}-\n{found[2]}" if draw.random() < 1 / 5 else found[0], text)


def _half(text: str, draw: random.Random) -> str:
    words = text.split(" ")
    return " ".join(words[: len(words) // 2] if draw.random() < 1 / 2 else words[len(words) // 2 :])


def _reordered(text: str, _: random.Random) -> str:
    """The clauses in the other order."""
    clauses = re.split(r"(?<=[.,;?!])\s+", text)
    return " ".join(reversed(clauses if len(clauses) > 1 else [text[len(text) // 2 :].strip(), text[: len(text) // 2].strip()]))


WRITTEN: Final[dict[str, Change]] = {
    "verbatim": lambda text, _: text,
    "punctuation: none": lambda text, _: "".join(c for c in text if c not in string.punctuation),
    "punctuation: blanks": lambda text, _: re.sub(f"[{re.escape(string.punctuation.replace(chr(39), ''))}]", " ", text),
    "punctuation: typographic": _typographic,
    "punctuation: tokens of their own": lambda text, _: re.sub(r"\s*('\w+|[^\w\s'])\s*", r" \1 ", text),
    "case: capitals": lambda text, _: text.upper(),
    "case: small": lambda text, _: text.lower(),
    "markup": _markup,
    "markup: no blanks": changed_blanks("</span><span>"),
    "entities": _entities,
    "entities: escaped twice": lambda text, draw: _entities(text, draw).replace("&", "&amp;"),
    "line breaks": lambda text, _: "\r\n    ".join(textwrap.wrap(text, _LINE)),
    "hyphenation": _hyphenated,
    "soft hyphens": _within("\u00ad"),
    "zero-width: in words": _within("\u200b"),
    "zero-width: for blanks": changed_blanks("\u200b"),
    "full-width": lambda text, _: text.translate(_FULL_WIDTH),
    "mathematical letters": lambda text, _: text.translate(_BOLD),
    "ligatures": _ligatures,
    "decomposed": lambda text, _: unicodedata.normalize("NFD", text),
    "joined by _": changed_blanks("_"),
    "joined by /": changed_blanks("/"),
    "joined by hyphens": _every_other_blank("-"),
}
WORDS: Final[dict[str, Change]] = {
    "a word changed": _words_changed(lambda words, at, draw: [*words[:at], draw.choice(_OTHER_WORDS), *words[at + 1 :]]),
    "a word left out": _words_changed(lambda words, at, _: [*words[:at], *words[at + 1 :]]),
    "a word added": _words_changed(lambda words, at, draw: [*words[:at], draw.choice(_OTHER_WORDS), *words[at:]]),
}
PIECES: Final[dict[str, Change]] = {"half of it": _half, "clauses in another order": _reordered}
