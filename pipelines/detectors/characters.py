"""What a character is to the scan for personal data, taken from Python's own ``re``, so that the scan agrees with patterns by construction."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipelines.detectors.plausible import PHONE_NUMBER_PUNCTUATION

if TYPE_CHECKING:
    import numpy.typing as npt


def number(value: int) -> Any:
    """A number of numpy's: a kernel that takes one of Python's is compiled anew for each."""
    return np.int64(value)


DIGIT: Final = 1
PHONE_PUNCTUATION: Final = 2  # what libphonenumber takes between two digits, at most four at once
ENDS_EMAIL: Final = number(4)
ENDS_IP: Final = number(8)
ENDS_URL: Final = number(16)
ENDS_AUTHORITY: Final = 32
BLANK: Final = 64
ALPHANUMERIC: Final = 128  # and the four letters that a pattern takes for an i, an s or a k where case does not count
CLASSES: Final[dict[int, re.Pattern[str]]] = {
    DIGIT: re.compile(r"\d"),
    PHONE_PUNCTUATION: re.compile(PHONE_NUMBER_PUNCTUATION, re.IGNORECASE),
    ENDS_EMAIL: re.compile(r'[\s"(),:;<>\[\]\\]'),
    ENDS_IP: re.compile(r"[^0-9A-Za-z:.%/]"),
    ENDS_URL: re.compile(r"[\s<>\"']"),
    ENDS_AUTHORITY: re.compile(r"[\s/?#<>\"']"),
    BLANK: re.compile(r"\s"),
    ALPHANUMERIC: re.compile(r"[A-Z\d]", re.IGNORECASE),
}


@cache
def facts() -> npt.NDArray[np.uint8]:
    """The bits of every code point."""
    found = np.full(0x110000, ENDS_IP, np.uint8)
    everything = np.arange(0x110000, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    other = re.compile(rf"[\x00-\x7f\s\dA-Z]|{PHONE_NUMBER_PUNCTUATION}", re.IGNORECASE)  # the rest is in no class but ENDS_IP
    for match in other.finditer(everything):
        found[match.start()] = sum(int(bit) for bit, pattern in CLASSES.items() if pattern.fullmatch(match[0]))
    return found
