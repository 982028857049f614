"""split: train and held-out sides, by origin. Origins with near copies of each other's documents are on one side together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipelines.contract.config import encode
from pipelines.contract.errors import InputError
from pipelines.contract.parts import scratch
from pipelines.contract.schema import SPLITS, SURVIVORS
from pipelines.engine.iterate import iterate, queries
from pipelines.steps.base import Outcome, Work

if TYPE_CHECKING:
    from pipelines.contract.parts import Table
    from pipelines.steps.settings import Curation

S, I64 = pa.string(), pa.int64()
SIDES: Final = scratch(pa.schema([("doc_id", S), ("origin_id", S), ("is_heldout", pa.int32())]))
TIES: Final = pa.schema([("a", S), ("b", S)])
COUNTS: Final = scratch(pa.schema([(name, I64) for name in ("num_train", "num_heldout", "num_origins", "num_tied")]))


@dataclass(frozen=True)
class DrawSides:
    """Draws a side for each origin: a hash of seed and origin as a share of its range, below ``heldout_ratio``."""

    heldout_ratio: float
    seed: int

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """Each document's origin and the side that it draws; near copies come later."""
        origins = list(zip(batch.column("source").to_pylist(), batch.column("origin").to_pylist(), strict=True))
        drawn = {one: (_origin_id(*one), int(self.share(*one) < self.heldout_ratio)) for one in set(origins)}  # an origin is hashed once a batch
        ids, sides = zip(*(drawn[one] for one in origins), strict=True) if origins else ((), ())
        return {"sides": pa.RecordBatch.from_arrays([batch.column("doc_id"), pa.array(ids, S), pa.array(sides, pa.int32())], schema=SIDES)}

    def share(self, source: str, origin: str) -> float:
        """A number in [0, 1) that depends on nothing but seed, source and origin."""
        drawn = hashlib.blake2b(f"{self.seed}\0{source}\0{origin}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64


def _origin_id(source: str, origin: str) -> str:
    return hashlib.blake2b(f"{source}\0{origin}".encode(), digest_size=16).hexdigest()


class Split:
    """See the module."""

    name = "split"
    version = 2

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
        """A narrow pass; ties between origins by stars, as components of candidates are; one query.

        Raises:
            InputError: no document is on the train side.
        """
        options, survivors = work.config.split, work.table("dedup", "survivors")
        body = DrawSides(options.heldout_ratio, options.seed)
        columns = ["doc_id", "source", "origin"]
        sides = work.map(work.table("clean", "texts"), body, {"sides": SIDES}, columns=columns, beside=survivors)["sides"]
        ties = self._ties(work, sides)
        splits = work.query("splits", SPLITS.schema, {"sides": sides, "ties": ties}, heldout_ratio=options.heldout_ratio)
        counts = work.engine.rows(work.query("split_counts", COUNTS, {"sides": sides, "ties": ties, "splits": splits}), 1).to_pylist()[0]
        return Outcome(
            tables={"splits": splits, "survivors": survivors},
            account=work.unchanged(survivors, splits),
            warnings=_warnings(work.config, counts),
        )

    def _ties(self, work: Work, sides: Table) -> Table:
        """Each origin that is tied to others, with the lowest of its group."""
        links = work.query("origin_links", TIES, {"sides": sides, "clusters": work.table("dedup", "clusters")}).renamed("edges")
        if links.num_rows:
            links = iterate(links, queries(work.engine, "large_star", "small_star"), work.subfolder("ties"))
        return links.renamed("ties")


def _warnings(config: Curation, counts: dict[str, int]) -> tuple[str, ...]:
    """A line where nothing is held out though something should be, or less than half of what was asked for.

    Raises:
        InputError: everything is held out.
    """
    num_documents = counts["num_train"] + counts["num_heldout"]
    tied = f", {counts['num_tied']:,} of them tied to others by near copies" if counts["num_tied"] else ""
    what = f"the {num_documents:,} documents that are left have {counts['num_origins']:,} origins{tied}"
    way_out = "name a finer origin in [[sources]], or change [split] heldout_ratio or seed"
    if counts["num_heldout"] and not counts["num_train"]:
        raise InputError(f"{config.name}: split: every document is on the held-out side, so there is nothing to train on: {what}; {way_out}")
    asked = config.split.heldout_ratio
    if asked and num_documents and not counts["num_heldout"]:
        return (f"nothing is held out, so tasks made of held-out text have no items: {what}, and none was drawn; {way_out}",)
    if counts["num_heldout"] < asked * num_documents / 2:
        share = f"{counts['num_heldout']:,} are held out ({counts['num_heldout'] / num_documents:.1%}, where {asked:.1%} was asked for)"
        return (f"{share}: {what}; {way_out}",)
    return ()
