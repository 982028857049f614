"""lm-eval's janitor in Python, as the package brings it: its C++ module is compiled by hand from the repository."""

import contextlib
from pathlib import Path

import pyarrow.parquet as pq
from lm_eval.decontamination.janitor import Janitor, word_ngrams_indices
from protocol import Arm

arm = Arm("lm-eval")
janitor = Janitor()
with Path("/dev/null").open("w") as nowhere, contextlib.redirect_stdout(nowhere):
    for item in pq.read_table(arm.folder / "items.parquet")["text"].to_pylist():
        janitor.register_contaminant_python(item)
    with arm.timed():
        for text in arm.texts:
            janitor.clean_python(text)


def is_hit(text: str) -> bool:
    return any(janitor.normalize_string(gram) in janitor.dirt_ngrams for gram, _ in word_ngrams_indices(text, janitor.ngram_n))


arm.finish(hit=[number for number, text in enumerate(arm.texts) if is_hit(text)])
