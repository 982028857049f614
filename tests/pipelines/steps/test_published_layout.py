"""The files that are published share their bytes from version to version, and are cut for those who read them."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contract.parts import PartWriter
from pipelines.steps.scrub import FINALS

SIZE = 16 << 10


def written(texts: list[str], folder: Path) -> Path:
    known = {"source": "web", "kind": "text", "language": "en", "url": None, "license": None, "split": "train"}
    rows = [{"doc_id": text[:32], "text": text, **known} for text in texts]
    with PartWriter(folder, {"finals_train": FINALS["finals_train"]}) as writer:
        for start in range(0, len(rows), 500):
            writer.write({"finals_train": pa.RecordBatch.from_pylist(rows[start : start + 500], schema=FINALS["finals_train"])})
    return Path(writer.files[0].path)


def test_a_corpus_without_some_of_its_documents_shares_most_of_its_bytes_with_the_one_before(tmp_path):
    letters = random.Random(5)
    texts = [letters.randbytes(2_000).hex() for _ in range(1_600)]
    before, after = (written(some, tmp_path).read_bytes() for some in (texts, [*texts[1:800], *texts[810:]]))
    pieces = [after[at : at + SIZE] for at in range(0, len(after) - SIZE, 4 * SIZE)]
    assert sum(piece in before for piece in pieces) > len(pieces) * 0.6


def test_a_row_group_is_neither_a_page_nor_the_whole(tmp_path):
    file = pq.ParquetFile(written([f"{number:032}" + "x" * 9_968 for number in range(8_000)], tmp_path))
    sizes = [file.metadata.row_group(group).num_rows * 10_000 for group in range(file.num_row_groups)]
    assert len(sizes) == 3
    assert all(30 << 20 < size < 40 << 20 for size in sizes[:-1])
