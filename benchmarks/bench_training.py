"""A training step of our decoder beside the same model in transformers: same weights, same tokens, losses compared, steps taken in turns.

    python benchmarks/bench_training.py [--steps 15] [--device cpu]

Both take the same fused AdamW in fp32; the median of the steps counts, after three to warm up.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
import transformers

from modelcore.architecture import initialized
from modelcore.config import ModelConfig
from modelcore.hugging_face import config_to_json
from modelcore.objective import cross_entropy

SIZES = ModelConfig(vocab_size=8192, num_layers=6, width=256, num_heads=4, num_kv_heads=4, hidden=640, context_length=256, tie_embeddings=True)
BATCH_ROWS = 8
WARM_UP = 3


def our_loss(model, tokens):
    total, _ = cross_entropy(model.hidden(tokens[:, :-1]).flatten(0, 1), model.head_weight, tokens[:, 1:].flatten())
    return total / tokens[:, 1:].numel()


def their_loss(model, tokens):
    return model(input_ids=tokens[:, :-1], labels=tokens[:, :-1], shift_labels=tokens[:, 1:].contiguous()).loss


def finish(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def timed_step(model, loss_of, optimizer, tokens) -> tuple[float, float]:
    """Loss before the update, and seconds."""
    finish(tokens.device.type)
    start = time.perf_counter()
    loss = loss_of(model, tokens)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    finish(tokens.device.type)
    return loss.item(), time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    given = parser.parse_args()
    ours = initialized(SIZES, seed=0).to(given.device)
    theirs = transformers.LlamaForCausalLM(transformers.LlamaConfig(**config_to_json(SIZES, end_of_text=0))).to(given.device)
    theirs.load_state_dict(ours.state_dict(), strict=False)  # the tied head has one name here and two there
    arms = {"ours": (ours, our_loss), "transformers": (theirs, their_loss)}
    optimizers = {name: torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True) for name, (model, _) in arms.items()}
    generator = torch.Generator().manual_seed(1)
    losses, seconds = {name: [] for name in arms}, {name: [] for name in arms}
    for number in range(WARM_UP + given.steps):
        tokens = torch.randint(0, SIZES.vocab_size, (BATCH_ROWS, SIZES.context_length + 1), generator=generator).clamp_(max=999).to(given.device)
        for name, (model, loss_of) in arms.items():
            loss, took = timed_step(model, loss_of, optimizers[name], tokens)
            losses[name].append(loss)
            if number >= WARM_UP:
                seconds[name].append(took)
    num_tokens = BATCH_ROWS * SIZES.context_length
    step_s = {name: statistics.median(found) for name, found in seconds.items()}
    print(f"{ours.num_parameters / 1e6:.2f} M parameters, {num_tokens} tokens a step, {given.device}, {torch.get_num_threads()} threads")
    print(f"torch {torch.__version__}, transformers {transformers.__version__}")
    for name, took in step_s.items():
        print(f"{name:<13}{took * 1e3:9.1f} ms a step{num_tokens / took:12,.0f} tokens/s")
    print(f"ratio        {step_s['transformers'] / step_s['ours']:9.2f}")
    furthest = max(abs(a - b) for a, b in zip(losses["ours"], losses["transformers"], strict=True))
    print(f"losses of {len(losses['ours'])} updates differ by at most {furthest:.1e} nats")


if __name__ == "__main__":
    main()
