"""A byte-level BPE, in the file format of the library ``tokenizers``: learned and encoded here, to the byte and the id that the library gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from pipelines.shards.encoding import Encoder
from pipelines.shards.learning import learn_merges
from pipelines.shards.pretokens import kinds_of

END_OF_TEXT: Final = "<|endoftext|>"


class Encodes(Protocol):
    """Whatever turns texts into token ids."""

    def encode(self, texts: pa.Array) -> pa.ListArray:
        """Token ids of each text, the end of text last: list<int32>. A text that spells the end of text is not taken for one."""
        ...


def learn(texts: pa.Array, vocab_size: int, ranges: tuple[tuple[int, int], ...]) -> str:
    """The JSON of a byte-level BPE tokenizer (Radford et al. 2019) learned from the texts; id 0 is the end of a text.

    The same texts give the same tokenizer, byte for byte, in any order: that which the library's trainer makes of them.
    """
    first = [END_OF_TEXT, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    byte_ids = np.array([first.index(character) for character in byte_characters()], np.int32)
    tokens, merges = learn_merges(texts, vocab_size, kinds_of(ranges), first, byte_ids)
    ranked: dict[tuple[int, int], None] = {}
    for pair in merges:
        ranked.pop(pair, None)  # of a pair that was learned twice the later rank counts
        ranked[pair] = None
    model = models.BPE(vocab={token: place for place, token in enumerate(tokens)}, merges=[(tokens[left], tokens[right]) for left, right in ranked])
    return str(_blank(model).to_str())


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
