"""The whole corpus is looked through for items in other words by workers, and engines agree to the last bit."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from tiny_corpus import prose

from pipelines.contamination.semantic import SemanticRule
from pipelines.contract.parts import PartWriter, laid_out, tables_of
from pipelines.contract.schema import BENCHMARK_ITEMS, CORPUS
from pipelines.engine.options import LocalOptions, SparkOptions
from pipelines.engine.start import make_engine
from pipelines.steps.semantic import likenesses
from pipelines.text.sentence_embeddings import DIMENSIONS, model_identity

if TYPE_CHECKING:
    from pathlib import Path

ITEM = "Which organ of the human body cleans the blood and makes urine out of what it takes away?"
PARAPHRASE = "Name the organ that takes waste away from human blood and makes urine out of it in the body."


def written(folder: Path, name: str, schema: pa.Schema, rows: list[dict[str, object]], row_group_bytes: int = 1 << 22):
    bare = dict.fromkeys(schema.names)
    with PartWriter(folder, {name: laid_out(schema, row_group_bytes=row_group_bytes)}) as writer:
        writer.write({name: pa.RecordBatch.from_pylist([{**bare, **row} for row in rows], schema=schema)})
    return tables_of(writer.files, {name: schema})[name]


@pytest.fixture
def vectors(tmp_path, monkeypatch):
    """Static embeddings as if they had been distilled: a vector by chance for each word piece tells by words what is alike."""
    folder = tmp_path / "cache" / "embeddings"
    folder.mkdir(parents=True)
    np.save(folder / f"static-{model_identity()}.npy", np.random.default_rng(5).integers(-1000, 1000, (30_522, DIMENSIONS), np.int16))
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))


def test_a_paraphrase_is_flagged_where_it_stands_whatever_the_engine_and_the_row_groups(vectors, tmp_path):  # noqa: ARG001 - a cache
    random_ = random.Random(2)
    texts = [f"{prose(random_, 5)}\n{PARAPHRASE if i == 7 else prose(random_, 1)}\n{prose(random_, 5)}" for i in range(12)]
    rows = [{"doc_id": f"{i:032x}", "source": "s", "kind": "page", "language": "en", "split": "train", "text": text} for i, text in enumerate(texts)]
    rows.append({**rows[7], "doc_id": f"{12:032x}", "split": "heldout"})
    common = {"benchmark": "b", "part": "question", "role": "input", "match_whole": False}
    items = written(tmp_path / "items", "items", BENCHMARK_ITEMS.schema, [{**common, "item_id": "0", "text": ITEM}])
    rule = SemanticRule(min_static=0.2, candidates=4)
    engine = make_engine("local", LocalOptions(workers=1), SparkOptions(), tmp_path / "scratch")
    try:
        found = [
            likenesses(engine, written(tmp_path / str(size), "corpus", CORPUS.schema, rows, size), items, rule, tmp_path / f"made{size}")
            for size in (1 << 22, 1)
        ]
    finally:
        engine.close()
    assert found[0].equals(found[1])
    (row,) = found[0].to_pylist()
    assert (row["doc_id"], row["tier"], row["action"]) == (f"{7:032x}", "semantic", "flag")
    assert rule.min_similarity <= row["similarity"] < 1
    met = texts[7].encode()[row["doc_start"] : row["doc_end"]].decode()
    assert "waste away from human blood" in met
