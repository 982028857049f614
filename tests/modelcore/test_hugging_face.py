from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from modelcore.architecture import initialized
from modelcore.config import ModelConfig
from modelcore.hugging_face import config_from_json, config_to_json, read_model, write_model
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = ModelConfig(vocab_size=310, num_layers=2, width=32, num_heads=4, num_kv_heads=2, hidden=48, context_length=24, rope_theta=2000.0)


@pytest.mark.parametrize("tie_embeddings", [True, False])
def test_transformers_loads_the_folder_and_answers_alike(tmp_path: Path, tokenizer_path: Path, tie_embeddings: bool) -> None:  # noqa: FBT001
    model = initialized(replace(CONFIG, tie_embeddings=tie_embeddings), 4).eval()
    write_model(tmp_path, model, tokenizer_path, 0)
    theirs, info = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    ids = torch.randint(310, (2, 24), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert (model(ids) - theirs(ids).logits).abs().max() < 1e-5


def test_transformers_loads_the_tokenizer_and_cuts_alike(tmp_path: Path, tokenizer_path: Path) -> None:
    write_model(tmp_path, initialized(CONFIG, 0), tokenizer_path, 0)
    theirs, ours = AutoTokenizer.from_pretrained(tmp_path), Tokenizer.from_file(str(tokenizer_path))
    assert (theirs.eos_token, theirs.eos_token_id, theirs.model_max_length) == ("<|endoftext|>", 0, 24)
    for text in ("the cat sat on two boats", " Ünïcode , and \n spaces  !"):
        assert theirs(text)["input_ids"] == ours.encode(text).ids
        assert theirs.decode(ours.encode(text).ids) == text


@pytest.mark.parametrize("tie_embeddings", [True, False])
def test_what_transformers_wrote_is_read(tmp_path: Path, tie_embeddings: bool) -> None:  # noqa: FBT001
    torch.manual_seed(0)
    theirs = LlamaForCausalLM(LlamaConfig(**config_to_json(replace(CONFIG, tie_embeddings=tie_embeddings), 7))).eval()
    theirs.save_pretrained(tmp_path)
    ours, end_of_text = read_model(tmp_path)
    ids = torch.randint(310, (2, 24))
    assert (ours.config, end_of_text) == (replace(CONFIG, tie_embeddings=tie_embeddings), 7)
    with torch.no_grad():
        assert (ours(ids) - theirs(ids).logits).abs().max() < 1e-5


def test_a_configuration_comes_back_as_it_went() -> None:
    assert config_from_json(json.loads(json.dumps(config_to_json(CONFIG, 3))), "here") == (CONFIG, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "'model_type': 'gpt2'"),
        ({"attention_bias": True}, "'attention_bias': True"),
        ({"hidden_act": "gelu"}, "'hidden_act': 'gelu'"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 1.0}}, "'rope_type': 'llama3'"),
        ({"head_dim": 99}, "head_dim 99"),
        ({"hidden_size": None}, "cannot be read as a Llama"),
        ({"eos_token_id": None}, "cannot be read as a Llama"),
    ],
)
def test_a_model_of_another_make_is_refused_instead_of_misread(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        config_from_json({**config_to_json(CONFIG, 0), **change}, "here")


def test_weights_of_another_size_are_refused(tmp_path: Path, tokenizer_path: Path) -> None:
    write_model(tmp_path, initialized(CONFIG, 0), tokenizer_path, 0)
    (tmp_path / "config.json").write_text(json.dumps(config_to_json(replace(CONFIG, num_layers=3), 0)))
    with pytest.raises(InputError, match=r"do not fit config\.json"):
        read_model(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_damaged_file_is_named(tmp_path: Path, tokenizer_path: Path, name: str) -> None:
    write_model(tmp_path, initialized(CONFIG, 0), tokenizer_path, 0)
    (tmp_path / name).write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match=name):
        read_model(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=name):
        read_model(tmp_path)
