"""Which documents a training step read and which steps read a document, from the plan alone: no log is kept that could disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.steps import newest_of
from app.training import TRAIN, last_checkpoint
from modelcore.checkpoint import plan_of
from pipelines.contract.errors import CorruptFile, InputError
from pipelines.contract.schema import SHARDS

if TYPE_CHECKING:
    from app.steps import Newest
    from modelcore.plan import DocumentSpan, Plan
    from pipelines.contract.manifest import Manifest
    from pipelines.contract.warehouse import Warehouse

_READS = {"tokenize": "assay run RUN.toml", "train": TRAIN}


def steps_of(warehouse: Warehouse, doc_id: str) -> list[int]:
    """The training steps that read a document; none if nothing was trained, or if it is not on the train side.

    Raises:
        InputError: the newest version's model was trained on another corpus, or its last checkpoint is gone.
        CorruptFile: the last checkpoint is damaged or is another than the tables say.
        OtherRun: the last checkpoint is of another run.
    """
    version = warehouse.version()
    if version is None or "train" not in version.steps:
        return []
    plan = plan_read(warehouse)
    return plan.steps_of(doc_id) if doc_id in plan.documents else []


def documents_of(warehouse: Warehouse, step: int) -> list[DocumentSpan]:
    """Everything that a training step read, row by row.

    Raises:
        InputError: training did not come to this step; or as ``steps_of``.
    """
    return plan_read(warehouse).documents_of(step)


def plan_read(warehouse: Warehouse) -> Plan:
    """The plan of the newest trained model, up to the step that its last checkpoint reached.

    Raises:
        InputError: nothing is trained; or as ``steps_of``.
    """
    newest = newest_of(warehouse, _READS)
    check_trained_on(newest)
    saved = last_checkpoint(warehouse, newest.manifests["train"])
    plan = plan_of(warehouse.root / str(saved["path"]), warehouse.table(newest.manifests["tokenize"], "shards", SHARDS.schema))
    if (plan.last_step, plan.plan_sha256) != (saved["step"], saved["plan_sha256"]):
        raise CorruptFile(
            f"{warehouse.root / str(saved['path'])}: tells of step {plan.last_step} of the plan {plan.plan_sha256[:12]}, the table checkpoints of "
            f"step {saved['step']} of {str(saved['plan_sha256'])[:12]}; put the folder back as it was, or train again"
        )
    return plan


def check_trained_on(newest: Newest) -> None:
    """Says no where a version's model was not trained on that version's shards; ``newest`` holds ``train`` and ``tokenize``.

    Raises:
        InputError: it was not; the message names both versions.
    """
    trained_on = newest.manifests["train"].inputs.get("tokenize.shards")
    if trained_on != _shards(newest.manifests["tokenize"]):
        raise InputError(
            f"{newest.warehouse.root}: the model of version {newest.version.number} was trained on the shards of {_version_of(newest, trained_on)}, "
            f"not on its own, so it says nothing about what this model has read; first: {TRAIN}"
        )


def _version_of(newest: Newest, shards_sha256: str | None) -> str:
    for number in reversed(newest.warehouse.versions()):
        version = newest.warehouse.version(number)
        key = version.steps.get("tokenize") if version else None
        manifest = newest.warehouse.find("tokenize", key) if key else None
        if manifest is not None and _shards(manifest) == shards_sha256:
            return f"version {number}"
    return "a version that is gone"


def _shards(tokenize: Manifest) -> str | None:
    entry = tokenize.tables.get("shards")
    return entry.content_sha256 if entry else None
