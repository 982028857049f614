"""The last gate: what it lets through, what it stops, and that a run which removed everything always gets past it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_corpus import EXAM, documents, prose, write_run_file

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contamination.cut import CutRule
from pipelines.contamination.decontaminate import Decontaminate
from pipelines.contamination.ngrams import NgramIndex
from pipelines.contamination.rules import ActionRules
from pipelines.contract.errors import GateError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import BENCHMARK_ITEMS, CORPUS
from pipelines.detectors.presidio import Presidio
from pipelines.detectors.scrub import Scrub
from pipelines.steps import publish
from pipelines.steps.publish import InspectTexts

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = "Please call the bakery on {} before noon and ask for seven warm rolls"

RULES = ActionRules(action_by_benchmark={"exam": "cut"})


def indexed(*texts: str) -> NgramIndex:
    rows = [
        {"benchmark": "exam", "item_id": f"{i}", "part": "question", "text": t, "num_words": len(t.split()), "match_whole": True}
        for i, t in enumerate(texts)
    ]
    return NgramIndex.build(pa.Table.from_pylist(rows, schema=BENCHMARK_ITEMS.schema))


def faults(text: str, index: NgramIndex, entities: tuple[str, ...]) -> list[str]:
    body = InspectTexts(index=index, rules=RULES, scrub=Scrub(detectors={"presidio": Presidio()}), entities=entities)
    batch = pa.RecordBatch.from_pylist([{"doc_id": "d", "text": text, "split": "train", "url": None}], schema=CORPUS.schema)
    return [row["fault"] for row in body(batch)["faults"].to_pylist()]


@pytest.mark.parametrize("style", ["placeholder", "pseudonym"])
def test_a_number_whose_placeholder_makes_up_a_benchmark_item_does_not_stop_the_corpus(tmp_path: Path, style: str) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    rows = [*documents(), {"id": "rolls", "text": f"{prose(random.Random(1))}\n{QUESTION.format('+44 20 7946 0958')}.", "site": "site-3"}]
    run_file = write_run_file(tmp_path, rows=rows, extra=f'[scrub]\nstyle = "{style}"\nkey_file = "{key}"\n')
    items = [{**EXAM[0], "question": QUESTION.format("<PHONE_NUMBER>")}]
    for name in ("train", "test"):
        (tmp_path / "gsm8k" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items), encoding="utf-8")
    run_file.write_text(run_file.read_text(encoding="utf-8").replace('use = "gsm8k"', 'use = "gsm8k", num_shots = 0'), encoding="utf-8")
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    manifests = runner.run().manifests
    published = read_table(warehouse.table(manifests["publish"], "corpus", CORPUS.schema)).column("text").to_pylist()
    assert sum("call the bakery on <PHONE_NUMBER" in text for text in published) == 1


@pytest.mark.parametrize(
    ("item", "text", "entities", "found"),
    [
        ("one two <PHONE_NUMBER> three four", "one two <PHONE_NUMBER> three four", ("PHONE_NUMBER",), []),
        ("one two <PHONE_NUMBER> three four", "one two <PHONE_NUMBER:abcdefghijklmnop> three four", ("PHONE_NUMBER",), []),
        ("one two <PHONE_NUMBER> three four", "one two <PHONE_NUMBER> three four", (), ["benchmark_text"]),  # nothing of ours was written
        ("one two <PHONE_NUMBER> three four", "one two <PHONE_NUMBER> three four", ("IBAN_CODE",), ["benchmark_text"]),
        ("three four", "one two <PHONE_NUMBER> three four", ("PHONE_NUMBER",), ["benchmark_text"]),
        ("two three", "one two <PHONE_NUMBER> three four", ("PHONE_NUMBER",), []),  # the words never met
        ("three four", "one two <PHONE_NUMBER>three four", ("PHONE_NUMBER",), []),  # glued: the word was never three
        ("\ue000 two \ue001", "\ue000 two <PHONE_NUMBER>", ("PHONE_NUMBER",), []),  # an item may hold any character
    ],
)
def test_what_we_wrote_is_no_word_of_any_item_and_all_other_words_are(item: str, text: str, entities: tuple[str, ...], found: list[str]) -> None:
    assert faults(text, indexed(item), entities) == found


ITEMS = (
    "one two three <PHONE_NUMBER> four five six seven",
    "four five six seven <EMAIL_ADDRESS> one two three",
    "one two three four five six seven nine",
)
HALVES = st.sampled_from(("one two three", "four five six seven"))
MIDDLES = st.sampled_from(("+1 650 253 0000", "jane@example.org", "<PHONE_NUMBER>", "<EMAIL_ADDRESS>", "\u6771", ""))
GAPS = st.sampled_from((" ", " ", "\n", ""))
TEXTS = st.lists(st.tuples(HALVES, GAPS, MIDDLES, GAPS, HALVES, st.sampled_from((" nine\n", "\n", ""))).map("".join), max_size=4).map("".join)


@given(TEXTS, st.sampled_from([(0, 0), (2, 3)]))
@settings(max_examples=150)
def test_what_was_decontaminated_and_scrubbed_gets_past_the_gate(text: str, kept: tuple[int, int]) -> None:
    index, scrub = indexed(*ITEMS), Scrub(detectors={"presidio": Presidio()})
    rule = CutRule(window_characters=kept[0], min_piece_characters=kept[1])
    schema = pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("cuts", pa.list_(pa.int64()))])
    out = Decontaminate(index, RULES, rule)(pa.RecordBatch.from_pylist([{"doc_id": "d", "text": text}], schema=schema))
    if out["fates"].num_rows:
        return
    cuts = [n for e in out["cuts"].to_pylist() for n in (e["start"], e["end"], e["new_length"])]
    made = scrub(pa.RecordBatch.from_pylist([{"doc_id": "d", "text": text, "cuts": cuts}], schema=schema))
    for row in made["finals"].to_pylist():
        assert faults(row["text"], index, tuple(sorted(set(made["pii_spans"].column("entity").to_pylist())))) == []


def test_text_that_had_to_go_and_is_still_there_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_file = write_run_file(tmp_path)
    first_lines = [row["text"].splitlines()[0] for row in documents()[:20]]
    monkeypatch.setattr(publish, "index_of", lambda work: indexed(*first_lines) if work else None)
    monkeypatch.setattr(publish, "rules_of", lambda work: RULES if work else None)
    with pytest.raises(GateError, match=r"publish: \d+ documents with benchmark_text got past .* \(first: doc_id [0-9a-f]{32}\)"):
        runner_for(load(run_file), "local", SilentReporter())[0].run()
