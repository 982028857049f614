"""Presets: rules as data, compared with signals."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from pipelines.contract.errors import ConfigError
from pipelines.rules.condition import parse
from pipelines.rules.preset import Rule, judge, load_preset, names
from pipelines.signals.base import signals
from pipelines.text.batch import DocumentBatch

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


LANGUAGES = pa.RecordBatch.from_pydict(
    {"n": [2, 2, 2, 2], "document_language": pa.array(["de", "zh", "en", None], pa.string()), "document_source": ["a", "a", "b", "b"]}
)
FOUR = pa.array(["a", "b", "c", "d"])


def judged(**fields: Any) -> list[tuple[str, float]]:
    one = Rule(preset="p", family="f", signal="n", reason="broke", **fields)
    return [(r["doc_id"], r["threshold"]) for r in judge([one], FOUR, LANGUAGES).to_pylist()]


def test_a_language_with_a_bound_of_its_own_is_judged_by_it_and_the_verdict_names_that_bound() -> None:
    assert judged(op="min", bound=3.0, by_language=(("de", 4.0), ("zh", 1.0))) == [("a", 4.0), ("c", 3.0), ("d", 3.0)]
    assert judged(op="max", bound=inf, by_language=(("de", 2.0), ("zh", 1.0))) == [("b", 1.0)]


def test_a_rule_judges_only_where_its_condition_holds() -> None:
    assert judged(op="min", bound=3.0, where=parse("language != 'de' and source = 'a'")) == [("b", 3.0)]
    assert judged(op="min", bound=3.0, where=parse("not language = 'de'")) == [("b", 3.0), ("c", 3.0)]  # of unknown language nothing is said


def test_a_preset_may_hold_two_rules_on_one_side_of_a_signal_if_each_has_a_name(tmp_path: Path) -> None:
    lines = """
version = 1
source = "mine"
[[rules]]
family = "language"
signal = "language_score"
min_by_language = {de = 0.5, zh = 1}
reason = "unsure"
[[rules]]
family = "language"
signal = "language_score"
min = 0.3
where = "source = 'mail'"
reason = "unsure"
"""
    path = tmp_path / "mine.toml"
    path.write_text(lines)
    with pytest.raises(ConfigError, match=r"two rules are named 'mine.language_score_min'; give each a 'name'"):
        load_preset(str(path))
    path.write_text(lines + 'name = "mail_unsure"\n')
    first, second = load_preset(str(path)).rules
    assert (first.by_language, first.bound, first.asks_for_facts) == ((("de", 0.5), ("zh", 1.0)), -inf, True)
    assert (first.kept_if, second.kept_if) == ("de: >= 0.5; zh: >= 1", ">= 0.3, where source = 'mail'")
    assert (second.name, second.where) == ("mine.mail_unsure", parse("source = 'mail'"))
    path.write_text(lines.replace("source = 'mail'", "source = mail"))
    with pytest.raises(ConfigError, match=r"mine.toml.rules\[1\]: where: 'mail' came; expected a number or a text"):
        load_preset(str(path))
    path.write_text(lines.replace("min = 0.3", "min = 0.3\nmax_by_language = {de = 1}"))
    with pytest.raises(ConfigError, match="exactly one of 'min' and 'max'"):
        load_preset(str(path))


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


def test_the_multilingual_preset_keeps_plain_chinese_and_german_that_rules_for_english_drop() -> None:
    texts = [
        "東京は日本の首都です。" * 20,
        "Der Fluss fließt an der alten Mühle vorbei bis zum Meer, wo die Boote warten. " * 5,
        "# # # a # # # b " * 20,
    ]
    batch = DocumentBatch.of(texts)
    facts = {"document_language": pa.array([code for code, _ in batch.languages])}

    def dropped(preset: str, segmentation: str) -> list[str]:
        measured = signals["gopher_quality"](segmentation=segmentation).measure(batch)  # type: ignore[call-arg]
        signs = pa.RecordBatch.from_arrays([*measured.columns, *facts.values()], names=[*measured.schema.names, *facts])
        rules = [one for one in load_preset(preset).rules if one.family == "gopher_quality"]
        return sorted(set(judge(rules, IDS, signs).column("doc_id").to_pylist()))

    assert dropped("gopher", "english") == ["a", "b", "c"]
    assert dropped("gopher_multilingual", "by_language") == ["c"]
