"""A tiny model that transformers made, and a model without weights for the laws of the harness."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from evalsuite.base import Scored

TEXTS = [
    "The mill stands where the brook bends, and its wheel turned until the war.",
    "def add(first, second):\n    return first + second\n",
    "Ünder the bridge they ask: which river is it? 東京 is far away.",
]


def write_tiny_llama(folder, context_length=32, **tokenizer_options):
    """A random Llama and a byte-level BPE tokenizer, written by transformers itself."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(TEXTS * 3, trainers.BpeTrainer(vocab_size=320, special_tokens=["<end>", "<begin>"], initial_alphabet=alphabet))
    PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<end>", **tokenizer_options).save_pretrained(folder)
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=bpe.get_vocab_size(), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=context_length, bos_token_id=None, eos_token_id=0, initializer_range=0.5,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@dataclass
class Digest:
    """Answers every request by a hash of it: no weights, no chance. Only for laws of the harness, never for a figure."""

    version = 1
    name: str = "digest"
    identity: str = "digest-1"
    asked: list = field(default_factory=list)

    def loglikelihood(self, requests):
        self.asked += requests
        return [Scored(logprob_nats=-_number(r.context + r.continuation), is_greedy=False, num_tokens=3) for r in requests]

    def loglikelihood_rolling(self, requests):
        self.asked += requests
        return [Scored(logprob_nats=-_number(r.text) * len(r.text), is_greedy=False, num_tokens=3) for r in requests]

    def generate(self, requests):
        self.asked += requests
        return [f"so #### {int(_number(r.prompt) * 10)}" for r in requests]


def _number(text):
    return 0.5 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
