"""tiktoken with the same tokens in the same order; ids become arrays, an end of text behind each."""

import json

import numpy as np
import tiktoken
from protocol import WARM_UP, Arm, digest

# What tokenizers' pre-tokenizer ByteLevel cuts by.
PATTERN = r"""'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""

arm = Arm("tiktoken")


def byte_of_letter() -> dict[str, int]:
    """The letters that stand for bytes in a byte-level BPE (Radford et al. 2019)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {**{chr(byte): byte for byte in plain}, **{chr(256 + number): byte for number, byte in enumerate(others)}}


made = json.loads((arm.folder / "tokenizer.json").read_text())["model"]["vocab"]
end, letters = made.pop("<|endoftext|>"), byte_of_letter()
ranks = {bytes(letters[letter] for letter in token): rank for token, rank in made.items()}
encoding = tiktoken.Encoding("bench", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": end})
encoding.encode_ordinary(WARM_UP)
with arm.timed():
    ids = [np.append(encoding.encode_to_numpy(text, disallowed_special=()), end) for text in arm.texts]
arm.finish(ids=[digest([one.astype("<i4").tobytes()]) for one in ids], num_tokens=sum(map(len, ids)))
