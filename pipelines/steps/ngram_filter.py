"""A filter beside a published corpus: the seeds of every block of documents, so that a new benchmark costs a look at these and at few blocks.

The filter follows the files' row groups, which engines cut as they like: it is no table of the run and decides nothing. It lies under a manifest of
its own, whose key is made of the files that it speaks of. What is found by way of it is what a look at everything would find.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contamination.decontaminate import Decontaminate as DecontaminateTexts
from pipelines.contamination.ngrams import NgramIndex
from pipelines.contamination.rules import ActionRules
from pipelines.contamination.seeds import VERSION, SeedSet, Sought, block_seeds
from pipelines.contract.manifest import Manifest, step_key
from pipelines.contract.parts import PartWriter, Table, laid_out, read_row_groups, scratch, tables_of
from pipelines.contract.schema import CONTAMINATION, CORPUS, EDITS
from pipelines.steps.decontaminate import Decontaminate, Known
from pipelines.text.edits import ByteEdit, carry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipelines.contamination.parts import PartRule
    from pipelines.contamination.seeds import Uint64
    from pipelines.contract.warehouse import Warehouse
    from pipelines.engine.base import Engine

STEP: Final = "ngram_filter"
BLOCK_BYTES: Final = 2 << 20  # of text: smaller ones are told apart better, and their seeds take more room
_READ_BYTES: Final = 1 << 20
I64: Final = pa.int64()
_PLACE: Final = [("file", pa.string()), ("row_group", I64)]
GROUPS: Final = scratch(laid_out(pa.schema(_PLACE), row_group_bytes=1))  # a row is a row group of its own, and so a piece of work of its own
_SEEDS: Final = [("counts", pa.binary()), ("lows", pa.binary())]
# A block a row group: what a reader of all asks memory for stays so small that it is the same memory each time.
FILTERS: Final = laid_out(pa.schema([*_PLACE, ("first_row", I64), ("num_rows", I64), ("num_text_bytes", I64), *_SEEDS]), row_group_bytes=1)


@dataclass(frozen=True)
class FilterGroups:
    """Reads row groups, each named by a row, and gives the seeds of their blocks. Files are named as they stand below ``root``."""

    root: str

    def __call__(self, batch: pa.RecordBatch) -> Iterator[dict[str, pa.RecordBatch]]:
        """A row a block."""
        for file, row_group in zip(batch.column("file").to_pylist(), batch.column("row_group").to_pylist(), strict=True):
            for block in self._blocks(file, row_group):
                yield {STEP: pa.RecordBatch.from_pylist([block], schema=FILTERS)}

    def _blocks(self, file: str, row_group: int) -> Iterator[dict[str, Any]]:
        place = {"file": file, "row_group": row_group}
        first_row = num_rows = num_bytes = 0
        seeds: list[Uint64] = []
        for batch in read_row_groups(f"{self.root}/{file}", [row_group], CORPUS.schema, _READ_BYTES, ["text"]):
            texts = batch.column("text")
            seeds.append(block_seeds(texts))
            num_rows, num_bytes = num_rows + len(texts), num_bytes + texts.nbytes
            if num_bytes >= BLOCK_BYTES:
                yield _row({**place, "first_row": first_row, "num_rows": num_rows, "num_text_bytes": num_bytes}, seeds)
                first_row, num_rows, num_bytes, seeds = first_row + num_rows, 0, 0, []
        if num_rows:
            yield _row({**place, "first_row": first_row, "num_rows": num_rows, "num_text_bytes": num_bytes}, seeds)


def _row(block: dict[str, Any], seeds: Sequence[Uint64]) -> dict[str, Any]:
    counts, lows = SeedSet.of(seeds).to_bytes()
    return {**block, "counts": counts, "lows": lows}


def corpus_filter(warehouse: Warehouse, publish: Manifest, engine: Callable[[], Engine]) -> Table:
    """The filter of a published corpus: found, or made and kept. Call it while holding ``warehouse.writing()``; the engine starts if it is needed."""
    planned = _planned(publish)
    manifest = warehouse.find(STEP, planned.key)
    if manifest is None:
        table = _made(warehouse, warehouse.table(publish, "corpus", CORPUS.schema), engine())
        manifest = warehouse.publish(planned, {STEP: table})
    return warehouse.table(manifest, STEP, FILTERS)


def kept_filter(warehouse: Warehouse, publish: Manifest) -> Table | None:
    """The filter of a published corpus, if it was made."""
    manifest = kept_manifest(warehouse, publish)
    return warehouse.table(manifest, STEP, FILTERS) if manifest else None


def kept_manifest(warehouse: Warehouse, publish: Manifest) -> Manifest | None:
    """The manifest of that filter, which is in no version."""
    return warehouse.find(STEP, _planned(publish).key)


def _planned(publish: Manifest) -> Manifest:
    files = {file.path: file.sha256 for file in publish.tables["corpus"].files}
    inputs = {"publish.corpus": publish.tables["corpus"].content_sha256, "files": hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()}
    params, parts = {"block_bytes": BLOCK_BYTES}, {"seeds": VERSION, "decontaminate": Decontaminate.version}  # the step's goes up when words do
    return Manifest(step=STEP, key=step_key(STEP, params, parts, inputs), params=params, parts=parts, inputs=inputs, tables={})


def _made(warehouse: Warehouse, corpus: Table, engine: Engine) -> Table:
    folder, root = warehouse.attempt(STEP), str(warehouse.root)
    rows = [{"file": str(Path(f.path).relative_to(root)), "row_group": group} for f in corpus.files for group in range(f.num_row_groups)]
    with PartWriter(folder / "groups", {"groups": GROUPS}) as writer:
        writer.write({"groups": pa.RecordBatch.from_pylist(rows, schema=GROUPS)})
    groups = tables_of(writer.files, {"groups": GROUPS})["groups"]
    return engine.map_batches(groups, FilterGroups(root), {STEP: FILTERS}, folder)[STEP]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What a look at a corpus for new items found, and how much of it was read for that.

    Attributes:
        contamination: rows of CONTAMINATION, every action ``flag``; spans are bytes of the final text.
        known: which parts were looked for.
        num_blocks, num_blocks_read: blocks of documents in the corpus, and those that might hold an item.
        num_bytes, num_bytes_read: their text.
        num_parts_without_seeds: parts whose n-grams are too short for the filter; for their sake everything is read.
    """

    contamination: pa.Table
    known: Known
    num_blocks: int
    num_blocks_read: int
    num_bytes: int
    num_bytes_read: int
    num_parts_without_seeds: int


def recheck(
    filters: Table, root: Path, items: pa.Table, rule: PartRule, *, min_coverage: float = 0.0, progress: Callable[[int, int], None] = lambda *_: None
) -> Rechecked:
    """Looks for items in the train side of a corpus by its filter.

    Args:
        filters: of the corpus.
        root: the folder below which its files stand.
        items: rows of BENCHMARK_ITEMS.
        rule: which of them are looked for.
        min_coverage: share of a part below which a document's runs are said to be of low coverage.
        progress: hears of row groups done and in all.
    """
    wanted = items.filter(rule.looked_for(items)).sort_by([(name, "ascending") for name in ("benchmark", "item_id", "part")])
    asks_whole = np.array(wanted.column("match_whole").to_pylist(), np.bool_)
    sought = Sought.of(wanted.column("text").combine_chunks(), asks_whole=asks_whole, ngram_words=rule.ngram_words, min_words=rule.min_words)
    blocks = list(_blocks_of(filters, sought))
    read = sorted((block for block in blocks if sought.num_without or block["may_hold"]), key=itemgetter("file", "row_group", "first_row"))
    actions = ActionRules(
        action_by_benchmark=dict.fromkeys(wanted.column("benchmark").to_pylist(), "flag"), min_coverage=min_coverage, ngram_words=rule.ngram_words
    )
    index = NgramIndex.build(wanted, rule.ngram_words, rule.min_words)
    body = DecontaminateTexts(index=index, rules=actions)
    groups = [(place, list(of_group)) for place, of_group in groupby(read, key=itemgetter("file", "row_group"))]
    found = []
    for number, ((file, row_group), of_group) in enumerate(groups):
        found += [body(batch)["contamination"] for batch in _rows_of(f"{root}/{file}", row_group, of_group)]
        progress(number + 1, len(groups))
    keys = [(name, "ascending") for name in ("doc_id", "doc_start", "doc_end", "benchmark", "item_id", "part", "item_start")]
    return Rechecked(
        contamination=pa.Table.from_batches(found, schema=CONTAMINATION.schema).sort_by(keys),
        known=Known(rule, index),
        num_blocks=len(blocks),
        num_blocks_read=len(read),
        num_bytes=sum(block["num_text_bytes"] for block in blocks),
        num_bytes_read=sum(block["num_text_bytes"] for block in read),
        num_parts_without_seeds=sought.num_without,
    )


def in_clean_text(contamination: pa.Table, edits: Sequence[Table]) -> pa.Table:
    """Findings in final texts with their spans in the clean texts, by the edits that made the one of the other."""
    doc_ids = pc.unique(contamination.column("doc_id"))
    by_document: defaultdict[str, list[ByteEdit]] = defaultdict(list)
    columns = ["doc_id", "from_version", "start", "end", "new_length"]
    paths = [path for one in edits for path in one.paths] if len(doc_ids) else []
    for batch in chain.from_iterable(read_row_groups(path, None, EDITS.schema, _READ_BYTES, columns) for path in paths):
        chosen = batch.filter(pc.and_(pc.equal(batch.column("from_version"), "clean"), pc.is_in(batch.column("doc_id"), value_set=doc_ids)))
        for row in chosen.to_pylist():
            by_document[row["doc_id"]].append(ByteEdit(row["start"], row["end"], row["new_length"]))
    rows = contamination.to_pylist()
    for row in rows:
        made_by = sorted(by_document[row["doc_id"]], key=attrgetter("start", "end"))
        row["doc_start"], row["doc_end"] = carry((row["doc_start"], row["doc_end"]), made_by, "before")
    return pa.Table.from_pylist(rows, schema=CONTAMINATION.schema)


def _blocks_of(filters: Table, sought: Sought) -> Iterator[dict[str, Any]]:
    """Each block without its seeds, and whether it may hold what is sought. The seeds of the whole corpus are never in memory at once."""
    for path in filters.paths:
        for batch in read_row_groups(path, None, filters.schema, _READ_BYTES):
            for block, *seeds in zip(batch.drop_columns(["counts", "lows"]).to_pylist(), batch.column("counts"), batch.column("lows"), strict=True):
                yield {**block, "may_hold": SeedSet.from_bytes(*(one.as_buffer() for one in seeds)).may_hold(sought)}


def _rows_of(path: str, row_group: int, blocks: Sequence[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
    """The rows of some blocks of a row group, in order; what stands behind the last is not read."""
    wanted = np.zeros(blocks[-1]["first_row"] + blocks[-1]["num_rows"], np.bool_)
    for block in blocks:
        wanted[block["first_row"] : block["first_row"] + block["num_rows"]] = True
    done = 0
    for batch in read_row_groups(path, [row_group], CORPUS.schema, _READ_BYTES, ["doc_id", "text", "split"]):
        mask = wanted[done : done + batch.num_rows]
        done += batch.num_rows
        if mask.any():
            yield batch.slice(0, len(mask)).filter(pa.array(mask))
        if done >= len(wanted):
            return
