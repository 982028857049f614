"""A tiny tokenizer, tiny shards and a tiny configuration, all made here."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from modelcore.config import ModelConfig, TrainConfig
from pipelines.contract.parts import PartWriter, Table
from pipelines.contract.schema import SHARDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

TEXT = "the cat sat on a mat while one dog ran past two birds and three fish swam under four old boats"
END_OF_TEXT = 0

ShardsOf = "Callable[[Sequence[tuple[str, str, str, Sequence[int]]], int], Table]"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The same bits and the same speed on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tokenizer_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT] * 20, trainer)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture
def shards_of(tmp_path: Path) -> Callable[..., Table]:
    """Shards of (doc_id, source, split, input_ids) rows, cut into files of ``rows_per_file``."""

    def made(rows: Sequence[tuple[str, str, str, Sequence[int]]], rows_per_file: int = 1000) -> Table:
        files = []
        for start in range(0, len(rows), rows_per_file):
            table = pa.Table.from_pylist(
                [
                    {"doc_id": doc_id, "source": source, "split": split, "input_ids": list(ids), "num_tokens": len(ids)}
                    for doc_id, source, split, ids in rows[start : start + rows_per_file]
                ],
                schema=SHARDS.schema,
            )
            with PartWriter(tmp_path / "parts", {"shards": SHARDS.schema}) as writer:
                writer.write({"shards": table})
            files += writer.files
        return Table(name="shards", schema=SHARDS.schema, files=tuple(files))

    return made


@pytest.fixture
def text_rows(tokenizer_path: Path) -> list[tuple[str, str, str, list[int]]]:
    """Sixty documents of two sources that repeat the same words from different beginnings, and one held out."""
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    rows = []
    for i in range(61):
        text = " ".join((TEXT.split() * 3)[i % 7 : i % 7 + 20 + i % 13])
        doc_id = hashlib.blake2b(str(i).encode(), digest_size=16).hexdigest()
        rows.append((doc_id, f"source{i % 2}", "heldout" if i == 60 else "train", [*tokenizer.encode(text).ids, END_OF_TEXT]))
    return rows


@pytest.fixture
def tiny() -> TrainConfig:
    model = ModelConfig(num_layers=2, width=32, num_heads=4, num_kv_heads=2, hidden=48, context_length=16)
    return TrainConfig(
        model=model, max_steps=12, batch_tokens=128, learning_rate=1e-2, warmup_steps=2, checkpoint_every_steps=4, log_every_steps=1, num_threads=1,
        device="cpu",
    )  # fmt: skip
