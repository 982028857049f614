"""The presets decide what datatrove decides, on datatrove's own test cases; each difference is listed with its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from pipelines.cleaners.base import cleaners
from pipelines.rules.preset import Rule, judge, load_preset
from pipelines.signals.base import signals
from pipelines.text.batch import DocumentBatch
from pipelines.text.edits import apply

if TYPE_CHECKING:
    from pathlib import Path

# datatrove's name for the first rule that a text fails -> ours
REASONS = {
    "gopher_short_doc": "too_few_words",
    "gopher_long_doc": "too_many_words",
    "gopher_below_avg_threshold": "words_too_short",
    "gopher_above_avg_threshold": "words_too_long",
    "gopher_too_many_hashes": "too_many_hash_signs",
    "gopher_too_many_ellipsis": "too_many_ellipses",
    "gopher_too_many_bullets": "too_many_bullets",
    "gopher_too_many_end_ellipsis": "too_many_lines_end_with_ellipsis",
    "gopher_below_alpha_threshold": "too_few_alphabetic_words",
    "gopher_enough_stop_words": "too_few_stop_words",
    "dup_para_frac": "repeated_paragraphs",
    "dup_para_char_frac": "repeated_paragraph_characters",
    "dup_line_frac": "repeated_lines",
    "dup_line_char_frac": "repeated_line_characters",
    **{f"top_{n}_gram": f"frequent_{n}_gram" for n in (2, 3, 4)},
    **{f"duplicated_{n}_n_grams": f"repeated_{n}_grams" for n in range(5, 11)},
    "lorem_ipsum": "lorem_ipsum",
    "curly_bracket": "curly_bracket",
    "too_few_sentences": "too_few_sentences",
    "empty": "no_lines",
    "line_punct_ratio": "too_few_punctuated_lines",
    "short_line_ratio": "too_many_short_lines",
    "char_dup_ratio": "repeated_line_characters",
    "list_ratio": "too_many_line_breaks",
}
# datatrove's parameter -> the signal and side whose bound it moves
PARAMETERS = {
    "min_doc_words": ("num_words", "min"),
    "max_doc_words": ("num_words", "max"),
    "line_punct_thr": ("punctuated_line_ratio", "min"),
    "short_line_thr": ("short_line_ratio", "max"),
    "new_line_ratio": ("line_break_ratio", "max"),
    "min_num_sentences": ("num_sentences", "min"),
}
FIELDS = {"min_words_per_line"}  # parameters that are fields of the family itself
OF_OTHER_FILTERS = {"C4ParagraphFilter", "C4BadWordsFilter"}  # not among our presets


def cases(shared: Path, name: str) -> list[tuple[int, dict[str, Any]]]:
    whole = json.loads((shared / "conformance" / f"{name}.json").read_text(encoding="utf-8"))
    rows = [{**case, "params": {**whole.get("params", {}), **case.get("params", {})}} for case in whole["cases"]]
    known = {*PARAMETERS, *FIELDS, "short_line_length"}
    return [(n, c) for n, c in enumerate(rows) if c.get("filter") not in OF_OTHER_FILTERS and set(c["params"]) <= known]


def first_reason(rules: list[Rule], case: dict[str, Any]) -> str | None:
    moved = {PARAMETERS[k]: v for k, v in case["params"].items() if k in PARAMETERS}
    rules = [
        Rule(preset=r.preset, family=r.family, signal=r.signal, op=r.op, bound=moved.get((r.signal, r.op), r.bound), reason=r.reason) for r in rules
    ]
    fields = {k: v for k, v in case["params"].items() if k in FIELDS}
    for rule in rules:
        measured = signals[rule.family](**fields).measure(DocumentBatch.of([case["text"]]))
        if judge([rule], pa.array(["x"]), measured).num_rows:
            return rule.reason
    return None


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "preset", "family", "num_cases"),
    [
        ("datatrove_gopher_quality", "gopher", "gopher_quality", 7),
        ("datatrove_gopher_repetition", "gopher", "gopher_repetition", 7),
        ("datatrove_c4", "c4", "c4", 5),
        ("datatrove_fineweb_quality", "fineweb", "fineweb_quality", 5),
    ],
)
def test_every_decision_and_its_first_reason_are_datatroves(shared: Path, file: str, preset: str, family: str, num_cases: int) -> None:
    rules = [rule for rule in load_preset(preset).rules if rule.family == family]
    found = cases(shared, file)
    ours = {n: first_reason(rules, case) for n, case in found}
    theirs = {n: None if case["keep"] else REASONS[case["reason"]] for n, case in found}
    assert ours == theirs
    assert len(found) == num_cases


@pytest.mark.shared
def test_what_c4_leaves_of_a_text_is_what_datatrove_leaves(shared: Path) -> None:
    rewritten = [(n, case) for n, case in cases(shared, "datatrove_c4") if "expected_text" in case]
    assert rewritten
    for _, case in rewritten:
        cleaner = cleaners["c4_lines"](min_words_per_line=case["params"]["min_words_per_line"])
        assert apply(case["text"], cleaner.changes(case["text"])) == case["expected_text"]
