"""Learning the merges of a byte-pair encoding, as the trainer of the library ``tokenizers`` learns them, several times as fast.

The pair that stands most often in the pre-tokens is merged, of equal ones that of the lowest ids, until the vocabulary is full (Sennrich et al. 2016,
algorithm 1). The library keeps a queue of pairs, each with the count that it had when it was put there and the pre-tokens that it was new to; a count
that has changed since is put right when its turn comes. That is followed to the letter, as it decides what happens where two pairs make one token.
"""

# Kernels get arrays, not objects.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipelines.shards.pretokens import cut
from pipelines.text.compile import inlined, kernel
from pipelines.text.interned import Interned
from pipelines.text.words import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from pipelines.shards.merging import Int32
    from pipelines.shards.pretokens import Bytes, Int64

_HALF: Final = 32  # a pair is two ids in one number
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_LOW: Final = (1 << _HALF) - 1
_NONE: Final = -1
_NUM_BYTES: Final = 256
_STRETCH: Final = 4 << 20
_ANY_NUMBER: Final = 1 << 32
_ROOM: Final = 1 << 16  # of each array to begin with
_PAIRS, _NODES, _TOUCHED, _QUEUED, _WAITING, _NUM_USED = range(6)  # how much of each array is in use


def learn_merges(texts: pa.Array, vocab_size: int, kinds: Bytes, first: Sequence[str], byte_ids: Int32) -> tuple[list[str], list[tuple[int, int]]]:
    """The vocabulary, and the pairs of ids in the order in which they are merged.

    Args:
        texts: strings without nulls.
        vocab_size: tokens at most, the first ones among them.
        kinds: of characters, see ``pretokens.kinds_of``.
        first: tokens that there are before the first merge.
        byte_ids: the ids of the 256 bytes among them.
    """
    learning = _Learning(*_words(*_counted(texts, kinds), byte_ids))
    tokens, ids, merges = list(first), {token: place for place, token in enumerate(first)}, []
    while len(tokens) < vocab_size and (pair := learning.best()) is not None:
        token = tokens[pair[0]] + tokens[pair[1]]
        made = ids.setdefault(token, len(tokens))
        if made == len(tokens):
            tokens.append(token)
        learning.merge(made, len(tokens))
        merges.append(pair)
    return tokens, merges


def _counted(texts: pa.Array, kinds: Bytes) -> tuple[Interned, Int64]:
    """The distinct pre-tokens of texts, and how often each stands there."""
    offsets, utf8 = utf8_buffers(texts)
    met, counts = Interned(), np.zeros(0, np.int64)
    for start, end in _stretches(offsets):
        places, _ = cut(offsets[start : end + 1], utf8, kinds)
        numbers = met.numbers_of(utf8, places[:-1], places[1:])
        counts = np.append(counts, np.zeros(met.count - len(counts), np.int64))
        counts += np.bincount(numbers, minlength=met.count)
    return met, counts


def _stretches(offsets: Int64) -> Iterator[tuple[int, int]]:
    """Runs of texts of about ``_STRETCH`` bytes: a pre-token takes 20 bytes while it is looked up."""
    start = 0
    while start < len(offsets) - 1:
        end = max(start + 1, int(np.searchsorted(offsets, offsets[start] + _STRETCH, "right")) - 1)
        yield start, end
        start = end


def _words(met: Interned, counts: Int64, byte_ids: Int32) -> tuple[Int32, Int64]:
    """The ids of the bytes of all pre-tokens, end to end; and where those of each begin, how many they are, and how often it stands in the texts."""
    starts = met.starts[: met.count + 1]
    return byte_ids[met.utf8[: starts[-1]]], np.stack([starts[:-1], np.diff(starts), counts], axis=1)


class _Learning:
    """Pre-tokens as symbols, merged where they lie, and the queue of their pairs. Arrays grow between calls of the kernels, never inside."""

    def __init__(self, symbols: Int32, words: Int64) -> None:
        self._symbols = symbols
        self._words = words  # of each pre-token: where its symbols begin, how many they are, how often it stands there
        self._pairs = _no_pairs(4 * _ROOM)  # open addressing: a pair, how often it stands there, the newest of its nodes, and of their pre-tokens
        self._touched = np.empty(_ROOM, np.int64)  # pairs that wait for the queue
        self._nodes = np.empty((_ROOM, 2), np.int32)  # a pre-token to which a pair is new, and the node before
        self._queue = np.empty((_ROOM, 3), np.int64)  # count, pair, newest node
        self._heap = np.empty(_ROOM, np.int64)  # what waits in the queue, the best first
        self._used = np.zeros(_NUM_USED, np.int64)
        self._best = (_NONE, _NONE)
        word = 0
        while (word := _count_pairs(word, *self._counts())) < len(words):
            self._grow(0)

    def best(self) -> tuple[int, int] | None:
        """Takes the pair that stands there most often; none if none is left."""
        while self._used[_QUEUED] + self._used[_TOUCHED] > len(self._heap):
            self._queue, self._heap = _doubled(self._queue), _doubled(self._heap)
        self._best = _next(self._pairs, self._touched, self._queue, self._heap, self._used)
        return None if self._best[0] == _NONE else divmod(self._best[0], 1 << _HALF)

    def merge(self, made: int, num_tokens: int) -> None:
        """Makes that pair one symbol wherever it stands."""
        pair, node = self._best
        while (node := _merge(node, pair, made, num_tokens, *self._counts())) != _NONE:
            self._grow(num_tokens)

    def _counts(self) -> tuple[Any, ...]:
        return self._symbols, self._words, self._pairs, self._touched, self._nodes, self._used

    def _grow(self, num_tokens: int) -> None:
        """Doubles what one pre-token may not fit into."""
        most = _most(_ANY_NUMBER, num_tokens)
        if self._used[_NODES] + most > len(self._nodes):
            self._nodes = _doubled(self._nodes)
        if self._used[_PAIRS] + most > len(self._pairs) >> 1:
            larger = _no_pairs(2 * len(self._pairs))
            _put_pairs(self._pairs, larger)
            self._pairs, self._touched = larger, _doubled(self._touched)


def _no_pairs(size: int) -> Int64:
    return np.full((size, 4), _NONE, np.int64)


def _doubled(array: Any) -> Any:
    return np.concatenate([array, np.empty_like(array)])


@kernel
def _count_pairs(word: int, symbols: Int32, words: Int64, pairs: Int64, touched: Int64, nodes: Int32, used: Int64) -> int:
    """Counts the pairs of pre-tokens from ``word`` on, as long as there is room; returns the first that was not counted."""
    while word < words.shape[0] and _has_room(words[word, 1], 0, pairs, nodes, used):
        for i in range(words[word, 0], words[word, 0] + words[word, 1] - 1):
            _change(symbols[i], symbols[i + 1], words[word, 2], word, pairs, touched, nodes, used)
        word += 1
    return word


@kernel
def _merge(
    node: int, pair: int, made: int, num_tokens: int, symbols: Int32, words: Int64, pairs: Int64, touched: Int64, nodes: Int32, used: Int64
) -> int:
    """Merges a pair in the pre-tokens from ``node`` on, as long as there is room; returns the node that was not reached, or -1."""
    left, right = pair >> _HALF, pair & _LOW
    while node != _NONE and _has_room(words[nodes[node, 0], 1], num_tokens, pairs, nodes, used):
        word = nodes[node, 0]
        first, end, count = words[word, 0], words[word, 0] + words[word, 1], words[word, 2]
        at = to = first
        while at < end:
            if symbols[at] == left and at + 1 < end and symbols[at + 1] == right:
                at += 2
                if to > first:
                    _change(symbols[to - 1], left, -count, word, pairs, touched, nodes, used)
                    _change(symbols[to - 1], made, count, word, pairs, touched, nodes, used)
                if at < end:
                    _change(right, symbols[at], -count, word, pairs, touched, nodes, used)
                    _change(made, symbols[at], count, word, pairs, touched, nodes, used)
                symbols[to] = made
            else:
                symbols[to] = symbols[at]
                at += 1
            to += 1
        words[word, 1] = to - first
        node = nodes[node, 1]
    return node


@kernel
def _next(pairs: Int64, touched: Int64, queue: Int64, heap: Int64, used: Int64) -> tuple[int, int]:
    """Puts the pairs that wait for it into the queue and takes out the best: the pair and the newest of its nodes, or -1 and -1."""
    for i in range(used[_TOUCHED]):
        place, entry = _pair_place(touched[i], pairs), used[_QUEUED]
        if pairs[place, 1] > 0:
            queue[entry, 0], queue[entry, 1], queue[entry, 2] = pairs[place, 1], touched[i], pairs[place, 2]
            used[_QUEUED] += 1
            _push(entry, queue, heap, used)
        pairs[place, 2] = pairs[place, 3] = _NONE
    used[_TOUCHED] = 0
    while used[_WAITING] > 0:
        entry = _pop(queue, heap, used)
        count = pairs[_pair_place(queue[entry, 1], pairs), 1]
        if queue[entry, 0] != count:
            queue[entry, 0] = count
            _push(entry, queue, heap, used)
        elif count > 0:
            return queue[entry, 1], queue[entry, 2]
        else:
            break
    return _NONE, _NONE


@kernel
def _put_pairs(pairs: Int64, larger: Int64) -> None:
    for old in range(pairs.shape[0]):
        if pairs[old, 0] != _NONE:
            larger[_pair_place(pairs[old, 0], larger)] = pairs[old]


@inlined
def _most(num_symbols: int, num_tokens: int) -> int:
    """How many pairs one pre-token may bring, each once: pairs of bytes, or of a new token and another."""
    return min(2 * num_symbols, max(2 * num_tokens, _NUM_BYTES * _NUM_BYTES))


@inlined
def _has_room(num_symbols: int, num_tokens: int, pairs: Int64, nodes: Int32, used: Int64) -> bool:
    most = _most(num_symbols, num_tokens)
    return bool(used[_PAIRS] + most <= pairs.shape[0] >> 1 and used[_NODES] + most <= nodes.shape[0])


@inlined
def _pair_place(pair: int, pairs: Int64) -> int:
    """The place of a pair, or the free one where it belongs."""
    place = np.int64(np.uint64(pair) * _MIX >> np.uint64(_HALF)) & pairs.shape[0] - 1
    while pairs[place, 0] != pair and pairs[place, 0] != _NONE:
        place = (place + 1) & pairs.shape[0] - 1
    return int(place)


@kernel
def _change(left: int, right: int, change: int, word: int, pairs: Int64, touched: Int64, nodes: Int32, used: Int64) -> None:
    """Counts a pair that came or went; one that came waits for the queue, with its pre-token."""
    pair = left << _HALF | right
    place = _pair_place(pair, pairs)
    if pairs[place, 0] == _NONE:
        pairs[place, 0], pairs[place, 1] = pair, 0
        used[_PAIRS] += 1
    pairs[place, 1] += change
    if change < 0 or pairs[place, 3] == word:
        return
    newest = pairs[place, 2]
    if newest == _NONE:
        touched[used[_TOUCHED]] = pair
        used[_TOUCHED] += 1
    nodes[used[_NODES], 0], nodes[used[_NODES], 1] = word, newest
    pairs[place, 2], pairs[place, 3] = used[_NODES], word
    used[_NODES] += 1


@inlined
def _is_better(count: int, pair: int, other: int, queue: Int64) -> bool:
    """Whether a pair stands there more often than that of an entry, or as often and has lower ids."""
    return bool(count > queue[other, 0] or (count == queue[other, 0] and pair < queue[other, 1]))


@inlined
def _push(entry: int, queue: Int64, heap: Int64, used: Int64) -> None:
    at = used[_WAITING]
    while at > 0 and _is_better(queue[entry, 0], queue[entry, 1], heap[(at - 1) >> 1], queue):
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = entry
    used[_WAITING] += 1


@inlined
def _pop(queue: Int64, heap: Int64, used: Int64) -> int:
    used[_WAITING] -= 1
    size = used[_WAITING]
    best, last, at = heap[0], heap[size], 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and _is_better(queue[heap[child + 1], 0], queue[heap[child + 1], 1], heap[child], queue):
            child += 1
        if _is_better(queue[last, 0], queue[last, 1], heap[child], queue):
            break
        heap[at] = heap[child]
        at = child
    heap[at] = last
    return int(best)
