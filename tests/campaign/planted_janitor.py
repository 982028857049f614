"""The evaluation harness's janitor, in the environment that has it: 13 words, lower case, no ASCII punctuation. Reads and writes JSON."""

import contextlib
import json
import sys
from pathlib import Path

from lm_eval.decontamination.janitor import Janitor, word_ngrams, word_ngrams_indices


def main() -> None:
    asked, janitor = json.load(sys.stdin), Janitor()
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        own = [set(word_ngrams(janitor.normalize_string(item), janitor.ngram_n)) for item in asked["items"]]
        every = set().union(*own)
        told = []
        for one in asked["texts"]:
            grams = {janitor.normalize_string(gram) for gram, _ in word_ngrams_indices(one["text"], janitor.ngram_n)}
            told.append(not grams.isdisjoint(every if one["item"] is None else own[one["item"]]))
    sys.stdout.write(json.dumps(told) + "\n")


main()
