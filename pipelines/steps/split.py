"""split: train and held-out sides, by origin and by cluster of near copies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipelines.contract.config import encode
from pipelines.contract.schema import SPLITS, SURVIVORS
from pipelines.steps.base import Outcome, Work

if TYPE_CHECKING:
    from pipelines.steps.settings import Curation

SIDES: Final = pa.schema([("doc_id", pa.string()), ("is_heldout", pa.int32())])


@dataclass(frozen=True)
class DrawSides:
    """Draws a side for each origin: a hash of seed and origin as a share of its range, below ``heldout_ratio``."""

    heldout_ratio: float
    seed: int

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """The side that each document's origin draws; clusters come later."""
        origins = zip(batch.column("source").to_pylist(), batch.column("origin").to_pylist(), strict=True)
        sides = [int(self.share(source, origin) < self.heldout_ratio) for source, origin in origins]
        return {"sides": pa.RecordBatch.from_arrays([batch.column("doc_id"), pa.array(sides, pa.int32())], schema=SIDES)}

    def share(self, source: str, origin: str) -> float:
        """A number in [0, 1) that depends on nothing but seed, source and origin."""
        drawn = hashlib.blake2b(f"{self.seed}\0{source}\0{origin}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64


class Split:
    """See the module."""

    name = "split"
    version = 1

    def params(self, config: Curation) -> Any:
        """The section as it is."""
        return encode(config.split)

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """No registered part has a hand in it."""
        return {}

    def reads(self, config: Curation) -> tuple[tuple[str, str], ...]:  # noqa: ARG002
        """Origins, clusters, and who is alive."""
        return (("clean", "texts"), ("dedup", "survivors"), ("dedup", "clusters"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Splits and the survivors as they came."""
        return {"splits": SPLITS.schema, "survivors": SURVIVORS.schema}

    def run(self, work: Work) -> Outcome:
        """A narrow pass, then one query."""
        survivors = work.table("dedup", "survivors")
        body = DrawSides(work.config.split.heldout_ratio, work.config.split.seed)
        columns = ["doc_id", "source", "origin"]
        sides = work.map(work.table("clean", "texts"), body, {"sides": SIDES}, columns=columns, beside=survivors)["sides"]
        splits = work.query("splits", SPLITS.schema, {"sides": sides, "clusters": work.table("dedup", "clusters")})
        return Outcome(tables={"splits": splits, "survivors": survivors}, account=work.unchanged(survivors, splits))
