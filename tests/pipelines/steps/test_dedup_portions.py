"""Components of candidates travel to workers in portions; which portion a component is in decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from pipelines.contract.parts import PartWriter, Table, read_table, tables_of
from pipelines.contract.schema import SURVIVORS
from pipelines.dedup.minhash import BANDS
from pipelines.engine.local import LocalEngine
from pipelines.engine.options import LocalOptions
from pipelines.steps.dedup import EDGES, MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS = pa.schema([("doc_id", pa.string()), ("num_bytes", pa.int64()), ("text", pa.string())])


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(LocalOptions(workers=1), tmp_path / "spill")
    yield made
    made.close()


def table(folder: Path, name: str, schema: pa.Schema, rows: list[dict[str, object]]) -> Table:
    with PartWriter(folder / name, {name: schema}) as writer:
        writer.write({name: pa.RecordBatch.from_pylist(rows, schema=schema)})
    return tables_of(writer.files, {name: schema})[name]


def test_whole_components_fill_portions_of_four_megabytes(engine: LocalEngine, tmp_path: Path) -> None:
    pairs = [(f"{i:03d}b", f"{i:03d}a") for i in range(40)]  # 40 components of 2 x 300,000 bytes
    sizes = [{"doc_id": doc_id, "num_bytes": 300_000} for pair in pairs for doc_id in pair]
    given = {
        "edges": table(tmp_path, "edges", EDGES, [{"a": a, "b": b} for a, b in pairs]),
        "unique_survivors": table(tmp_path, "unique_survivors", SURVIVORS.schema, [*sizes, {"doc_id": "alone", "num_bytes": 9}]),
        "texts": table(tmp_path, "texts", TEXTS, [{**row, "text": "text"} for row in sizes]),
    }
    rows = read_table(engine.query("component_members", given, MEMBERS, tmp_path / "made")).to_pylist()
    assert sorted(row["doc_id"] for row in rows) == sorted(row["doc_id"] for row in sizes)
    portions = {cluster: {row["portion"] for row in rows if row["cluster_id"] == cluster} for cluster in {row["cluster_id"] for row in rows}}
    assert {len(of) for of in portions.values()} == {1}
    held = [sum(row["num_bytes"] for row in rows if row["portion"] == portion) for portion in {row["portion"] for row in rows}]
    assert len(held) == 6
    assert max(held) < (4 << 20) + 600_000


def test_only_documents_that_stand_for_their_exact_copies_make_edges(engine: LocalEngine, tmp_path: Path) -> None:
    rows = [{"doc_id": d, "band": band, "bucket": b} for d, band, b in [("a", 0, 7), ("b", 0, 7), ("c", 0, 7), ("a", 1, 7), ("d", 1, 7), ("b", 2, 5)]]
    alive = [{"doc_id": d, "num_bytes": 1} for d in "bcd"]
    given = {"bands": table(tmp_path, "bands", BANDS, rows), "unique_survivors": table(tmp_path, "unique_survivors", SURVIVORS.schema, alive)}
    assert read_table(engine.query("star_edges", given, EDGES, tmp_path / "made")).to_pylist() == [{"a": "c", "b": "b"}]
