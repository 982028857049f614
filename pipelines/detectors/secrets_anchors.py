"""Where the words stand that give a secret away: one compiled scan of the bytes for all of them, in capitals or not.

Every word is looked for by three of its bytes that are rare in text. Most text has none of those, and is left after one look at a table a byte.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.text.compile import kernel
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pyarrow as pa

    Bytes = npt.NDArray[np.uint8]
    Int64 = npt.NDArray[np.int64]

SHORTEST: Final = 3  # bytes of an anchor
_COMMON: Final = b"etaoinshrdlucmfwypvbgkqjxz"  # letters of English, the commonest first; every other byte is rarer than they are
_FACTOR: Final = 2_654_435_761  # Knuth's, of multiplicative hashing: the golden ratio in 32 bits
_LOW_24: Final = 0xFFFFFF
_LOW_32: Final = 0xFFFFFFFF
_ROOM: Final = 64
_BYTES_A_HIT: Final = 512
_MOST_BUCKETS: Final = 255


@dataclass(frozen=True, slots=True)
class Anchors:
    """Words laid out for the scan: those of bucket b are ``first[b]`` to ``first[b + 1]``.

    Attributes:
        table: bucket of a hash of three bytes; 0 where no word has them.
        first: where a bucket's words begin.
        words: their bytes, one word after the other.
        starts: where each word begins.
        shifts: which of its bytes is the first of the three.
        numbers: each word's place among those given.
    """

    table: Bytes
    first: Int64
    words: Bytes
    starts: Int64
    shifts: Int64
    numbers: Int64


def laid_out(words: Sequence[bytes]) -> Anchors:
    """Words in lower case, each of three bytes or more."""
    shifts = [_rarest(word) for word in words]
    places = [_place(int.from_bytes(word[at : at + 3], "big")) for word, at in zip(words, shifts, strict=True)]
    distinct = sorted(set(places))
    if len(distinct) > _MOST_BUCKETS:
        raise ValueError(f"{len(distinct)} words that share no three bytes; at most {_MOST_BUCKETS} are looked for at once")
    table = np.zeros(1 << 16, np.uint8)
    table[distinct] = np.arange(1, len(distinct) + 1)
    order = sorted(range(len(words)), key=lambda number: (places[number], number))
    first = np.searchsorted([places[number] for number in order], [-1, *distinct, 1 << 16])
    lengths = [len(words[number]) for number in order]
    return Anchors(
        table=table,
        first=first.astype(np.int64),
        words=np.frombuffer(b"".join(words[number] for number in order), np.uint8),
        starts=np.cumsum([0, *lengths], dtype=np.int64),
        shifts=np.array([shifts[number] for number in order], np.int64),
        numbers=np.array(order, np.int64),
    )


def anchored(texts: pa.Array, anchors: Anchors) -> Int64:
    """Rows (text, number of the word, its first byte), sorted; bytes count from the beginning of the array's buffer, as Arrow's offsets do."""
    offsets, data = utf8_buffers(texts)
    room = _ROOM + int(offsets[-1] - offsets[0]) // _BYTES_A_HIT
    while True:
        rows = np.empty((room, 3), np.int64)
        a = anchors
        found = _scan(data, offsets, _folded(), a.table, a.first, a.words, a.starts, a.shifts, rows)
        if found <= room:
            rows = rows[:found]
            rows[:, 1] = anchors.numbers[rows[:, 1]]
            return rows[np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))]
        room = found  # text that is denser than most is scanned twice


def _rarest(word: bytes) -> int:
    """Where the three bytes of a word begin that are rarest in text."""
    return max(range(len(word) - 2), key=lambda at: sum(map(_rarity, word[at : at + 3])))


def _rarity(byte: int) -> int:
    return _COMMON.index(byte) if byte in _COMMON else len(_COMMON)


def _place(three: int) -> int:
    return (three * _FACTOR & _LOW_32) >> 16


def _folded() -> Bytes:
    """Every byte, capitals of ASCII as small letters."""
    return np.frombuffer(bytes(range(256)).lower(), np.uint8)


@kernel
def _scan(data: Bytes, offsets: Int64, folded: Bytes, table: Bytes, first: Int64, words: Bytes, starts: Int64, shifts: Int64, out: Int64) -> int:
    """Fills rows as ``anchored`` says, unsorted, and returns how many there are, whether they had room or not."""
    n = 0
    for text in range(len(offsets) - 1):
        base, end = offsets[text], offsets[text + 1]
        three = 0
        for i in range(base, end):
            three = (three << 8 | int(folded[data[i]])) & _LOW_24
            bucket = table[(three * _FACTOR & _LOW_32) >> 16]
            if bucket == 0:
                continue
            for word in range(first[bucket], first[bucket + 1]):
                low, length = i - 2 - shifts[word], starts[word + 1] - starts[word]
                if low < base or low + length > end:
                    continue
                k = 0
                while k < length and folded[data[low + k]] == words[starts[word] + k]:
                    k += 1
                if k == length:
                    if n < len(out):
                        out[n, 0] = text
                        out[n, 1] = word
                        out[n, 2] = low
                    n += 1
    return n
