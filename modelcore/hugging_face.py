"""A model as a folder that ``transformers`` and ``safetensors`` read: config.json, model.safetensors, tokenizer.json, tokenizer_config.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from modelcore.architecture import LanguageModel
from modelcore.config import ModelConfig
from modelcore.tokenizer import read_tokenizer
from pipelines.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

WEIGHTS: Final = "model.safetensors"


def write_model(folder: Path, model: LanguageModel, tokenizer_path: Path, end_of_text: int) -> None:
    """Writes the four files into an existing folder; a tied head is stored once."""
    write_tensors(folder / WEIGHTS, {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()})
    write_json(folder / "config.json", config_to_json(model.config, end_of_text))
    (folder / "tokenizer.json").write_bytes(tokenizer_path.read_bytes())
    end_token = read_tokenizer(tokenizer_path).id_to_token(end_of_text)
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": end_token,
            "model_max_length": model.config.context_length,
            "clean_up_tokenization_spaces": False,
        },
    )


def read_model(folder: Path) -> tuple[LanguageModel, int]:
    """A model on the CPU in float32, and its end-of-text token.

    Raises:
        InputError: the folder holds no Llama model, or one with parts that this architecture lacks.
    """
    raw = read_json(folder / "config.json")
    config, end_of_text = config_from_json(raw, str(folder))
    tensors = read_tensors(folder / WEIGHTS)
    if config.tie_embeddings:
        tensors.pop("lm_head.weight", None)
    model = LanguageModel(config)
    try:
        model.load_state_dict({name: tensor.to(torch.float32) for name, tensor in tensors.items()})
    except RuntimeError:
        raise InputError(f"{folder / WEIGHTS}: its tensors do not fit config.json; the two are of different models") from None
    return model, end_of_text


def config_to_json(config: ModelConfig, end_of_text: int) -> dict[str, Any]:
    """The configuration in the words of transformers, of version 4 (rope_theta) and 5 (rope_parameters)."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_size,
        "hidden_size": config.width,
        "intermediate_size": config.hidden,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_dim,
        "max_position_embeddings": config.context_length,
        "rope_theta": config.rope_theta,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},
        "rms_norm_eps": config.norm_eps,
        "tie_word_embeddings": config.tie_embeddings,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": None,
        "eos_token_id": end_of_text,
        "torch_dtype": "float32",
    }


def config_from_json(raw: Mapping[str, Any], where: str) -> tuple[ModelConfig, int]:
    """The way back; also reads what transformers wrote.

    Raises:
        InputError: it is no Llama, or has biases, scaled rotary positions or another activation.
    """
    rope = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    found = {
        "model_type": raw.get("model_type"), "hidden_act": raw.get("hidden_act", "silu"), "attention_bias": raw.get("attention_bias", False),
        "mlp_bias": raw.get("mlp_bias", False), "rope_type": rope.get("rope_type", rope.get("type", "default")),
    }  # fmt: skip
    known = {"model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "rope_type": "default"}
    if found != known:
        other = {key: value for key, value in found.items() if value != known[key]}
        raise InputError(f"{where}: config.json has {other}; this model core reads { ({key: known[key] for key in other}) }")
    try:
        config = ModelConfig(
            vocab_size=raw["vocab_size"], num_layers=raw["num_hidden_layers"], width=raw["hidden_size"], num_heads=raw["num_attention_heads"],
            num_kv_heads=raw.get("num_key_value_heads") or raw["num_attention_heads"], hidden=raw["intermediate_size"],
            context_length=raw["max_position_embeddings"], rope_theta=float(rope.get("rope_theta", raw.get("rope_theta", 10_000.0))),
            norm_eps=raw["rms_norm_eps"], tie_embeddings=raw.get("tie_word_embeddings", False),
        )  # fmt: skip
        end = raw["eos_token_id"]
        end_of_text = int(end[0] if isinstance(end, list) else end)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"{where}: config.json cannot be read as a Llama: {type(error).__name__} {error}") from None
    if raw.get("head_dim") not in (None, config.head_dim):
        raise InputError(f"{where}: config.json has head_dim {raw['head_dim']}; this model core reads width / num_heads, {config.head_dim}")
    return config, end_of_text


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes a safetensors file; transformers asks for the format's name."""
    save_file(dict(tensors), path, metadata={"format": "pt"})


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Reads a safetensors file.

    Raises:
        InputError: the file is missing, or is no safetensors file.
    """
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read as safetensors ({type(error).__name__}); name a folder that `assay train` wrote") from None


def write_json(path: Path, value: object) -> None:
    """Writes JSON with sorted keys."""
    path.write_text(json.dumps(value, sort_keys=True, indent=1), encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
        InputError: the file is missing, or holds no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({type(error).__name__}); name a folder that `assay train` wrote") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value
