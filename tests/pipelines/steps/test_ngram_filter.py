"""A filter beside a corpus: what is found by way of it is what a look at everything finds, on either engine, and it is made once."""

from __future__ import annotations

import random
from functools import partial

import pyarrow as pa
import pytest
from tiny_corpus import prose

from pipelines.contamination.decontaminate import Decontaminate
from pipelines.contamination.ngrams import NgramIndex
from pipelines.contamination.parts import PartRule
from pipelines.contamination.rules import ActionRules
from pipelines.contract.manifest import Manifest
from pipelines.contract.parts import PartWriter, laid_out, read_table, tables_of
from pipelines.contract.schema import BENCHMARK_ITEMS, CORPUS, EDITS
from pipelines.contract.warehouse import Warehouse
from pipelines.engine.options import LocalOptions, SparkOptions
from pipelines.engine.start import make_engine
from pipelines.steps import ngram_filter
from pipelines.steps.ngram_filter import BLOCK_BYTES, FILTERS, STEP, corpus_filter, in_clean_text, kept_filter, recheck
from pipelines.text.words import count_words

NUM_FILES, DOCUMENTS_A_FILE = 3, 120


def row(number: int, text: str) -> dict[str, object]:
    facts = {"doc_id": f"{number:032x}", "source": "s", "kind": "page", "language": "en", "split": "train"}
    return {**dict.fromkeys(CORPUS.schema.names), **facts, "text": text}


def items(*texts: str, match_whole: bool = False) -> pa.Table:
    common = {**dict.fromkeys(BENCHMARK_ITEMS.schema.names), "benchmark": "new", "part": "question", "role": "input", "match_whole": match_whole}
    rows = [{**common, "item_id": f"{i:04}", "text": text, "num_words": count_words(text)} for i, text in enumerate(texts)]
    return pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    random_ = random.Random(11)
    return [prose(random_, 20) for _ in range(NUM_FILES * DOCUMENTS_A_FILE)]


@pytest.fixture(scope="module")
def published(tmp_path_factory, texts) -> tuple[Warehouse, Manifest]:
    """Three files of several row groups, as if a run had published them."""
    warehouse = Warehouse(tmp_path_factory.mktemp("filtered") / "warehouse")
    schemas = {"corpus": laid_out(CORPUS.schema, row_group_bytes=60_000)}
    files = []
    for first in range(0, len(texts), DOCUMENTS_A_FILE):
        with PartWriter(warehouse.attempt("publish"), schemas) as writer:
            rows = [row(first + i, text) for i, text in enumerate(texts[first : first + DOCUMENTS_A_FILE])]
            writer.write({"corpus": pa.RecordBatch.from_pylist(rows, schema=CORPUS.schema)})
        files += writer.files
    bare = Manifest(step="publish", key="0" * 64, params={}, parts={}, inputs={}, tables={})
    return warehouse, warehouse.publish(bare, tables_of(files, {"corpus": CORPUS.schema}))


@pytest.fixture(scope="module")
def filters(published, tmp_path_factory):
    engine = make_engine("local", LocalOptions(workers=1), SparkOptions(), tmp_path_factory.mktemp("scratch"))
    made = corpus_filter(*published, lambda: engine)
    engine.close()
    return made


def by_reading_everything(published, sought: pa.Table) -> pa.Table:
    warehouse, manifest = published
    corpus = read_table(warehouse.table(manifest, "corpus", CORPUS.schema), ["doc_id", "text"]).combine_chunks()
    body = Decontaminate(index=NgramIndex.build(sought), rules=ActionRules(action_by_benchmark={"new": "flag"}))
    found = pa.Table.from_batches([body(batch)["contamination"] for batch in corpus.to_batches()])
    return found.sort_by([(name, "ascending") for name in ("doc_id", "doc_start", "doc_end", "benchmark", "item_id", "part", "item_start")])


def by_filter(published, filters, sought: pa.Table):
    return recheck(filters, published[0].root, sought, PartRule())


@pytest.mark.parametrize("seed", range(4))
def test_what_the_filter_lets_one_find_is_what_a_look_at_everything_finds(published, filters, texts, seed):
    random_ = random.Random(seed)
    planted = []
    for _ in range(3):
        words = random_.choice(texts).split()
        start, num_unheard = random_.randrange(len(words) - 30), random_.choice([0, 5])
        planted.append(" ".join([*["unheard"] * num_unheard, *words[start : start + random_.randint(13 if num_unheard else 8, 30)]]))
    sought = items(*planted, prose(random_, 3), "seven words are too few to look")
    found = by_filter(published, filters, sought)
    assert found.contamination.equals(by_reading_everything(published, sought))
    assert found.contamination.num_rows >= 3
    assert 0 < found.num_blocks_read <= 3 < found.num_blocks


def test_of_a_benchmark_that_is_not_there_nothing_is_read(published, filters):
    found = by_filter(published, filters, items(*(prose(random.Random(seed), 4) for seed in range(100, 160))))
    assert (found.contamination.num_rows, found.num_blocks_read, found.num_bytes_read) == (0, 0, 0)


def test_parts_under_eight_words_that_are_looked_for_whole_have_everything_read(published, filters, texts):
    sought = items(" ".join(texts[5].split()[:3]), match_whole=True)
    found = by_filter(published, filters, sought)
    assert (found.num_parts_without_seeds, found.num_blocks_read) == (1, found.num_blocks)
    assert found.contamination.equals(by_reading_everything(published, sought))
    assert found.contamination.num_rows > 0


def test_blocks_are_the_rows_of_the_corpus_in_order_and_once(filters, texts):
    rows = read_table(filters).to_pylist()
    assert sum(r["num_rows"] for r in rows) == len(texts)
    assert len({(r["file"], r["row_group"]) for r in rows}) == len(rows) > NUM_FILES, "a row group under a block's size is one block"
    assert max(r["num_text_bytes"] for r in rows) < BLOCK_BYTES


def test_a_row_group_of_several_blocks_is_read_as_far_as_the_last_that_may_hold_an_item(published, texts, monkeypatch):
    monkeypatch.setattr(ngram_filter, "BLOCK_BYTES", 9_000)
    monkeypatch.setattr(ngram_filter, "_READ_BYTES", 5_000)
    warehouse, manifest = published
    body = ngram_filter.FilterGroups(str(warehouse.root))
    files = sorted(file.path for file in manifest.tables["corpus"].files)
    groups = pa.RecordBatch.from_pylist([{"file": file, "row_group": 0} for file in files], schema=ngram_filter.GROUPS)
    with PartWriter(warehouse.attempt("small"), {STEP: FILTERS}) as writer:
        for made in body(groups):
            writer.write(made)
    small = tables_of(writer.files, {STEP: FILTERS})[STEP]
    sought = items(" ".join(texts[9].split()[20:45]))
    found = by_filter(published, small, sought)
    assert found.num_blocks_read == 1 < found.num_blocks
    assert found.contamination.equals(by_reading_everything(published, sought))


def test_a_filter_is_made_once_and_found_without_an_engine(published, filters):
    def no_engine():
        raise AssertionError

    assert corpus_filter(*published, no_engine).paths == filters.paths
    assert kept_filter(*published) is not None


@pytest.mark.spark
def test_spark_makes_the_same_filter(published, filters, tmp_path):
    warehouse, manifest = published
    engine = make_engine("spark", LocalOptions(), SparkOptions(master="local[2]", driver_memory="1g"), tmp_path)
    try:
        made = ngram_filter._made(warehouse, warehouse.table(manifest, "corpus", CORPUS.schema), engine)
    finally:
        engine.close()
    assert made.content_sha256 == filters.content_sha256


def test_a_finding_in_a_final_text_is_shown_where_it_stands_in_the_clean_text(tmp_path):
    clean, final = "Call +44 20 7946 0950 or ask in the office.", "Call <PHONE_NUMBER> or ask in the office."
    edit = {"doc_id": "d", "from_version": "clean", "start": 5, "end": 21, "new_length": 14, "step": "scrub", "cause": "PHONE_NUMBER"}
    before = {**edit, "from_version": "raw", "start": 0, "end": 3, "new_length": 90}
    with PartWriter(tmp_path, {"edits": EDITS.schema}) as writer:
        writer.write({"edits": pa.RecordBatch.from_pylist([edit, before], schema=EDITS.schema)})
    place = (final.index("or ask"), len(final))
    finding = pa.Table.from_pylist([{"doc_id": "d", "doc_start": place[0], "doc_end": place[1]}], schema=ngram_filter.CONTAMINATION.schema)
    (shown,) = in_clean_text(finding, [tables_of(writer.files, {"edits": EDITS.schema})["edits"]]).to_pylist()
    assert clean[shown["doc_start"] : shown["doc_end"]] == final[slice(*place)]


def test_items_that_too_many_share_are_not_known_to_be_looked_for(published, filters, texts, monkeypatch):
    shared = " ".join(f"w{i}" for i in range(13))
    sought = items(*[shared] * 3, " ".join(texts[5].split()[:13]))
    monkeypatch.setattr(NgramIndex, "build", partial(NgramIndex.build, max_parts_per_ngram=2))
    assert by_filter(published, filters, sought).known.looked_for(sought).to_pylist() == [False, False, False, True]


def test_a_benchmark_of_nothing_that_can_be_looked_for_is_found_nowhere(published, filters):
    for sought in (items("too few words"), items("", " "), items()):
        found = by_filter(published, filters, sought)
        assert (found.contamination.num_rows, found.num_blocks_read) == (0, 0)
        assert not any(found.known.looked_for(sought).to_pylist())
