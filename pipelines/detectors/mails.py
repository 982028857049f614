"""E-mail addresses that presidio's pattern does not see.

They are glued to other letters, stand behind a slash, are written in full-width characters, or have ``%40`` or "at" in brackets in the place of
the ``@``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tldextract import TLDExtract

from pipelines.detectors import windows
from pipelines.detectors.base import Span
from pipelines.detectors.finders import Finder

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES: Final = TLDExtract(suffix_list_urls=(), cache_dir=None)  # the snapshot in the package: no network, no cache on disk

_SCORE: Final = 0.9
_FULL_WIDTH: Final = {0xFF01 + n: chr(0x21 + n) for n in range(94)} | {0x3002: ".", 0xFF61: ".", 0xFE6B: "@", 0xFE52: "."}
_ENDS_HOST: Final = frozenset("/?#")
_BEFORE_LOCAL: Final = frozenset("/?#=&~!$'*+-.^`{|}")  # what presidio's pattern takes for part of what stands before the @, and ours does not
_GLUED_RULES: Final = frozenset({"email.after_letters", "email.after_slash", "email.full_width"})
_LOCAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}$")
_DOMAIN: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])")
_AT: Final = re.compile(r"@|%40| ?[\[({] ?at ?[\])}] ?", re.IGNORECASE)
_DOT: Final = r"(?:\.| ?[\[({] ?dot ?[\])}] ?| dot )"
_SPOKEN_DOMAIN: Final = re.compile(rf"(?:[A-Za-z0-9][A-Za-z0-9-]{{0,62}}{_DOT}){{1,8}}[A-Za-z]{{2,24}}(?![A-Za-z0-9])", re.IGNORECASE)
_ANY_DOT: Final = re.compile(_DOT, re.IGNORECASE)


def _find(text: str, _low: int, _high: int) -> Iterator[Span]:
    folded = text.translate(_FULL_WIDTH)
    for at in _AT.finditer(folded):
        local = _LOCAL.search(folded, max(0, at.start() - 65), at.start())
        domain = (_SPOKEN_DOMAIN if len(at[0]) > len("%40") else _DOMAIN).match(folded, at.end())
        if local and domain and _exists(_ANY_DOT.sub(".", domain[0])):
            start, end = local.start(), domain.end()
            rule = _rule(at[0], folded[max(0, start - 1) : start], is_folded=folded[start:end] != text[start:end])
            yield Span(start=start, end=end, entity="EMAIL_ADDRESS", score=_SCORE, recognizer="WrittenEmails", rule=rule)


def _find_glued(text: str, low: int, high: int) -> Iterator[Span]:
    """What presidio's pattern takes more for an address than is one: letters of any script, digits and underscores; and what its check makes of it.

    The check reads "jobs/jane@acme.org" as a web address whose host is "jobs", which is no domain.
    """
    is_glued = not text.isascii() or "_" in text
    if is_glued or not _ENDS_HOST.isdisjoint(text):
        rules = _GLUED_RULES if is_glued else {"email.after_slash"}
        yield from (span for span in _find(text, low, high) if span.rule in rules)


def _rule(at: str, before: str, *, is_folded: bool) -> str:
    if at == "%40":
        return "email.percent"
    if at != "@":
        return "email.at_in_brackets"
    if is_folded:
        return "email.full_width"
    return "email.after_slash" if before in _BEFORE_LOCAL else "email.after_letters"


@lru_cache(maxsize=1 << 12)
def _exists(domain: str) -> bool:
    """Whether a domain ends in a public suffix."""
    return bool(SUFFIXES(domain).fqdn)


FINDERS: Final = (
    Finder((windows.EMAIL,), frozenset({"EMAIL_ADDRESS"}), _SCORE, _find_glued),
    Finder((windows.EMAIL_OTHERWISE,), frozenset({"EMAIL_ADDRESS"}), _SCORE, _find),
)
