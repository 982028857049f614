"""tokenizers in batches, one thread; its encodings become arrays of ids, an end of text behind each."""

import numpy as np
from protocol import WARM_UP, Arm, digest
from tokenizers import Tokenizer

BATCH = 1000

arm = Arm("tokenizers")
tokenizer = Tokenizer.from_file(str(arm.folder / "tokenizer.json"))
tokenizer.encode_special_tokens = True
end = tokenizer.get_vocab()["<|endoftext|>"]
tokenizer.encode_batch_fast([WARM_UP])
with arm.timed():
    ids = [
        np.array([*encoding.ids, end], np.int32)
        for first in range(0, len(arm.texts), BATCH)
        for encoding in tokenizer.encode_batch_fast(arm.texts[first : first + BATCH])
    ]
arm.finish(ids=[digest([one.astype("<i4").tobytes()]) for one in ids], num_tokens=sum(map(len, ids)))
