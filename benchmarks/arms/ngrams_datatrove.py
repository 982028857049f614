"""datatrove's filter of n-grams, 13 words; its index is made of its own functions, as its indexer asks for lighteval. The first hit ends a text."""

import numpy as np
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter
from datatrove.utils.logging import logger
from datatrove.utils.text import ngrams, simplify_text
from protocol import WARM_UP, Arm

logger.remove()
arm = Arm("datatrove")
folder = arm.folder / "ngrams_datatrove"
folder.mkdir(exist_ok=True)
config = NGramsDecontConfig(n_grams=13)
one = NGramsDecontFilter(index_folder=str(folder), config=config)
hashes = set()
for item in pq.read_table(arm.folder / "items.parquet")["text"].to_pylist():
    words = one.tokenizer.word_tokenize(simplify_text(item, config.norm_config))
    hashes |= {one.hash_func(" ".join(gram)) for gram in ngrams(words, config.n_grams)}
np.array(sorted(hashes), dtype=config.hash_config.np_descr).tofile(folder / "bench.index.hashes")
one.filter(Document(text=WARM_UP, id="0"))
with arm.timed():
    hit = [number for number, text in enumerate(arm.texts) if one.filter(Document(text=text, id="0")) is not True]
arm.finish(hit=hit)
