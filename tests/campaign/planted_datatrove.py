"""Datatrove's n-gram filter, in the environment that has it: 12 words of its tokenizer over its simplified text. Reads and writes JSON."""

import json
import sys

from datatrove.pipeline.decont.n_grams import NGramsDecontConfig
from datatrove.utils.hashing import create_hash_func
from datatrove.utils.text import ngrams, simplify_text
from datatrove.utils.word_tokenizers import load_word_tokenizer


def main() -> None:
    asked, config, tokenizer = json.load(sys.stdin), NGramsDecontConfig(), load_word_tokenizer("en")
    hashed = create_hash_func(config.hash_config)

    def hashes(text: str) -> set[int]:
        words = tokenizer.word_tokenize(simplify_text(text, config.norm_config))
        return {hashed(" ".join(gram)) for gram in ngrams(words, config.n_grams)}

    own = [hashes(item) for item in asked["items"]]
    every = set().union(*own)
    told = [not hashes(one["text"]).isdisjoint(every if one["item"] is None else own[one["item"]]) for one in asked["texts"]]
    sys.stdout.write(json.dumps(told) + "\n")


main()
