"""Choices that a secret key and a value decide together: the same on every machine, and nothing that anyone can repeat without the key."""

from __future__ import annotations

import hashlib
import hmac
import string
import unicodedata
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
_BYTES: Final = 8  # of a choice: far more than any number of things to choose from, so that none is likelier than another by 1 in 10^15
_ALPHABETS: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)


class Draw:
    """A stream of choices: SHAKE-256 of HMAC-SHA256 of what is replaced. It does not depend on how a release of Python draws random numbers."""

    def __init__(self, key: bytes, message: str) -> None:
        """One stream for each key and message."""
        self._seed = hmac.new(key, message.encode(), hashlib.sha256).digest()
        self._used = 0

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1."""
        self._used += 1
        return int.from_bytes(hashlib.shake_256(self._seed + self._used.to_bytes(4)).digest(_BYTES)) % bound

    def of(self, choices: Sequence[T]) -> T:
        """One of some things."""
        return choices[self.below(len(choices))]

    def digits(self, count: int) -> str:
        """Some digits."""
        return "".join(self.of(string.digits) for _ in range(count))

    def like(self, value: str) -> str:
        """A text of the value's shape: a digit for a digit, a Latin letter of its case for a letter, no combining marks, and all else as it stands.

        >>> Draw(b"key", "message").like("AB-12/x")
        'JQ-89/w'
        """
        return "".join(self._like(character) for character in value)

    def _like(self, character: str) -> str:
        for alphabet in _ALPHABETS:
            if character in alphabet:
                return self.of(alphabet)
        if character.isalpha():
            return self.of(string.ascii_lowercase)
        if character.isnumeric():
            return self.of(string.digits)
        return "" if unicodedata.category(character).startswith("M") else character
