"""Text of an HTML page, behind a guard: extraction takes time that grows with nesting times size, and an attacker can choose both."""

from __future__ import annotations

import re
from typing import Final

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree

# Deepest nesting times number of tags. 100,000 nested <div>, 500 KB, took 407 s; at this bound it is 0.4 s, and half a million tags may still
# nest 32 deep. The same product bounds the nodes that unclosed formatting elements, which HTML opens again in every block, can make.
MAX_TREE_WORK: Final = 1 << 24
_TAG: Final = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Elements that have no end tag, or whose end tag may be left out because the next one closes them: they do not nest by being left open.
_FLAT: Final = frozenset(
    b"area base br col embed hr img input link meta source track wbr p li dt dd tr td th thead tbody tfoot option optgroup rp rt colgroup a".split()
)


class TooDeep(Exception):
    """A page whose tree would take too long to walk. Never leaves the package: a source turns it into a Fault."""

    def __init__(self) -> None:
        """The message is the same for all."""
        super().__init__("the page's elements nest so deep that its text would take too long to find")


def plain_text(html: bytes, charset: str | None, *, main_content: bool) -> str:
    """The page, or its main content, as plain text with its line breaks; "" where it has none.

    Args:
        html: the page's bytes.
        charset: the encoding that was declared; without it the bytes decide.
        main_content: leaves out menus, headers, footers and the like.

    Raises:
        TooDeep: nesting times number of tags passes the bound.
        ValueError, LookupError: the page cannot be parsed.
    """
    if tree_work(html) > MAX_TREE_WORK:
        raise TooDeep
    tree = HTMLTree.parse_from_bytes(html, charset or detect_encoding(html) or "utf-8", errors="replace")
    return str(extract_plain_text(tree, preserve_formatting=True, main_content=main_content, alt_texts=False))


def declared_charset(html: bytes) -> str | None:
    """The encoding that a page without a server names in its own head, None where it names none."""
    return detect_encoding(html, from_html_meta=True) if b"charset" in html[:1024].lower() else None


def tree_work(html: bytes) -> int:
    """Deepest nesting times number of tags; for few tags their square, which is no less, and costs no walk.

    >>> tree_work(b"<div><div></div></div>")
    16
    """
    num_tags = html.count(b"<")
    if num_tags * num_tags <= MAX_TREE_WORK:
        return num_tags * num_tags
    depth = deepest = 0
    for tag in _TAG.finditer(html):
        closes, name = tag.groups()
        if name.lower() not in _FLAT:
            depth = max(0, depth - 1) if closes else depth + 1
            deepest = max(deepest, depth)
    return deepest * num_tags
