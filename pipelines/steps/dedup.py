"""dedup: exact copies, then near-duplicates, each judged against a document that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipelines.contract.config import encode
from pipelines.contract.parts import Table, scratch
from pipelines.contract.schema import CLUSTERS, DUPLICATES, FATES, SURVIVORS, VERDICTS
from pipelines.dedup.bands import band_parameters
from pipelines.dedup.minhash import BANDS, Sketch
from pipelines.dedup.walk import Walk
from pipelines.engine.iterate import iterate, queries
from pipelines.steps.base import LAST, Outcome, Pass, Work
from pipelines.steps.stages import presets_of

if TYPE_CHECKING:
    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation
    from pipelines.steps.settings import Dedup as Options

S, I64 = pa.string(), pa.int64()
COPIES: Final = scratch(pa.schema([("doc_id", S), ("kept_doc_id", S)]))
UNIQUE: Final = scratch(SURVIVORS.schema)
EDGES: Final = pa.schema([("a", S), ("b", S)])  # rounds over them end when their content stays as it was, so it is hashed
COMPONENTS: Final = scratch(CLUSTERS.schema)
MEMBERS: Final = scratch(pa.schema([("portion", I64), ("doc_id", S), ("cluster_id", S), ("num_bytes", I64), ("text", S)]))
_SKETCHED: Final = ("doc_id", "text")
NEAR: Final = scratch(DUPLICATES.schema)


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

    def passes(self, config: Curation) -> tuple[Pass, ...]:
        """The sketch of every text, where every document is judged here; where rules may end many, only of those that they let pass."""
        options = config.dedup
        if not options.near or presets_of(config):
            return ()
        return (Pass(name="sketch", reads=("clean", "texts"), make=lambda _: _sketch(options), outputs={"bands": BANDS}, columns=_SKETCHED),)

    def run(self, work: Work) -> Outcome:
        """Copies by hash; candidates by bands; components by stars; the walk; then one table of what goes."""
        texts, before = work.table("clean", "texts"), work.table(LAST, "survivors")
        copies = work.query("exact_copies", COPIES, {"texts": texts, "survivors": before}).renamed("copies")
        edges, near = self._near(work, texts, before, copies)
        components = work.query("components", COMPONENTS, {"edges": edges}).renamed("components")
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
            return Table(name="edges", schema=EDGES), Table(name="near", schema=NEAR)
        unique = work.query("unique_survivors", UNIQUE, {"survivors": before, "copies": copies})
        stars = work.query("star_edges", EDGES, {"bands": self._bands(work, texts, unique), "unique_survivors": unique}).renamed("edges")
        edges = iterate(stars, queries(work.engine, "large_star", "small_star"), work.subfolder("components"))
        members = work.query("component_members", MEMBERS, {"edges": edges, "unique_survivors": unique, "texts": texts})
        walk = Walk(threshold=options.threshold, shingle_words=options.shingle_words)
        order = [("cluster_id", "ascending"), ("num_bytes", "descending"), ("doc_id", "ascending")]
        dropped = work.engine.map_groups(members, walk, {"duplicates": NEAR}, work.subfolder("walk"), key="portion", order=order)
        return edges, dropped["duplicates"].renamed("near")

    def _bands(self, work: Work, texts: Table, unique: Table) -> Table:
        """Buckets of at least those who stand for their exact copies."""
        for its in self.passes(work.config):
            return work.over(its)["bands"]
        sketch = _sketch(work.config.dedup)
        work.warm(sketch, texts.schema, _SKETCHED)
        return work.map(texts, sketch, {"bands": BANDS}, columns=_SKETCHED, beside=unique)["bands"]


def _sketch(options: Options) -> Sketch:
    bands = band_parameters(options.threshold, options.recall, options.max_permutations)
    return Sketch(num_bands=bands.num_bands, rows_per_band=bands.rows_per_band, shingle_words=options.shingle_words, seed=options.seed)
