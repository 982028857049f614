from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from modelcore.architecture import KeyValueCache, LanguageModel, initialized
from modelcore.config import ModelConfig
from modelcore.hugging_face import config_to_json
from pipelines.contract.errors import InputError

CONFIG = ModelConfig(vocab_size=97, num_layers=3, width=48, num_heads=6, num_kv_heads=2, hidden=80, context_length=40)


def lively(config: ModelConfig) -> LanguageModel:
    """A model whose weights are large enough for differences to show."""
    model = initialized(config, 1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.15)
    return model.eval()


def tokens(rows: int, length: int) -> torch.Tensor:
    return torch.randint(97, (rows, length), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("num_kv_heads", [1, 2, 6])
@pytest.mark.parametrize("tie_embeddings", [True, False])
def test_logits_are_those_of_the_published_llama(num_kv_heads: int, tie_embeddings: bool) -> None:  # noqa: FBT001
    config = replace(CONFIG, num_kv_heads=num_kv_heads, tie_embeddings=tie_embeddings, rope_theta=500.0)
    ours = lively(config)
    theirs = LlamaForCausalLM(LlamaConfig(**config_to_json(config, 0))).eval()
    missing, unexpected = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert (missing, unexpected) == (["lm_head.weight"] if tie_embeddings else [], [])
    theirs.tie_weights()
    with torch.no_grad():
        assert (ours(tokens(4, 40)) - theirs(tokens(4, 40)).logits).abs().max() < 1e-5


def test_a_cache_changes_no_logit_however_the_tokens_come() -> None:
    model, ids = lively(CONFIG), tokens(3, 40)
    with torch.no_grad():
        whole = model(ids)
        for cuts in ([40], [1] * 40, [7, 1, 1, 20, 11], [39, 1]):
            cache = KeyValueCache.empty(CONFIG, model.head_weight, 3)
            pieces = [model(piece, cache) for piece in torch.split(ids, cuts, dim=1)]
            assert (torch.cat(pieces, dim=1) - whole).abs().max() < 1e-5


def test_padding_on_the_left_changes_no_logit() -> None:
    model, lengths = lively(CONFIG), [3, 17, 9]
    rows = [tokens(1, length)[0] for length in lengths]
    pads = torch.tensor([17 - length for length in lengths])
    padded = torch.stack([torch.cat([torch.full((17 - len(row),), 5), row]) for row in rows])
    following = tokens(3, 4)
    with torch.no_grad():
        cache = KeyValueCache.empty(CONFIG, model.head_weight, 3, pads)
        found = torch.cat([model(padded, cache)[:, -1:], model(following[:, :1], cache), model(following[:, 1:], cache)], dim=1)
        for i, row in enumerate(rows):
            alone = model(torch.cat([row, following[i]])[None])[0, len(row) - 1 :]
            assert (found[i] - alone).abs().max() < 1e-5


def test_no_token_sees_what_comes_after_it() -> None:
    model, ids = lively(CONFIG), tokens(1, 40)
    changed = ids.clone()
    changed[:, 20:] = (changed[:, 20:] + 1) % 97
    with torch.no_grad():
        assert torch.equal(model(ids)[:, :20], model(changed)[:, :20])


def test_more_tokens_than_the_context_are_refused() -> None:
    model = initialized(CONFIG, 0)
    with pytest.raises(InputError, match="41 tokens does not fit the model's context of 40"):
        model(tokens(1, 41))
    cache = KeyValueCache.empty(CONFIG, model.head_weight, 1)
    model(tokens(1, 40), cache)
    with pytest.raises(InputError, match="41 tokens"):
        model(tokens(1, 1), cache)


def test_a_seed_decides_the_first_weights() -> None:
    first, again, other = (initialized(CONFIG, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["model.embed_tokens.weight"], other["model.embed_tokens.weight"])
    assert first["model.layers.0.self_attn.q_proj.weight"].std().item() == pytest.approx(0.02, rel=0.1)
    assert first["model.layers.0.mlp.down_proj.weight"].std().item() == pytest.approx(0.02 / 6**0.5, rel=0.1)


def test_the_default_sizes_are_a_few_million_parameters() -> None:
    assert initialized(replace(ModelConfig(), vocab_size=4096), 0).num_parameters == NUM_DEFAULT


NUM_DEFAULT = 1_115_008
