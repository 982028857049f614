"""A byte-level BPE: learning is the library ``tokenizers``', the order in which it sees the text is ours; so is encoding, to the same ids."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pyarrow as pa
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from pipelines.shards.encoding import Encoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

END_OF_TEXT: Final = "<|endoftext|>"
_LONGEST_RUN: Final = 20_000  # the trainer's time for one run grows with its square: ten million letters would take hours
_LONG_RUN: Final = re.compile(rf"\S{{{_LONGEST_RUN + 1},}}+|\s{{{_LONGEST_RUN + 1},}}+")


class Encodes(Protocol):
    """Whatever turns texts into token ids."""

    def encode(self, texts: pa.Array) -> pa.ListArray:
        """Token ids of each text, the end of text last: list<int32>. A text that spells the end of text is not taken for one."""
        ...


def learn(texts: Iterable[str], vocab_size: int) -> str:
    """The JSON of a byte-level BPE tokenizer (Radford et al. 2019) learned from the texts; id 0 is the end of a text.

    The same texts give the same tokenizer, byte for byte. Of runs without white space, or of nothing else, that are longer than 20,000 characters the
    library sees pieces of that length.
    """
    tokenizer = _blank(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=[END_OF_TEXT], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    tokenizer.train_from_iterator((piece for text in texts for piece in _pieces(text)), trainer)
    return str(tokenizer.to_str())


def _pieces(text: str) -> Iterator[str]:
    """The text, cut only within runs that are too long to learn from in one."""
    start = 0
    for run in _LONG_RUN.finditer(text) if len(text) > _LONGEST_RUN else ():
        for end in range(run.start() + _LONGEST_RUN, run.end(), _LONGEST_RUN):
            yield text[start:end]
            start = end
    yield text[start:]


@lru_cache(maxsize=2)
def load(text: str) -> Tokenizer:
    """A tokenizer from its JSON, once a process."""
    return Tokenizer.from_str(text)


@lru_cache(maxsize=2)
def encoder(tokenizer_json: str, ranges: tuple[tuple[int, int], ...]) -> Encodes:
    """What encodes as a tokenizer says, once a process: our kernel where it is a BPE as ``learn`` makes it, the library where it is another.

    ``ranges`` are the kinds of characters, ``pretokens.character_ranges()``: found out once, and sent to every worker.
    """
    said = json.loads(tokenizer_json)
    vocabulary, merges = said["model"].pop("vocab", None), said["model"].pop("merges", None)
    if said != _settings() or not vocabulary.keys() >= set(pre_tokenizers.ByteLevel.alphabet()):
        return LibraryEncoder(tokenizer_json)
    ids = np.array([vocabulary[character] for character in byte_characters()], np.int32)
    made = {(vocabulary[left], vocabulary[right]): (rank, vocabulary[left + right]) for rank, (left, right) in enumerate(merges)}
    return Encoder(ids, made, vocabulary[END_OF_TEXT], ranges)


@dataclass(frozen=True)
class LibraryEncoder:
    """A tokenizer of any kind, by the library: several times as slow."""

    tokenizer_json: str

    def encode(self, texts: pa.Array) -> pa.ListArray:
        """As the protocol says."""
        tokenizer = load(self.tokenizer_json)
        tokenizer.encode_special_tokens = True  # special tokens in a document are words like any other
        end = tokenizer.get_vocab()[END_OF_TEXT]
        return pa.array([[*encoding.ids, end] for encoding in tokenizer.encode_batch_fast(texts.to_pylist())], pa.list_(pa.int32()))


def byte_characters() -> list[str]:
    """The character that stands for each of the 256 bytes in a vocabulary: itself where Latin-1 prints it, else one of those from U+0100 on."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    printed = {character for character in alphabet if ord(character) < 256}  # noqa: PLR2004 - the bytes
    others = iter(alphabet[len(printed) :])
    return [chr(byte) if chr(byte) in printed else next(others) for byte in range(256)]


def _blank(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(END_OF_TEXT, special=True, normalized=False)])
    return tokenizer


def _settings() -> dict[str, Any]:
    """All that a tokenizer's JSON says when ``learn`` made it, but for vocabulary and merges."""
    said: dict[str, Any] = json.loads(_blank(models.BPE(vocab={END_OF_TEXT: 0}, merges=[])).to_str())
    del said["model"]["vocab"], said["model"]["merges"]
    return said
