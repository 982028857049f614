"""Text of strangers on a terminal: nothing in it may be obeyed."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """Text in which no character can move the cursor, colour the terminal or reorder the line; line ends and tabs stay.

    >>> visible("a" + chr(27) + "[31mb")
    'a␛[31mb'
    """
    return "".join(_shown(c) for c in text)


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return character
    code = ord(character)
    return chr(0x2400 + code) if code < 0x20 else f"<{code:04x}>"  # noqa: PLR2004 - the control pictures cover 0 to 31
