"""Hashes of many short byte strings at once: XXH3 (64 bits) and the first 32 bits of SHA-1, each equal to what the published packages give.

Strings come as spans of one buffer, so that a word or a shingle is hashed where it stands and never becomes a Python object. The compiled kernels
take the lengths that shingles have; the packages (xxhash, hashlib) take the few longer ones.
"""

# Kernels get arrays, not objects, and the algorithms are made of numbers that have no other name.
# ruff: noqa: PLR0917, PLR2004

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
import xxhash

from pipelines.text.compile import inlined, kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Uint32 = npt.NDArray[np.uint32]
    Uint64 = npt.NDArray[np.uint64]
    Int64 = npt.NDArray[np.int64]
    Five = tuple[np.uint32, np.uint32, np.uint32, np.uint32, np.uint32]
    Sixteen = tuple[np.uint32, ...]

# XXH3's default secret (xxHash 0.8, XXH3_kSecret) is needed in its first 192 bytes: as 64-bit words read at every byte.
_SECRET: Final = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364ea"
    "c5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_WORDS: Final = np.array([int.from_bytes(_SECRET[i : i + 8], "little") for i in range(len(_SECRET) - 7)], np.uint64)
_XXH3_LONGEST: Final = 240  # bytes; beyond it XXH3 is another algorithm

_P32_1: Final = np.uint64(0x9E3779B1)
_P32_2: Final = np.uint64(0x85EBCA77)
_P64_1: Final = np.uint64(0x9E3779B185EBCA87)
_P64_2: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_P64_3: Final = np.uint64(0x165667B19E3779F9)
_P64_5: Final = np.uint64(0x27D4EB2F165667C5)
_PMX_1: Final = np.uint64(0x165667919E3779F9)
_PMX_2: Final = np.uint64(0x9FB21C651E98DF25)
_LOW: Final = np.uint64(0xFFFFFFFF)

FNV_BASIS: Final = np.uint64(0xCBF29CE484222325)  # of 64 bits (Fowler, Noll, Vo)
FNV_PRIME: Final = np.uint64(0x100000001B3)

_LANES: Final = 128  # SHA-1 digests computed side by side: their 32 words each stay in the first-level cache
_ONE_BLOCK: Final = 55  # bytes that fit SHA-1's first block beside the padding
_TWO_BLOCKS: Final = 119  # longer strings are left to hashlib


def xxh3_64(data: Bytes, starts: Int64, ends: Int64) -> Uint64:
    """XXH3 with seed 0 of each ``data[start:end]``: uint64[n], equal to ``xxhash.xxh3_64_intdigest``.

    >>> hex(xxh3_64(np.frombuffer(b"shingle", np.uint8), np.array([0]), np.array([7]))[0])
    '0x9caae867f697285a'
    """
    hashes = np.empty(len(starts), np.uint64)
    _xxh3_short(data, starts, ends, _WORDS, hashes)
    for i in np.flatnonzero(ends - starts > _XXH3_LONGEST):
        hashes[i] = xxhash.xxh3_64_intdigest(data[starts[i] : ends[i]].tobytes())
    return hashes


def sha1_hash32(data: Bytes, starts: Int64, ends: Int64) -> Uint32:
    """The first four bytes of SHA-1 of each ``data[start:end]``, little-endian: uint32[n], equal to ``datasketch.hashfunc.sha1_hash32``.

    >>> int(sha1_hash32(np.frombuffer(b"hello", np.uint8), np.array([0]), np.array([5]))[0])
    499578026
    """
    hashes = np.empty(len(starts), np.uint32)
    _sha1_short(data, starts, ends, hashes)
    for i in np.flatnonzero(ends - starts > _TWO_BLOCKS):
        digest = hashlib.sha1(data[starts[i] : ends[i]].tobytes(), usedforsecurity=False).digest()
        hashes[i] = int.from_bytes(digest[:4], "little")
    return hashes


def word_hashes(data: Bytes, starts: Int64, ends: Int64) -> Uint64:
    """A fast 64-bit hash of each ``data[start:end]``: uint64[n]. FNV-1a (Fowler, Noll, Vo), finished so that low bits are good; it nominates only."""
    hashes = np.empty(len(starts), np.uint64)
    _fnv1a(data, starts, ends, hashes)
    return hashes


@inlined
def _read32(data: Bytes, place: int) -> np.uint64:
    at = np.uint64(place)  # an unsigned place is not looked at for being negative, so that four loads become one
    low = np.uint64(data[at]) | np.uint64(data[at + np.uint64(1)]) << np.uint64(8)
    return low | np.uint64(data[at + np.uint64(2)]) << np.uint64(16) | np.uint64(data[at + np.uint64(3)]) << np.uint64(24)


@inlined
def _read64(data: Bytes, place: int) -> np.uint64:
    return _read32(data, place) | _read32(data, place + 4) << np.uint64(32)


@inlined
def _swapped(word: np.uint64) -> np.uint64:
    """The eight bytes in reverse."""
    word = (word & np.uint64(0x00FF00FF00FF00FF)) << np.uint64(8) | word >> np.uint64(8) & np.uint64(0x00FF00FF00FF00FF)
    word = (word & np.uint64(0x0000FFFF0000FFFF)) << np.uint64(16) | word >> np.uint64(16) & np.uint64(0x0000FFFF0000FFFF)
    return word << np.uint64(32) | word >> np.uint64(32)


@inlined
def _folded_product(a: np.uint64, b: np.uint64) -> np.uint64:
    """Low half xor high half of the 128-bit product."""
    al, ah, bl, bh = a & _LOW, a >> np.uint64(32), b & _LOW, b >> np.uint64(32)
    middle = ah * bl + (al * bl >> np.uint64(32))
    other = al * bh + (middle & _LOW)
    return a * b ^ (ah * bh + (middle >> np.uint64(32)) + (other >> np.uint64(32)))


@inlined
def _avalanche(h: np.uint64) -> np.uint64:
    h = (h ^ h >> np.uint64(37)) * _PMX_1
    return h ^ h >> np.uint64(32)


@inlined
def _avalanche64(h: np.uint64) -> np.uint64:
    h = (h ^ h >> np.uint64(33)) * _P64_2
    h = (h ^ h >> np.uint64(29)) * _P64_3
    return h ^ h >> np.uint64(32)


@inlined
def _mix16(data: Bytes, place: int, secret: Uint64, at: int) -> np.uint64:
    return _folded_product(_read64(data, place) ^ secret[at], _read64(data, place + 8) ^ secret[at + 8])


@inlined
def _xxh3_to_16(data: Bytes, start: int, length: int, secret: Uint64) -> np.uint64:
    """XXH3_len_0to16_64b."""
    size = np.uint64(length)
    if length > 8:
        low = _read64(data, start) ^ (secret[24] ^ secret[32])
        high = _read64(data, start + length - 8) ^ (secret[40] ^ secret[48])
        return _avalanche(size + _swapped(low) + high + _folded_product(low, high))
    if length >= 4:
        keyed = _read32(data, start + length - 4) + (_read32(data, start) << np.uint64(32)) ^ (secret[8] ^ secret[16])
        h: np.uint64 = keyed ^ (keyed << np.uint64(49) | keyed >> np.uint64(15)) ^ (keyed << np.uint64(24) | keyed >> np.uint64(40))
        h *= _PMX_2
        h ^= (h >> np.uint64(35)) + size
        h *= _PMX_2
        return h ^ h >> np.uint64(28)
    if length > 0:
        first, middle, last = np.uint64(data[start]), np.uint64(data[start + (length >> 1)]), np.uint64(data[start + length - 1])
        combined = first << np.uint64(16) | middle << np.uint64(24) | last | size << np.uint64(8)
        return _avalanche64(combined ^ (secret[0] & _LOW ^ secret[4] & _LOW))
    return _avalanche64(secret[56] ^ secret[64])


@inlined
def _xxh3_to_240(data: Bytes, start: int, length: int, secret: Uint64) -> np.uint64:
    """XXH3_len_17to128_64b and XXH3_len_129to240_64b."""
    h = np.uint64(length) * _P64_1
    end = start + length
    if length <= 128:
        for i in range((length - 1) // 32, -1, -1):
            h += _mix16(data, start + 16 * i, secret, 32 * i)
            h += _mix16(data, end - 16 * (i + 1), secret, 32 * i + 16)
        return _avalanche(h)
    for i in range(8):
        h += _mix16(data, start + 16 * i, secret, 16 * i)
    h = _avalanche(h)
    for i in range(8, length // 16):
        h += _mix16(data, start + 16 * i, secret, 16 * (i - 8) + 3)
    return _avalanche(h + _mix16(data, end - 16, secret, 136 - 17))


@kernel
def _xxh3_short(data: Bytes, starts: Int64, ends: Int64, secret: Uint64, hashes: Uint64) -> None:
    for i in range(starts.size):
        length = ends[i] - starts[i]
        if length <= 16:
            hashes[i] = _xxh3_to_16(data, starts[i], length, secret)
        elif length <= _XXH3_LONGEST:
            hashes[i] = _xxh3_to_240(data, starts[i], length, secret)


@inlined
def mixed(h: np.uint64) -> np.uint64:
    """A bijection of 64-bit words after which every bit depends on every bit (the finaliser of MurmurHash3, Appleby 2011)."""
    h = (h ^ h >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ h >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ h >> np.uint64(33)


@kernel
def _fnv1a(data: Bytes, starts: Int64, ends: Int64, hashes: Uint64) -> None:
    for i in range(starts.size):
        h = FNV_BASIS
        for place in range(starts[i], ends[i]):
            h = (h ^ np.uint64(data[place])) * FNV_PRIME
        hashes[i] = mixed(h)


@inlined
def _turned(word: np.uint32, by: int) -> np.uint32:
    """A 32-bit word rotated to the left."""
    return np.uint32(np.uint32(word << np.uint32(by)) | np.uint32(word >> np.uint32(32 - by)))


@inlined
def _scheduled(w: Sixteen) -> Sixteen:
    """The next sixteen words of the message schedule: one more, one less (FIPS 180-4, 6.1.2, step 1)."""
    return (*w[1:], _turned(np.uint32(w[13] ^ w[8] ^ w[2] ^ w[0]), 1))


@inlined
def _five_of_choice(s: Five, w: Sixteen) -> tuple[Five, Sixteen]:
    """Five of the rounds 0 to 19."""
    for _ in range(5):
        a, b, c, d, e = s
        s = (np.uint32(_turned(a, 5) + np.uint32(d ^ b & np.uint32(c ^ d)) + e + np.uint32(0x5A827999) + w[0]), a, _turned(b, 30), c, d)
        w = _scheduled(w)
    return s, w


@inlined
def _five_of_parity(s: Five, w: Sixteen, constant: np.uint32) -> tuple[Five, Sixteen]:
    """Five of the rounds 20 to 39 or 60 to 79."""
    for _ in range(5):
        a, b, c, d, e = s
        s = (np.uint32(_turned(a, 5) + np.uint32(b ^ c ^ d) + e + constant + w[0]), a, _turned(b, 30), c, d)
        w = _scheduled(w)
    return s, w


@inlined
def _five_of_majority(s: Five, w: Sixteen) -> tuple[Five, Sixteen]:
    """Five of the rounds 40 to 59."""
    for _ in range(5):
        a, b, c, d, e = s
        s = (np.uint32(_turned(a, 5) + np.uint32(b & c | d & np.uint32(b | c)) + e + np.uint32(0x8F1BBCDC) + w[0]), a, _turned(b, 30), c, d)
        w = _scheduled(w)
    return s, w


@inlined
def _compressed(state: Five, w: Sixteen) -> Five:
    """SHA-1's compression of one block (FIPS 180-4, 6.1.2). Five rounds a call, because loops of five are what the compiler unrolls."""
    s, second, fourth = state, np.uint32(0x6ED9EBA1), np.uint32(0xCA62C1D6)
    s, w = _five_of_choice(s, w)
    s, w = _five_of_choice(s, w)
    s, w = _five_of_choice(s, w)
    s, w = _five_of_choice(s, w)
    s, w = _five_of_parity(s, w, second)
    s, w = _five_of_parity(s, w, second)
    s, w = _five_of_parity(s, w, second)
    s, w = _five_of_parity(s, w, second)
    s, w = _five_of_majority(s, w)
    s, w = _five_of_majority(s, w)
    s, w = _five_of_majority(s, w)
    s, w = _five_of_majority(s, w)
    s, w = _five_of_parity(s, w, fourth)
    s, w = _five_of_parity(s, w, fourth)
    s, w = _five_of_parity(s, w, fourth)
    s, w = _five_of_parity(s, w, fourth)
    return (
        np.uint32(state[0] + s[0]), np.uint32(state[1] + s[1]), np.uint32(state[2] + s[2]), np.uint32(state[3] + s[3]), np.uint32(state[4] + s[4])
    )  # fmt: skip


@inlined
def _block(words: Uint32, t: int, lane: int) -> Sixteen:
    return (
        words[t, lane], words[t + 1, lane], words[t + 2, lane], words[t + 3, lane],
        words[t + 4, lane], words[t + 5, lane], words[t + 6, lane], words[t + 7, lane],
        words[t + 8, lane], words[t + 9, lane], words[t + 10, lane], words[t + 11, lane],
        words[t + 12, lane], words[t + 13, lane], words[t + 14, lane], words[t + 15, lane],
    )  # fmt: skip


@inlined
def _first_bytes(word: np.uint32) -> np.uint32:
    """A big-endian word's bytes as a little-endian one."""
    return word >> np.uint32(24) | word >> np.uint32(8) & np.uint32(0xFF00) | word << np.uint32(8) & np.uint32(0xFF0000) | word << np.uint32(24)


@inlined
def _initial() -> Five:
    return np.uint32(0x67452301), np.uint32(0xEFCDAB89), np.uint32(0x98BADCFE), np.uint32(0x10325476), np.uint32(0xC3D2E1F0)


@kernel
def _digest_one(words: Uint32, count: int, out: Uint32) -> None:
    """Messages of one block. The loop has no branch and one store, so that it runs on vectors of messages."""
    for lane in range(count):
        out[lane] = _first_bytes(_compressed(_initial(), _block(words, 0, lane))[0])


@kernel
def _digest_two(words: Uint32, count: int, out: Uint32) -> None:
    """Messages of two blocks."""
    for lane in range(count):
        out[lane] = _first_bytes(_compressed(_compressed(_initial(), _block(words, 0, lane)), _block(words, 16, lane))[0])


@kernel
def _load(data: Bytes, start: int, length: int, last: int, words: Uint32, lane: int) -> None:
    """Writes a padded message into a lane as big-endian words, its length in bits at ``last`` (FIPS 180-4, 5.1.1)."""
    full = length >> 2
    for t in range(full):
        words[t, lane] = _first_bytes(np.uint32(_read32(data, start + 4 * t)))
    word, shift = np.uint32(0), 24
    for i in range(4 * full, length):
        word |= np.uint32(data[start + i]) << np.uint32(shift)
        shift -= 8
    words[full, lane] = word | np.uint32(0x80) << np.uint32(shift)
    for t in range(full + 1, last):
        words[t, lane] = 0
    words[last, lane] = np.uint32(8 * length)


@kernel
def _sha1_short(data: Bytes, starts: Int64, ends: Int64, hashes: Uint32) -> None:
    """Gathers strings of one block, then of two, and digests them _LANES at a time."""
    words, digests = np.empty((32, _LANES), np.uint32), np.empty(_LANES, np.uint32)
    group, held = np.empty(_LANES, np.int64), 0
    for num_blocks in (1, 2):
        shortest, longest = (0, _ONE_BLOCK) if num_blocks == 1 else (_ONE_BLOCK + 1, _TWO_BLOCKS)
        for i in range(starts.size + 1):
            if i < starts.size and shortest <= ends[i] - starts[i] <= longest:
                _load(data, starts[i], ends[i] - starts[i], 16 * num_blocks - 1, words, held)
                group[held] = i
                held += 1
            if held == _LANES or (held and i == starts.size):
                if num_blocks == 1:
                    _digest_one(words, held, digests)
                else:
                    _digest_two(words, held, digests)
                for lane in range(held):
                    hashes[group[lane]] = digests[lane]
                held = 0
