"""The tables of assay: one pyarrow schema each, with a sentence for every column. ``docs/tables.md`` is made from this module.

Spans are half-open UTF-8 byte offsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from pipelines.contract.columns import TIMESTAMP, TOKENS, check_types, column

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """What a table holds. ``grain`` completes the sentence "a row is ..."."""

    name: str
    grain: str
    schema: pa.Schema
    is_raw: bool = False  # raw text: shown only on request, and the request is logged

    def __post_init__(self) -> None:
        """Rejects types that one of the engines lacks."""
        check_types(self.schema, self.name)


S, I32, I64, F64, B = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
_ID = column("doc_id", S, "32 hex digits, from the source's name and the record's key")


def _spec(name: str, grain: str, fields: Iterable[pa.Field], *, is_raw: bool = False) -> TableSpec:
    return TableSpec(name=name, grain=grain, schema=pa.schema(list(fields)), is_raw=is_raw)


DOCUMENTS = _spec(
    "documents",
    "a document as read",
    [
        _ID,
        column("source", S, "name of the source in the run file"),
        column("kind", S, "what sort of text: readme, license, page, ..."),
        column("record_key", S, "the record's own key, relative to the source's root"),
        column(
            "origin",
            S,
            "what it shares with its siblings: host, package, folder; drawn for a side as a whole, with the origins that near copies tie to it",
        ),
        column("url", S, "where it was published, if known"),
        column("license", S, "licence as declared, if any"),
        column("created_at", TIMESTAMP, "when it was written or fetched, if the record says so"),
        column("text", S, "raw text"),
        column("num_bytes", I64, "UTF-8 bytes of the raw text"),
        column("content_sha256", S, "of the raw text in UTF-8"),
        column("origin_file", S, "file it was read from, relative to the source's root"),
        column("origin_codec", S, "how the file is packed: plain, gzip, zstd, parquet, warc, ..."),
        column("origin_offset", I64, "record's place: byte offset in the unpacked file, row number, or offset of the WARC record"),
        column("origin_length", I64, "record's length in the unit of origin_offset; null if unknown"),
    ],
    is_raw=True,
)
QUARANTINE = _spec(
    "quarantine",
    "input that could not be used",
    [
        column("step", S, "step that set it aside"),
        column("source", S, "name of the source"),
        column("doc_id", S, "the document, if it had become one"),
        column("origin_file", S, "file, relative to the source's root"),
        column("origin_offset", I64, "place in the file, as in documents; null if the file as a whole"),
        column("num_bytes", I64, "bytes set aside, as far as they could be counted"),
        column("error", S, "class of fault, in snake_case"),
        column("message", S, "what was wrong; never the text"),
    ],
)
SKIPPED = _spec("skipped", "a file below a source that was not opened, or the records of a file that are no documents, by reason", [
    column("source", S, "name of the source"),
    column("origin_file", S, "file, relative to the source's root; a folder that was passed by whole ends with a slash"),
    column("reason", S, "why"),
    column("num_records", I64, "how many records; null where the file was not opened"),
    column("num_bytes", I64, "their bytes as they stand in the file, or the file's; null if unknown"),
])  # fmt: skip
TEXTS = _spec(
    "texts",
    "a document's clean text",
    [
        _ID,
        column("text", S, "clean text; every span anywhere refers to its UTF-8 bytes"),
        column("language", S, "most likely language (ISO 639 code of lid.176)"),
        column("language_score", F64, "probability of that language, in [0, 1]"),
        column("num_bytes", I64, "UTF-8 bytes of the clean text"),
        column("sha256", S, "of the clean text in UTF-8"),
        column("source", S, "as in documents"),
        column("kind", S, "as in documents"),
        column("origin", S, "as in documents"),
        column("url", S, "as in documents"),
        column("license", S, "as in documents"),
    ],
)
EDITS = _spec(
    "edits",
    "one change of a text",
    [
        _ID,
        column("from_version", S, "version that start and end refer to: raw or clean"),
        column("start", I64, "first byte replaced"),
        column("end", I64, "first byte after it"),
        column("new_length", I64, "bytes put in its place"),
        column("step", S, "step that made the change"),
        column("cause", S, "what asked for it: the cleaners that made it, an entity, a benchmark"),
    ],
)
VERDICTS = _spec(
    "verdicts",
    "a rule that a document failed, at any step",
    [
        _ID,
        column("step", S, "step that judged"),
        column("rule", S, "preset and signal, as gopher.word_count_min"),
        column("reason", S, "the fault, in snake_case"),
        column("value", F64, "what was measured"),
        column("threshold", F64, "the bound it broke"),
    ],
)
FATES = _spec(
    "fates",
    "a document's end, one row for each of `documents`",
    [
        _ID,
        column("fate", S, "kept, dropped or quarantined"),
        column("step", S, "step that decided"),
        column("reason", S, "why, where it was not kept"),
    ],
)
DUPLICATES = _spec(
    "duplicates",
    "a removed copy",
    [
        _ID,
        column("kept_doc_id", S, "the copy that stayed"),
        column("cluster_id", S, "lowest doc_id of the candidate component"),
        column("kind", S, "exact (same clean text), near, or elsewhere (same clean text as a document of another corpus)"),
        column("jaccard", F64, "exact similarity of the two sets of shingles"),
    ],
)
CLUSTERS = _spec(
    "clusters",
    "a document that shares a component of candidates with another",
    [
        _ID,
        column("cluster_id", S, "lowest doc_id of the component"),
    ],
)
SPLITS = _spec(
    "splits",
    "which side a document is on",
    [
        _ID,
        column("split", S, "train or heldout"),
    ],
)
JOINED: Final = "joined"  # the part that is an item's question and answer in one text, as a page has them
BENCHMARK_ITEMS = _spec(
    "benchmark_items",
    "a registered item's part",
    [
        column("benchmark", S, "name of the benchmark"),
        column("item_id", S, "the item's own id"),
        column("part", S, "question, context, answer, ...; joined: question and answer as one text, with a line break between them"),
        column("role", S, "input: what a model is given; label: what it should answer; both: the two in one text"),
        column("text", S, "text of the part"),
        column("num_words", I64, "words after normalisation for 13-grams"),
        column("match_whole", B, "whether a part of fewer than 8 words is looked for as a whole"),
        column("has_answer", B, "whether the item has an answer that a model could learn; text of an item without one is only flagged"),
    ],
)
CONTAMINATION = _spec(
    "contamination",
    "an item met in a document",
    [
        _ID,
        column("benchmark", S, "name of the benchmark"),
        column("item_id", S, "the item's own id"),
        column("part", S, "part of the item"),
        column("tier", S, "exact: word for word; inexact: with words changed, left out or added; semantic: in other words"),
        column("num_ngrams", I64, "n-grams of the part that were met in this run of text"),
        column("coverage", F64, "share of the part's words that the run covers"),
        column("num_edits", I64, "words of the run that differ from the part's; 0 where the tier is exact"),
        column("similarity", F64, "likeness of the meaning in [0, 1]; null unless the tier is semantic"),
        column("doc_start", I64, "first byte of the run in the clean text"),
        column("doc_end", I64, "first byte after it"),
        column("item_start", I64, "first byte of the run in the part's text"),
        column("item_end", I64, "first byte after it"),
        column("action", S, "drop, cut or flag"),
        column("reason", S, "why the action is not the benchmark's own: inexact, no_answer, low_coverage, document_dropped, in_a_cut; else null"),
    ],
)
ITEM_STATUSES = _spec(
    "item_statuses",
    "a registered item",
    [
        column("benchmark", S, "name of the benchmark"),
        column("item_id", S, "the item's own id"),
        column("status", S, "contaminated: met word for word in what stays; inexact: only with words changed; clean: looked for; unchecked: not"),
        column("num_parts", I64, "parts registered"),
        column("num_parts_checked", I64, "of these, parts that were looked for"),
    ],
)
BOILERPLATE = _spec(
    "boilerplate",
    "an n-gram of a registered part that stands in too many documents to be evidence",
    [
        column("benchmark", S, "name of the benchmark"),
        column("item_id", S, "the item's own id"),
        column("part", S, "part of the item"),
        column("item_start", I64, "first byte of the n-gram in the part's text"),
        column("item_end", I64, "first byte after it"),
        column("num_documents", I64, "documents of the train side in which it stands"),
    ],
)
PII_SPANS = _spec(
    "pii_spans",
    "a scrubbed span",
    [
        _ID,
        column("entity", S, "kind of personal data, in presidio's names"),
        column("start", I64, "first byte in the clean text"),
        column("end", I64, "first byte after it"),
        column("score", F64, "recogniser's confidence in [0, 1]"),
        column("recognizer", S, "detector and recogniser that found it"),
        column("rule", S, "our rule by which it was found, where the recogniser alone would not have"),
        column("policy", S, "what was done: mask, placeholder, pseudonym, surrogate, generalise, drop or flag"),
        column("replacement", S, "what stands there now; null where the text stays or the document is dropped; never the value"),
    ],
)
PII_PASSED_OVER = _spec(
    "pii_passed_over",
    "a place that looks like personal data and by a rule is something else",
    [
        _ID,
        column("entity", S, "kind of personal data that it looks like"),
        column("start", I64, "first byte in the clean text"),
        column("end", I64, "first byte after it"),
        column("score", F64, "recogniser's confidence in [0, 1]"),
        column("recognizer", S, "detector and recogniser that found it"),
        column("rule", S, "our rule by which it is something else"),
    ],
)
CORPUS = _spec(
    "corpus",
    "a published document",
    [
        _ID,
        column("text", S, "final text"),
        column("source", S, "as in documents"),
        column("kind", S, "as in documents"),
        column("language", S, "as in texts"),
        column("url", S, "as in documents"),
        column("license", S, "as in documents"),
        column("split", S, "train or heldout"),
    ],
)
SHARDS = _spec(
    "shards",
    "a document's tokens",
    [
        _ID,
        column("source", S, "as in documents"),
        column("split", S, "train or heldout"),
        column("input_ids", TOKENS, "token ids of the final text, end-of-text last"),
        column("num_tokens", I64, "length of input_ids"),
    ],
)
SURVIVORS = _spec(
    "survivors",
    "a document alive after a step (each step's own; no view joins them)",
    [
        _ID,
        column("num_bytes", I64, "bytes of its text after the step"),
    ],
)
LEDGER = _spec(
    "ledger",
    "a step's account; in + added = kept + cut + dropped + quarantined",
    [
        column("step", S, "step"),
        column("docs_in", I64, "documents that came in"),
        column("docs_kept", I64, "documents that went on"),
        column("docs_dropped", I64, "documents dropped, each with a verdict"),
        column("docs_quarantined", I64, "documents set aside"),
        column("bytes_in", I64, "bytes that came in"),
        column("bytes_kept", I64, "bytes that went on"),
        column("bytes_cut", I64, "bytes that edits took out of documents that went on"),
        column("bytes_added", I64, "bytes that edits put in"),
        column("bytes_dropped", I64, "bytes of dropped documents"),
        column("bytes_quarantined", I64, "bytes set aside"),
        column("cpu_s", F64, "CPU seconds of this process, its workers and the executors", volatile=True),
        column("wall_s", F64, "seconds by the clock", volatile=True),
        column("peak_rss_bytes", I64, "highest resident memory of one process so far in the run: the driver or a worker", volatile=True),
    ],
)
RUNS = _spec(
    "runs",
    "a run",
    [
        column("run_id", S, "when it began and what it ran"),
        column("engine", S, "local or spark"),
        column("config_sha256", S, "of the run file's meaning"),
        column("code_version", S, "assay's version"),
        column("started_at", TIMESTAMP, "when it began"),
        column("finished_at", TIMESTAMP, "when it ended; null while it runs or if it was killed"),
        column("state", S, "running, finished, failed or killed"),
        column("error", S, "what it failed of"),
    ],
)
CHECKPOINTS = _spec(
    "checkpoints",
    "a saved state of a model in training",
    [
        column("checkpoint_id", S, "hash of plan, recipe and step"),
        column("train_id", S, "training run: key of its manifest"),
        column("step", I64, "optimizer steps done"),
        column("loss_nats", F64, "training loss of the last step, nats per token"),
        column("num_tokens", I64, "tokens seen so far"),
        column("plan_sha256", S, "of everything that decides the batches"),
        column("path", S, "folder of the checkpoint, relative to the warehouse", volatile=True),
    ],
)
TRAIN_STEPS = _spec(
    "train_steps",
    "a step's loss on one source; source null is all of them",
    [
        column("train_id", S, "training run: key of its manifest"),
        column("step", I64, "optimizer step, from 1"),
        column("source", S, "source of the tokens, null for all"),
        column("loss_nats", F64, "mean over the tokens, nats"),
        column("num_tokens", I64, "tokens of this step"),
        column("learning_rate", F64, "rate at this step"),
        column("wall_s", F64, "seconds since training began", volatile=True),
    ],
)
PREDICTIONS = _spec(
    "predictions",
    "an item answered",
    [
        column("eval_id", S, "hash of model, task and their versions"),
        column("model", S, "name of the model"),
        column("task", S, "name of the task"),
        column("item_id", S, "the item's own id"),
        column("metric", S, "metric that the score belongs to"),
        column("prompt_sha256", S, "of everything the model was shown"),
        column("response", S, "what it answered: text, or log-likelihoods as JSON"),
        column("extracted", S, "the answer taken from it; null if none could be"),
        column("target", S, "the right answer"),
        column("score", F64, "the metric's value for this item"),
        column("weight", F64, "weight of the item in the mean: 1, or bytes for bits per byte"),
        column("status", S, "clean, contaminated, inexact or unchecked, by this model's own corpus"),
    ],
)
SCORES = _spec(
    "scores",
    "a metric of a task on a subset",
    [
        column("eval_id", S, "hash of model, task and their versions"),
        column("model", S, "name of the model"),
        column("task", S, "name of the task"),
        column("metric", S, "name of the metric"),
        column("subset", S, "all, clean, contaminated, inexact or unchecked"),
        column("value", F64, "the score"),
        column("stderr", F64, "standard error; null for a single item"),
        column("ci_low", F64, "lower end of the 95% interval"),
        column("ci_high", F64, "upper end"),
        column("num_items", I64, "items behind it"),
    ],
)
REVIEWS = _spec(
    "reviews",
    "a reviewer's judgement",
    [
        column("item_id", S, "what was judged: a doc_id or an item"),
        column("reviewer", S, "who"),
        column("kind", S, "question that was asked"),
        column("value", S, "answer"),
        column("created_at", TIMESTAMP, "when"),
    ],
)

TABLES: Final[dict[str, TableSpec]] = {
    spec.name: spec
    for spec in (
        DOCUMENTS, QUARANTINE, SKIPPED, TEXTS, EDITS, VERDICTS, FATES, DUPLICATES, CLUSTERS, SPLITS, BENCHMARK_ITEMS, CONTAMINATION,
        ITEM_STATUSES, BOILERPLATE, PII_SPANS, PII_PASSED_OVER, CORPUS, SHARDS, SURVIVORS, LEDGER, RUNS, CHECKPOINTS, TRAIN_STEPS, PREDICTIONS,
        SCORES, REVIEWS,
    )
}  # fmt: skip
