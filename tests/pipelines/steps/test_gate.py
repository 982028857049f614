"""The last gate: what it lets through, what it stops, and that a run which removed everything always gets past it."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
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
from pipelines.contract.schema import BENCHMARK_ITEMS, CORPUS, PII_SPANS, VERDICTS
from pipelines.detectors.hits import Document, Places
from pipelines.detectors.presidio import Presidio
from pipelines.detectors.replacement import Replacement
from pipelines.detectors.scrub import Scrub
from pipelines.engine.options import LocalOptions
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


def test_what_looks_like_text_or_is_found_again_gets_past_the_gate_by_its_place_whoever_reads_it(tmp_path: Path) -> None:
    """A mask brings the words around it together, so that they read like an item; a surrogate is a mail address; a flagged number stays."""
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    lines = (
        QUESTION.format("+44 20 7946 0958"),
        "Write to jane@acme.org or to 93.184.216.34 now",
        "The other one is 4111 1111 1111 1111, and no more",
    )
    rows = [*documents(), {"id": "rolls", "text": "\n".join((prose(random.Random(1)), *lines)), "site": "site-3"}]
    rows.append({"id": "gone", "text": f"{prose(random.Random(2))}\nHer number is 219-09-9998 as it was.", "site": "site-4"})
    policies = 'PHONE_NUMBER = "mask"\nEMAIL_ADDRESS = "surrogate"\nIP_ADDRESS = "generalise"\nCREDIT_CARD = "flag"\nUS_SSN = "drop"\n'
    contents = []
    for name, until in (("at_once", None), ("apart", "scrub")):
        root = tmp_path / name
        root.mkdir()
        run_file = write_run_file(root, rows=rows, extra=f'[scrub]\nkey_file = "{key}"\n[scrub.policies]\n{policies}')
        items = [{**EXAM[0], "question": " ".join(QUESTION.format("").split())}]
        for split in ("train", "test"):
            (root / "gsm8k" / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items), encoding="utf-8")
        run_file.write_text(run_file.read_text(encoding="utf-8").replace('use = "gsm8k"', 'use = "gsm8k", num_shots = 0'), encoding="utf-8")
        if until:
            runner_for(load(run_file), "local", SilentReporter())[0].run(until=until)  # so the gate does not ride, and reads for itself
        runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
        manifests = runner.run().manifests
        contents.append(manifests["publish"].tables["corpus"].content_sha256)
    assert contents[0] == contents[1]
    [text] = [t for t in read_table(warehouse.table(manifests["publish"], "corpus", CORPUS.schema)).column("text").to_pylist() if "the bakery" in t]
    assert f"call the bakery on {'*' * 16} before noon" in text
    assert re.search(r"Write to [a-z.']+\d{4}@example\.(com|net|org) or to 93\.184\.216\.0/24 now", text)
    assert "The other one is 4111 1111 1111 1111, and no more" in text
    told = read_table(warehouse.table(manifests["scrub"], "pii_spans", PII_SPANS.schema)).to_pylist()
    assert {row["policy"] for row in told} >= {"mask", "surrogate", "generalise", "flag", "drop"}
    verdicts = read_table(warehouse.table(manifests["scrub"], "verdicts", VERDICTS.schema)).to_pylist()
    assert [(row["rule"], row["reason"], row["value"]) for row in verdicts] == [("scrub.US_SSN", "personal_data", 1.0)]


def test_a_scrub_that_says_it_wrote_more_than_it_did_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Document, "written", lambda document: Places.of([(0, len(document.final()))]))
    run_file = write_run_file(tmp_path, extra='[scrub]\nstyle = "mask"\n')
    runner = runner_for(replace(load(run_file), local=LocalOptions(workers=1)), "local", SilentReporter())[0]
    with pytest.raises(GateError, match=r"publish: \d+ documents with places_that_no_edit_made got past"):
        runner.run()


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        ("one jane@acme.org two", [[4, 17]], []),
        ("one jane@acme.org two", [[5, 17]], ["personal_data"]),  # it reaches out of its place
        ("one jane@acme.org two", [[0, 4]], ["personal_data"]),
        ("one jane@acme.org two", [None], ["personal_data"]),
        ("one jane@acme.org joe@acme.org", [[4, 17]], ["personal_data"]),
        ("one two **** three four", [[8, 12]], []),
        ("one two **** three four", [None], ["benchmark_text"]),  # nothing of ours stands there
        ("one two jane@acme.org three four", [[8, 21]], []),
        ("\u4e2d one jane@acme.org two", [[8, 21]], []),
    ],
)
def test_only_the_very_places_where_something_was_written_are_let_through(text: str, written: list[list[int] | None], found: list[str]) -> None:
    scrub = Scrub(detectors={"presidio": Presidio()}, replacement=Replacement(style="mask"))
    body = InspectTexts(index=indexed("one two three four"), rules=RULES, scrub=scrub, entities=("EMAIL_ADDRESS",))
    batch = pa.RecordBatch.from_pylist([{"doc_id": "d", "text": text, "split": "train", "url": None}], schema=CORPUS.schema)
    batch = batch.append_column("written", pa.array(written, pa.list_(pa.int64())))
    assert [row["fault"] for row in body(batch)["faults"].to_pylist()] == found


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
