"""The same model in transformers, from the same weights."""

import transformers
from protocol import Arm
from training import SIZES, first_weights, train

from modelcore.hugging_face import config_to_json


def loss_of(model, tokens):
    return model(input_ids=tokens[:, :-1], labels=tokens[:, :-1], shift_labels=tokens[:, 1:].contiguous()).loss


theirs = transformers.LlamaForCausalLM(transformers.LlamaConfig(**config_to_json(SIZES, end_of_text=0)))
theirs.load_state_dict(first_weights().state_dict(), strict=False)  # the tied head has one name here and two there
train(Arm("transformers", "torch"), theirs, loss_of)
