"""publish: the last gate, then the corpus in a folder that ``datasets.load_dataset`` reads, with its card."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contamination.rules import ActionRules, Index
from pipelines.contract.config import encode
from pipelines.contract.errors import GateError
from pipelines.contract.parts import Table, scratch, union
from pipelines.contract.schema import CORPUS, EDITS, FATES, SURVIVORS
from pipelines.detectors.hits import Places
from pipelines.detectors.replacement import written_for
from pipelines.detectors.scrub import WRITTEN, languages_of
from pipelines.detectors.scrub import Scrub as ScrubTexts
from pipelines.shards.card import CardFacts, card
from pipelines.steps.base import EVERY, Beside, Outcome, Pass, Work
from pipelines.steps.decontaminate import index_of, rules_of
from pipelines.steps.scrub import entities_of, replacement_of, scrub_body
from pipelines.steps.stages import presets_of
from pipelines.text.edits import apply_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.steps.base import Read
    from pipelines.steps.settings import Curation

S, I64 = pa.string(), pa.int64()
SIDES: Final = ("train", "heldout")
FAULTS: Final = scratch(pa.schema([("doc_id", S), ("fault", S)]))
PLACES: Final = scratch(pa.schema([("doc_id", S), ("num_bytes", I64)]))
GROUPS: Final = scratch(pa.schema([("grouping", S), ("value", S), ("num_documents", I64), ("num_bytes", I64)]))
DROPS: Final = scratch(pa.schema([("step", S), ("reason", S), ("num_documents", I64)]))
ENTITIES: Final = scratch(pa.schema([("entity", S), ("policy", S), ("num_spans", I64), ("num_documents", I64)]))
MET: Final = scratch(pa.schema([("benchmark", S), ("action", S), ("num_items", I64), ("num_documents", I64)]))


@dataclass(frozen=True)
class InspectTexts:
    """Looks at final text as if nothing had been done: n-grams that had to go, and personal data.

    What scrub wrote for ``entities`` is no word of any item: a document that held a number does not hold an item in which the placeholder of numbers
    stands, though the two read the same once the number is replaced. So a text from which all items were removed has none afterwards.

    The detectors find nothing here unless a step between lost its way, for scrub itself goes on until they find nothing. Looking once more is one
    compiled scan, and is what "the published text was looked at" means. Where surrogates, coarser values or asterisks were written, which only their
    places tell from text, the batch has these places as ``written``: what lies in one is ours, and whatever reaches out of it is a fault. How many
    bytes they are is told, to be held against what the edits put in.
    """

    index: Index
    rules: ActionRules
    scrub: ScrubTexts
    entities: tuple[str, ...]

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
        """A row for each fault; none is what is hoped for."""
        texts = batch.column("text")
        doc_ids, urls = batch.column("doc_id"), batch.column("url")
        is_train = pc.equal(batch.column("split"), "train").to_pylist()
        written = batch.column("written") if "written" in batch.schema.names else None
        hits = self.rules.runs_to_remove(self._without_replacements(texts, written), self.index, written=self.index.foreign_character())
        shown = self.scrub.addresses(urls, doc_ids)
        masks = {
            "benchmark_text": [train and bool(found) for train, found in zip(is_train, hits, strict=True)],
            "personal_data": self.scrub.personal(texts, doc_ids, written, languages_of(batch)),
            "personal_data_in_its_url": pc.and_(pc.is_valid(urls), pc.fill_null(pc.not_equal(shown, urls), fill_value=True)).to_pylist(),
        }
        rows = [
            {"doc_id": doc_id, "fault": fault} for fault, mask in masks.items() for doc_id in doc_ids.filter(pa.array(mask, pa.bool_())).to_pylist()
        ]
        faults = {"faults": pa.RecordBatch.from_pylist(rows, schema=FAULTS)}
        return faults if written is None else {**faults, "places": _sizes(doc_ids, written)}

    def _without_replacements(self, texts: pa.Array, written: pa.Array | None) -> pa.Array:
        if written is not None:
            foreign = self.index.foreign_character().encode()
            held = pc.is_valid(written)
            pairs = zip(texts.filter(held).to_pylist(), written.filter(held).to_pylist(), strict=True)
            return pc.replace_with_mask(texts, held, pa.array([_foreign(text, Places.listed(flat), foreign) for text, flat in pairs], texts.type))
        if not self.entities:
            return texts
        return pc.replace_substring_regex(texts, pattern=written_for(self.entities), replacement=self.index.foreign_character())


def _sizes(doc_ids: pa.Array, written: pa.Array) -> pa.RecordBatch:
    """How many bytes of each text lie in places, where it has any."""
    pairs = ((doc_id, Places.listed(flat)) for doc_id, flat in zip(doc_ids.to_pylist(), written.to_pylist(), strict=True) if flat)
    rows = [{"doc_id": doc_id, "num_bytes": sum(places.ends) - sum(places.starts)} for doc_id, places in pairs]
    return pa.RecordBatch.from_pylist(rows, schema=PLACES)


def _foreign(text: str, places: Places, foreign: bytes) -> bytes:
    """A text with a foreign character in each of some places."""
    return apply_bytes(text.encode(), [(start, end, foreign) for start, end in zip(places.starts, places.ends, strict=True)])


class Publish:
    """See the module."""

    name = "publish"
    version = 5

    def params(self, config: Curation) -> Any:
        """Title, and what the card says of the policies."""
        return {"title": _title(config), "policy": _policy(config), "publish": encode(config.publish)}

    def parts(self, config: Curation) -> dict[str, int]:  # noqa: ARG002
        """No registered part has a hand in it."""
        return {}

    def reads(self, config: Curation) -> tuple[Read, ...]:
        """Final documents, where in them something was written, and everything that the card tells."""
        finals = (("scrub", "finals_train"), ("scrub", "finals_heldout"), ("scrub", "survivors"), ("scrub", "pii_spans"))
        written = (("scrub", "written"), (EVERY, "edits")) if replacement_of(config).keeps_places else ()
        benchmarks = (("register", "benchmark_items"), ("decontaminate", "contamination"), (EVERY, "boilerplate"))
        return (*finals, *written, (EVERY, "fates"), *benchmarks)

    def outputs(self, config: Curation) -> dict[str, pa.Schema]:  # noqa: ARG002
        """The corpus, the fates of what is in it, the survivors as they came."""
        return {s.name: s.schema for s in (CORPUS, FATES, SURVIVORS)}

    def run(self, work: Work) -> Outcome:
        """Gate, links, card."""
        finals = {split: work.table("scrub", f"finals_{split}") for split in SIDES}
        survivors = work.table("scrub", "survivors")
        spans = work.query("card_entities", ENTITIES, {"pii_spans": work.table("scrub", "pii_spans")})
        entities = work.engine.rows(spans).sort_by([("entity", "ascending"), ("policy", "ascending")])
        self._gate(work)
        fates = work.query("fates_of_kept", FATES.schema, {"survivors": survivors}).renamed("fates")
        folder = work.folder / "corpus"
        corpus = Table(name="corpus", schema=CORPUS.schema, files=tuple(f for s, t in sorted(finals.items()) for f in _linked(t, folder / "data", s)))
        path = folder / "README.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(card(_facts(work, finals, entities)), encoding="utf-8")
        tables = {"corpus": corpus, "fates": fates, "survivors": survivors}
        return Outcome(tables=tables, account=work.unchanged(survivors, corpus, fates), artifacts={"README.md": work.warehouse.artifact(path)})

    def passes(self, config: Curation) -> tuple[Pass, ...]:
        """The gate, over the final text of either side."""
        keeps_places = replacement_of(config).keeps_places
        outputs = {"faults": FAULTS, "places": PLACES} if keeps_places else {"faults": FAULTS}
        columns = ("doc_id", "text", "split", "url", "language")
        beside = Beside(name="written", schema=WRITTEN, query="written_beside") if keeps_places else None
        return tuple(
            Pass(name=f"gate_{side}", reads=("scrub", f"finals_{side}"), make=_inspect, outputs=outputs, columns=columns, beside=beside)
            for side in SIDES
        )

    def _gate(self, work: Work) -> None:
        """Raises GateError where text that had to go is still there, or where scrub says that it wrote more than its edits put in."""
        made = [work.over(its) for its in self.passes(work.config)]
        found = union("faults", [one["faults"] for one in made], FAULTS)
        if replacement_of(work.config).keeps_places:
            given = {"places": union("places", [one["places"] for one in made], PLACES), "edits": union("edits", work.every("edits"), EDITS.schema)}
            found = union("faults", [found, work.query("places_beyond_edits", FAULTS, given)], FAULTS)
        if found.num_rows:
            rows = work.engine.rows(found, 10_000_000)
            counts = Counter(rows.column("fault").to_pylist())
            first = min(rows.column("doc_id").to_pylist())
            what = ", ".join(f"{n:,} documents with {fault}" for fault, n in sorted(counts.items()))
            raise GateError(f"publish: {what} got past the steps that remove it (first: doc_id {first}); nothing was published; please report this")


def _inspect(work: Work) -> InspectTexts:
    rules = rules_of(work)
    index = index_of(work) if rules.inexact_action != "flag" else index_of(work).exact_only()  # what may stay is not looked for again
    gone = [name for name, action in rules.action_by_benchmark.items() if action != "flag"]
    scrub = scrub_body(work.config)
    return InspectTexts(index=index.only(gone), rules=rules, scrub=scrub, entities=entities_of(scrub.detectors))


def _linked(table: Table, folder: Path, split: str) -> Sequence[Any]:
    """The table's files under the names that ``datasets`` expects: hard links where the disk has them, copies elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(table.files, key=lambda f: (f.content, f.path))
    linked = []
    for number, file in enumerate(files):
        target = folder / f"{split}-{number:05d}-of-{len(files):05d}.parquet"
        try:
            os.link(file.path, target)
        except OSError:
            shutil.copyfile(file.path, target)
        linked.append(replace(file, table="corpus", path=str(target)))
    return linked


def _facts(work: Work, finals: dict[str, Table], entities: pa.Table) -> CardFacts:
    config = work.config
    engine = work.engine
    whole = {"corpus": Table(name="corpus", schema=CORPUS.schema, files=finals["train"].files + finals["heldout"].files)}
    groups = engine.rows(work.query("card_groups", GROUPS, {**whole, "survivors": work.table("scrub", "survivors")})).to_pylist()
    fates = union("fates", work.every("fates"), FATES.schema)
    drops = engine.rows(work.query("card_drops", DROPS, {"fates": fates})).sort_by([("step", "ascending"), ("reason", "ascending")])
    met = engine.rows(work.query("card_contamination", MET, {"contamination": work.table("decontaminate", "contamination")}))
    splits = {row["value"]: row for row in groups if row["grouping"] == "split"}
    return CardFacts(
        title=_title(config),
        num_documents={s: splits.get(s, {}).get("num_documents", 0) for s in finals},
        num_bytes={s: splits.get(s, {}).get("num_bytes", 0) for s in finals},
        groups={name: [r for r in groups if r["grouping"] == name] for name in ("source", "language", "license")},
        drops=drops.to_pylist(),
        entities=entities.to_pylist(),
        contamination=met.sort_by([("benchmark", "ascending"), ("action", "ascending")]).to_pylist(),
        policy=_policy(config),
        manifests=work.contents,
        min_group=config.publish.min_group,
    )


def _title(config: Curation) -> str:
    return config.publish.title or f"{config.name}, curated by assay"


def _policy(config: Curation) -> dict[str, str]:
    actions = {"every benchmark": config.decontaminate.action, **config.decontaminate.actions}
    said = ", ".join(f"{name}: {action}" for name, action in sorted(actions.items()))
    return {
        "rules": f"Presets, in this order: {', '.join(presets_of(config)) or 'none'}.",
        "pii": f"{_done(config)} Detectors do not find every trace of a person: treat the text with care.",
        "contamination": f"Runs of {config.decontaminate.ngram_words} words of registered benchmark items, in the train side only. Actions: {said}.",
    }


_DONE: Final = {
    "mask": "asterisks stand in its place",
    "placeholder": "a typed placeholder stands in its place",
    "pseudonym": "a keyed pseudonym (HMAC-SHA256) stands in its place; the key is not part of the corpus",
    "surrogate": "a made-up value stands in its place, the same one for the same value; the key that draws it is not part of the corpus",
    "generalise": "a coarser value stands in its place, or a typed placeholder",
    "drop": "the document is not part of the corpus",
    "flag": "the text stays",
}


def _done(config: Curation) -> str:
    """What was done about personal data, in a sentence for each policy."""
    by_policy: dict[str, list[str]] = {}
    for entity, policy in sorted(config.scrub.policies.items()):
        by_policy.setdefault(policy, []).append(entity)
    apart = [f"Of {', '.join(entities)}: {_DONE[policy]}." for policy, entities in sorted(by_policy.items())]
    return " ".join([f"Of each span found: {_DONE[config.scrub.style]}.", *apart])
