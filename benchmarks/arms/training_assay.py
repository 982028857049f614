"""Training steps of our decoder."""

from protocol import Arm
from training import first_weights, train

from modelcore.objective import cross_entropy


def loss_of(model, tokens):
    total, _ = cross_entropy(model.hidden(tokens[:, :-1]).flatten(0, 1), model.head_weight, tokens[:, 1:].flatten())
    return total / tokens[:, 1:].numel()


train(Arm("assay", "torch"), first_weights(), loss_of)
