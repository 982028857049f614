"""Presets: rules as data, compared with signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from pipelines.contract.errors import ConfigError
from pipelines.rules.preset import Rule, judge, load_preset, names
from pipelines.signals.base import signals

if TYPE_CHECKING:
    from pathlib import Path


def rule(op: str, bound: float, signal: str = "n") -> Rule:
    return Rule(preset="p", family="f", signal=signal, op=op, bound=bound, reason=f"broke_{op}")  # type: ignore[arg-type]


IDS = pa.array(["a", "b", "c"])
VALUES = pa.RecordBatch.from_pydict({"n": pa.array([1, 2, 3], pa.int64()), "m": pa.array([None, 0.5, 0.6], pa.float64())})


def test_a_document_at_the_bound_is_kept() -> None:
    assert judge([rule("min", 2)], IDS, VALUES).column("doc_id").to_pylist() == ["a"]
    assert judge([rule("max", 2)], IDS, VALUES).column("doc_id").to_pylist() == ["c"]


def test_every_failed_rule_is_a_row_with_value_threshold_and_place() -> None:
    rows = judge([rule("min", 3), rule("max", 0.4, "m")], IDS, VALUES).to_pylist()
    assert [(r["doc_id"], r["rule"], r["value"], r["threshold"], r["position"]) for r in rows] == [
        ("a", "p.n_min", 1.0, 3.0, 0),
        ("b", "p.n_min", 2.0, 3.0, 0),
        ("b", "p.m_max", 0.5, 0.4, 1),
        ("c", "p.m_max", 0.6, 0.4, 1),
    ]


def test_a_signal_that_is_null_fails_nothing_and_no_rows_are_a_case() -> None:
    assert judge([rule("max", 0.0, "m")], IDS.slice(0, 1), VALUES.slice(0, 1)).num_rows == 0
    assert judge([], IDS, VALUES).num_rows == 0
    assert judge([rule("min", 3)], IDS.slice(0, 0), VALUES.slice(0, 0)).num_rows == 0


@pytest.mark.parametrize("name", names())
def test_a_shipped_preset_asks_for_signals_that_exist_and_names_faults_in_snake_case(name: str) -> None:
    preset = load_preset(name)
    assert preset.rules
    for one in preset.rules:
        assert one.signal in signals[one.family].columns.names
        assert one.reason == one.reason.lower().replace(" ", "_").replace("-", "_")


def test_an_unknown_preset_suggests_and_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'gopher'"):
        load_preset("gohper")
    path = tmp_path / "mine.toml"
    path.write_text('version = 3\nsource = "mine"\n[[rules]]\nfamily = "language"\nsignal = "language_score"\nmin = 0.5\nreason = "unsure"\n')
    assert (load_preset(str(path)).version, load_preset(str(path)).rules[0].bound) == (3, 0.5)
    path.write_text(path.read_text().replace("min = 0.5", "min = 0.5\nmax = 0.9"))
    with pytest.raises(ConfigError, match="exactly one of 'min' and 'max'"):
        load_preset(str(path))
