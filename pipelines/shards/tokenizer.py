"""A byte-level BPE: learning is the library ``tokenizers``', the order in which it sees the text is ours."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Iterable

END_OF_TEXT: Final = "<|endoftext|>"


def learn(texts: Iterable[str], vocab_size: int) -> str:
    """The JSON of a byte-level BPE tokenizer (Radford et al. 2019) learned from the texts; id 0 is the end of a text.

    The same texts give the same tokenizer, byte for byte.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=[END_OF_TEXT], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return str(tokenizer.to_str())


@lru_cache(maxsize=2)
def load(text: str) -> Tokenizer:
    """A tokenizer from its JSON, once a process."""
    return Tokenizer.from_str(text)


def encode(tokenizer_json: str, texts: list[str]) -> list[list[int]]:
    """Token ids of each text, the end of text last. A text that spells the end of text is not taken for one."""
    tokenizer = load(tokenizer_json)
    tokenizer.encode_special_tokens = True  # special tokens in a document are words like any other
    end = tokenizer.get_vocab()[END_OF_TEXT]
    return [[*encoding.ids, end] for encoding in tokenizer.encode_batch_fast(texts)]
