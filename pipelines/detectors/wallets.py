"""Addresses of wallets that presidio does not know: it knows Bitcoin's.

Ethereum's with their checksum in upper and lower case (EIP-55), or after a word that says so; Monero's and those of Litecoin, Dogecoin and Dash.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from pipelines.detectors import windows
from pipelines.detectors.base import Span
from pipelines.detectors.finders import Finder

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ETHEREUM: Final = re.compile(r"(?<![0-9A-Za-z])0x[0-9A-Fa-f]{40}(?![0-9A-Za-z])")
_ETHEREUM_NAMED: Final = re.compile(r"\b(?:eth|ethereum|ether|erc-?20|wallet|donat\w*)\b[^\n]{0,40}$", re.IGNORECASE)
_MONERO: Final = re.compile(rf"(?<![0-9A-Za-z])[48][0-9AB][{_ALPHABET}]{{93}}(?![0-9A-Za-z])")
_OTHER: Final = re.compile(rf"(?<![0-9A-Za-z])[LMDX][{_ALPHABET}]{{25,34}}(?![0-9A-Za-z])")
_OTHER_VERSIONS: Final = {0x30: "litecoin", 0x32: "litecoin", 0x1E: "dogecoin", 0x4C: "dash"}
_BLOCK_CHARACTERS, _BLOCK_BYTES, _LAST_BYTES = 11, 8, 5  # of Monero's own base 58: blocks of eight bytes, and the last of five

_MASK: Final = (1 << 64) - 1
_RATE_BYTES: Final = 136


def _rotated(value: int, places: int) -> int:
    return (value << places | value >> (64 - places)) & _MASK if places else value


def _permuted(lanes: list[list[int]]) -> list[list[int]]:
    """Keccak-f[1600] (FIPS 202, section 3.3): 24 rounds of theta, rho and pi, chi, iota."""
    register = 1
    for _ in range(24):
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        spread = [parity[(x + 4) % 5] ^ _rotated(parity[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ spread[x] for y in range(5)] for x in range(5)]
        x, y, moved = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            moved, lanes[x][y] = lanes[x][y], _rotated(moved, (step + 1) * (step + 2) // 2 % 64)
        lanes = [[lanes[x][y] ^ (~lanes[(x + 1) % 5][y] & lanes[(x + 2) % 5][y] & _MASK) for y in range(5)] for x in range(5)]
        for bit in range(7):
            register = (register << 1 ^ (register >> 7) * 0x71) % 256
            if register & 2:
                lanes[0][0] ^= 1 << ((1 << bit) - 1)
    return lanes


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum and Monero use it: SHA-3 with the padding that it had before it became a standard.

    >>> keccak256(b"").hex()[:16]
    'c5d2460186f7233c'
    """
    padded = data + b"\x01" + bytes(-(len(data) + 2) % _RATE_BYTES) + b"\x80" if (len(data) + 1) % _RATE_BYTES else data + b"\x81"
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), _RATE_BYTES):
        for lane in range(_RATE_BYTES // 8):
            lanes[lane % 5][lane // 5] ^= int.from_bytes(padded[start + 8 * lane : start + 8 * lane + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lanes[x][0].to_bytes(8, "little") for x in range(4))


def is_ethereum(value: str) -> bool:
    """Whether the case of an address's letters is its checksum (EIP-55).

    >>> is_ethereum("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), is_ethereum("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    (True, False)
    """
    digest = keccak256(value[2:].lower().encode()).hex()
    return all(not letter.isalpha() or letter.isupper() == (int(digit, 16) >= 8) for letter, digit in zip(value[2:], digest, strict=False))  # noqa: PLR2004


def is_monero(value: str) -> bool:
    """Whether an address ends in the first four bytes of the hash of the others."""
    blocks = [value[i : i + _BLOCK_CHARACTERS] for i in range(0, len(value), _BLOCK_CHARACTERS)]
    sizes = [_BLOCK_BYTES] * (len(blocks) - 1) + [_LAST_BYTES]
    numbers = [_number(block) for block in blocks]
    if any(number >= 1 << 8 * size for number, size in zip(numbers, sizes, strict=True)):
        return False
    data = b"".join(number.to_bytes(size, "big") for number, size in zip(numbers, sizes, strict=True))
    return keccak256(data[:-4])[:4] == data[-4:]


def other_coin(value: str) -> str | None:
    """The coin of an address in base 58 with a version and a checksum of four bytes, or None."""
    number = _number(value)
    if number >> 200:
        return None
    data = number.to_bytes(25, "big")
    checksum = hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4]
    return _OTHER_VERSIONS.get(data[0]) if checksum == data[-4:] else None


def _number(value: str) -> int:
    number = 0
    for letter in value:
        number = number * 58 + _ALPHABET.index(letter)
    return number


def _find(text: str, _low: int, _high: int) -> Iterator[Span]:
    for match in _ETHEREUM.finditer(text):
        is_mixed = match[0][2:] not in (match[0][2:].lower(), match[0][2:].upper())
        if is_ethereum(match[0]) if is_mixed else _ETHEREUM_NAMED.search(text, max(0, match.start() - 60), match.start()):
            yield _span(match, "crypto.ethereum" if is_mixed else "crypto.ethereum_after_word")
    for match in _MONERO.finditer(text):
        if is_monero(match[0]):
            yield _span(match, "crypto.monero")
    for match in _OTHER.finditer(text):
        coin = other_coin(match[0])
        if coin:
            yield _span(match, f"crypto.{coin}")


def _span(match: re.Match[str], rule: str) -> Span:
    return Span(start=match.start(), end=match.end(), entity="CRYPTO", score=1.0, recognizer="Wallets", rule=rule)


FINDERS: Final = (Finder((windows.WORD,), frozenset({"CRYPTO"}), 1.0, _find),)
