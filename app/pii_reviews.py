"""The marks of an audit as rows of ``reviews``: who said what of which place, and never what stands there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from app.pii_audit import WINDOWS
from app.steps import Planned, finished
from pipelines.contract.errors import InputError
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, tables_of
from pipelines.contract.schema import REVIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.pii_audit import Passage
    from app.steps import Newest
    from pipelines.contract.warehouse import Warehouse

VERSION = 1
_NOTHING = "nothing missed"


def record(warehouse: Warehouse, passages: Sequence[Passage], reviewer: str) -> int:
    """Adds the marks so far to the newest version as a step of their own; how many rows. The same marks are there once.

    Raises:
        InputError: nothing is marked yet, or nothing is published there.
    """
    rows = list(_rows(passages, reviewer))
    if not rows:
        raise InputError("nothing is marked yet, so there is nothing to record; assay pii review FOLDER")
    held = pa.Table.from_pylist(rows, schema=REVIEWS.schema).sort_by([(name, "ascending") for name in ("item_id", "kind", "value")])
    said = [{**row, "created_at": str(row["created_at"])} for row in held.to_pylist()]

    def plan(newest: Newest) -> Planned:
        inputs, params = {"scrub.pii_spans": newest.manifests["scrub"].tables["pii_spans"].content_sha256}, {"marks": said}
        key = step_key("review", params, {"review": VERSION}, inputs)
        # The key holds the marks; the manifest need not say them twice.
        manifest = Manifest(step=f"review:{key[:16]}", key=key, params={"reviewer": reviewer}, parts={"review": VERSION}, inputs=inputs, tables={})
        return Planned(manifest=manifest, make=lambda planned: _publish(warehouse, planned, held))

    finished(warehouse, {"scrub": "assay run RUN.toml"}, plan, note=f"review by {reviewer}")
    return len(rows)


def _rows(passages: Sequence[Passage], reviewer: str) -> Iterator[dict[str, Any]]:
    for passage in passages:
        if passage.mark is None:
            continue
        when = datetime.fromisoformat(passage.marked_at) if passage.marked_at else None  # a mark made by hand does not say
        said = sorted({one["label"] for one in passage.missed}) or [_NOTHING] if passage.kind == WINDOWS else [passage.mark]
        kind = f"pii {passage.kind}: {passage.stratum}"
        for value in said:
            item_id = f"{passage.doc_id}:{passage.start}-{passage.end}"
            yield {"item_id": item_id, "reviewer": reviewer, "kind": kind, "value": value, "created_at": when}


def _publish(warehouse: Warehouse, manifest: Manifest, rows: pa.Table) -> Manifest:
    schemas = {REVIEWS.name: REVIEWS.schema}
    with PartWriter(warehouse.attempt(manifest.step), schemas) as writer:
        writer.write({REVIEWS.name: rows})
    return warehouse.publish(manifest, tables_of(writer.files, schemas))
