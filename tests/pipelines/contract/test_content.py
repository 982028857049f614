"""The content hash: golden for every type, the same column by column as row by row, and the same under every Python."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from golden_rows import JSON
from golden_rows import ROWS as GOLDEN
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract import content
from pipelines.contract.columns import TIMESTAMP
from pipelines.contract.content import content_hash
from pipelines.contract.hashing import MASK, digest, rows_hash

if TYPE_CHECKING:
    from random import Random

ROOT = Path(__file__).parents[3]
TYPES = {
    "s": pa.string(), "i": pa.int32(), "l": pa.int64(), "d": pa.float64(), "b": pa.bool_(), "t": TIMESTAMP, "y": pa.binary(),
    "tokens": pa.list_(pa.int32()), "longs": pa.list_(pa.int64()), "words": pa.list_(pa.string()),
    "doubles": pa.list_(pa.float64()), "floats": pa.list_(pa.float32()),
}  # fmt: skip
SCHEMA = pa.schema(list(TYPES.items()))
WHOLE = st.integers(-(2**31), 2**31 - 1)
VALUES = {
    "s": st.text(max_size=6), "i": WHOLE, "l": st.integers(-(2**63), 2**63 - 1), "d": st.floats(), "b": st.booleans(),
    "t": st.integers(-(2**50), 2**50), "y": st.binary(max_size=6), "tokens": st.lists(WHOLE | st.none(), max_size=3),
    "longs": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3), "words": st.lists(st.text(max_size=3) | st.none(), max_size=3),
    "doubles": st.lists(st.floats(), max_size=3), "floats": st.lists(st.floats(width=32), max_size=3),
}  # fmt: skip
ROWS = st.lists(st.fixed_dictionaries({name: kind | st.none() for name, kind in VALUES.items()}), max_size=8)


def of(rows: list[dict[str, object]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([r[f.name] for r in rows], f.type) for f in SCHEMA], schema=SCHEMA)


def by_value(batch: pa.RecordBatch) -> int:
    return rows_hash(zip(*map(content._values, batch.columns), strict=True))


@settings(max_examples=80, deadline=None)
@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 8))
def test_columns_hash_as_the_definition_hashes_rows_in_any_order_and_cut(rows: list[dict[str, object]], order: Random, cut: int) -> None:
    whole, shuffled = of(rows), list(rows)
    order.shuffle(shuffled)
    assert content_hash(whole) == by_value(whole)
    assert content_hash(whole) == sum(content_hash(of([row])) for row in shuffled) & MASK
    assert content_hash(whole) == (content_hash(whole.slice(0, cut)) + content_hash(whole.slice(cut))) & MASK


def test_a_machine_with_the_other_byte_order_follows_the_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = of([dict.fromkeys(TYPES) | {"s": "é", "l": -2, "tokens": [1, 2]}])
    expected = content_hash(batch)
    monkeypatch.setattr("sys.byteorder", "big")
    assert content_hash(batch) == expected


def test_values_that_look_alike_are_told_apart_and_values_that_are_equal_are_not() -> None:
    alike = [[1], [1.0], ["1"], [b"1"], [True], [None], [[1]], [[1.0]], [[None]], [[]], [""], [b""], ["N"], [["1"]], ["ab", "c"], ["a", "bc"]]
    assert len({rows_hash([row]) for row in alike}) == len(alike)
    assert rows_hash([[0.0]]) == rows_hash([[-0.0]])
    assert rows_hash([[math.nan]]) == rows_hash([[-math.nan]])
    numbers = {kind: content_hash(pa.record_batch({"n": pa.array([7], kind)})) for kind in (pa.int32(), pa.int64())}
    assert len(set(numbers.values())) == 1  # the width of a column is no content


def test_golden_hashes_of_rows_and_json_values() -> None:
    assert {name: f"{rows_hash(rows):x}" for name, (rows, _) in GOLDEN.items()} == {name: expected for name, (_, expected) in GOLDEN.items()}
    assert {name: digest(value) for name, (value, _) in JSON.items()} == {name: expected for name, (_, expected) in JSON.items()}


def test_a_golden_table_of_all_types() -> None:
    full = {
        "s": "\U0001fae8 é", "i": -1, "l": 2**62, "d": 0.1, "b": True, "t": datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC), "y": b"\x00\xff",
        "tokens": [1, 2], "longs": [], "words": ["a", None], "doubles": [math.nan, -0.0], "floats": [0.5],
    }  # fmt: skip
    assert f"{content_hash(of([full, dict.fromkeys(TYPES), full])):x}" == "ae759884c2571c556b9262fe107fde56"


def other_pythons() -> list[Path]:
    """The installed Pythons of other releases from 3.12 on, one a release."""
    places = [*Path.home().glob(".pyenv/versions/*/bin/python"), *(Path(d) / f"python3.{n}" for d in os.get_exec_path() for n in range(12, 20))]
    found = {}
    for place in filter(Path.exists, places):
        done = subprocess.run([place, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=False)
        release = tuple(map(int, done.stdout.split()))
        if (3, 12) <= release != sys.version_info[:2]:
            found.setdefault(release, place)
    return list(found.values())


def test_other_pythons_give_the_same_hashes() -> None:
    pythons = other_pythons()
    if not pythons:
        pytest.skip("python: no other Python of 3.12 or later is installed")
    program = Path(__file__).with_name("golden_rows.py")
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    for python in pythons:
        done = subprocess.run([python, program], capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == [[expected for _, expected in GOLDEN.values()], [expected for _, expected in JSON.values()]], python


@pytest.mark.parametrize("rows", [[], [None], [[], []], [[], None, []]], ids=str)
@pytest.mark.parametrize("kind", ["tokens", "longs", "floats", "doubles"])
def test_lists_without_a_value_hash_alike_where_they_came_over_a_stream(rows: list[list[int] | None], kind: str) -> None:
    made = pa.RecordBatch.from_arrays([pa.array(rows, TYPES[kind])], names=[kind])
    out = io.BytesIO()
    with pa.ipc.new_stream(out, made.schema) as stream:
        stream.write_batch(made)
    (came,) = pa.ipc.open_stream(out.getvalue())  # as rows come from Spark: of no values there is not even a buffer
    assert content_hash(came) == content_hash(made) == by_value(made)
