"""What a training run tells while it runs and hands back at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from modelcore.checkpoint import TrainState, checkpoint_id, folder_name
from pipelines.contract.schema import CHECKPOINTS, TRAIN_STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What a run has reached, for people who wait. ``eta_s`` is a guess from the steps of this process; ``checkpoint`` is one just written."""

    step: int
    max_steps: int
    loss_nats: float
    loss_by_source: Mapping[str, float]
    learning_rate: float
    num_tokens: int
    tokens_per_s: float
    wall_s: float
    eta_s: float
    checkpoint: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainResult:
    """A finished run. ``folder`` is its last checkpoint, which ``transformers`` loads."""

    folder: Path
    state: TrainState
    num_parameters: int
    num_documents: int
    num_tail_tokens: int  # tokens at the end of the stream that fill no row and are not trained on

    def train_steps(self, train_id: str) -> pa.Table:
        """Rows of the table ``train_steps``."""
        names = [name for name in TRAIN_STEPS.schema.names if name != "train_id"]
        rows = [{"train_id": train_id, **{name: getattr(loss, name) for name in names}} for loss in self.state.losses]
        return pa.Table.from_pylist(rows, schema=TRAIN_STEPS.schema)

    def checkpoints(self, train_id: str, root: Path) -> pa.Table:
        """Rows of the table ``checkpoints``; paths are relative to ``root``, the warehouse."""
        state, place = self.state, self.folder.parent.absolute().relative_to(root.absolute())
        rows = [
            {
                "checkpoint_id": checkpoint_id(state.plan_sha256, state.recipe_sha256, saved.step), "train_id": train_id, "step": saved.step,
                "loss_nats": saved.loss_nats, "num_tokens": saved.num_tokens, "plan_sha256": state.plan_sha256,
                "path": str(place / folder_name(saved.step)),
            }
            for saved in state.saved
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=CHECKPOINTS.schema)
