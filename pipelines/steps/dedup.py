"""dedup: exact copies, then near-duplicates, each judged against a document that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipelines.contract.config import encode
from pipelines.contract.parts import Table
from pipelines.contract.schema import CLUSTERS, DUPLICATES, FATES, SURVIVORS, VERDICTS
from pipelines.dedup.bands import band_parameters
from pipelines.dedup.minhash import Sketch
from pipelines.dedup.walk import Walk
from pipelines.engine.iterate import iterate, queries
from pipelines.steps.base import LAST, Outcome, Work

if TYPE_CHECKING:
    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation

S, I64 = pa.string(), pa.int64()
COPIES: Final = pa.schema([("doc_id", S), ("kept_doc_id", S)])
BANDS: Final = pa.schema([("doc_id", S), ("band", pa.int32()), ("bucket", I64)])
SIZES: Final = pa.schema([("doc_id", S), ("num_shingles", I64)])
EDGES: Final = pa.schema([("a", S), ("b", S)])
MEMBERS: Final = pa.schema([("doc_id", S), ("cluster_id", S), ("num_bytes", I64), ("text", S)])


class Dedup:
    """See the module."""

    name = "dedup"
    version = 1

    def params(self, config: Curation) -> Any:
        """The section as it is."""
        return encode(config.dedup)

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """No registered part has a hand in it."""
        return {}

    def reads(self, config: Curation) -> tuple[Read, ...]:  # noqa: ARG002
        """Texts of those whom the rules let pass."""
        return (("clean", "texts"), (LAST, "survivors"))

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """Duplicates, clusters, verdicts, fates, survivors."""
        return {s.name: s.schema for s in (DUPLICATES, CLUSTERS, VERDICTS, FATES, SURVIVORS)}

    def run(self, work: Work) -> Outcome:
        """Copies by hash; candidates by bands; components by stars; the walk; then one table of what goes."""
        texts, before = work.table("clean", "texts"), work.table(LAST, "survivors")
        copies = work.query("exact_copies", COPIES, {"texts": texts, "survivors": before}).renamed("copies")
        edges, near = self._near(work, texts, before, copies)
        components = work.query("components", CLUSTERS.schema, {"edges": edges}).renamed("components")
        parts = {"copies": copies, "components": components}
        duplicates = work.query("duplicates", DUPLICATES.schema, {**parts, "near": near})
        clusters = work.query("clusters", CLUSTERS.schema, parts)
        verdicts = work.query("duplicate_verdicts", VERDICTS.schema, {"duplicates": duplicates}, threshold=work.config.dedup.threshold).renamed(
            "verdicts"
        )
        fates = work.query("fates_of_dropped", FATES.schema, {"verdicts": verdicts}).renamed("fates")
        after = work.without(before, fates)
        tables = {"duplicates": duplicates, "clusters": clusters, "verdicts": verdicts, "fates": fates, "survivors": after}
        return Outcome(tables=tables, account=work.account(before, after, fates=fates))

    def _near(self, work: Work, texts: Table, before: Table, copies: Table) -> tuple[Table, Table]:
        """Edges of the components of candidates, and the documents that the walk drops."""
        options = work.config.dedup
        if not options.near:
            return Table(name="edges", schema=EDGES), Table(name="near", schema=DUPLICATES.schema)
        unique = work.query("unique_survivors", SURVIVORS.schema, {"survivors": before, "copies": copies})
        bands = band_parameters(options.threshold, options.recall, options.max_permutations)
        sketch = Sketch(num_bands=bands.num_bands, rows_per_band=bands.rows_per_band, shingle_words=options.shingle_words, seed=options.seed)
        work.warm(sketch, texts.schema, ["doc_id", "text"])
        schemas = {"bands": BANDS, "sizes": SIZES}
        sketched = work.map(texts, sketch, schemas, columns=["doc_id", "text"], beside=unique)
        stars = work.query("star_edges", EDGES, {"bands": sketched["bands"]}).renamed("edges")
        edges = iterate(stars, queries(work.engine, "large_star", "small_star"), work.subfolder("components"))
        members = work.query("component_members", MEMBERS, {"edges": edges, "texts": texts})
        walk = Walk(threshold=options.threshold, shingle_words=options.shingle_words)
        order = [("num_bytes", "descending"), ("doc_id", "ascending")]
        dropped = work.engine.map_groups(members, walk, {"duplicates": DUPLICATES.schema}, work.subfolder("walk"), key="cluster_id", order=order)
        return edges, dropped["duplicates"].renamed("near")
