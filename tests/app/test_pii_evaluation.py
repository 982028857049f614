"""Labelled texts and what is said of them: every form of a file, offsets in three units, numbers that can be counted by hand."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli import app
from app.pii_evaluation import _languages, evaluate
from app.pii_labels import Label, Labelled, read_labels
from app.pii_names import mapping
from app.pii_scoring import ALL, EVERY, Agreement, Found, clustered
from evalsuite.estimates import share
from pipelines.contract.errors import ConfigError, InputError
from pipelines.steps.settings import Scrub

TEXT = "Zoë wrote to zoe@example.org."
VALUE = "zoe@example.org"
START = TEXT.index(VALUE)
END = START + len(VALUE)
SPAN = Label(START, END, "EMAIL")
BYTES = (START + 1, END + 1)  # ë has two bytes
WRONG = {"start": 0, "end": 2, "label": "X", "value": "hidden"}
TOKENS = TEXT[:-1].split()


def written(tmp_path, value, name="labels.json"):
    path = tmp_path / name
    lines = value if isinstance(value, list) and name.endswith("jsonl") else None
    told = "\n".join(map(json.dumps, lines)) if lines is not None else value if isinstance(value, str) else json.dumps(value)
    path.write_text(told, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "record",
    [
        {"full_text": TEXT, "spans": [{"entity_type": "EMAIL", "entity_value": VALUE, "start_position": START, "end_position": END}]},
        {"full_text": TEXT, "spans": [{"entity_type": "EMAIL", "entity_value": VALUE, "start_position": BYTES[0], "end_position": BYTES[1]}]},
        {"source_text": TEXT, "language": "de", "privacy_mask": [{"value": "zoe@example.org", "start": START, "end": END, "label": "EMAIL"}]},
        {"text": TEXT, "tokens": TOKENS, "spans": [{"value": "zoe@example.org", "start": 3, "end": 4, "label": "EMAIL"}]},
        {"tokens": TOKENS, "ner_tags": ["O", "O", "O", "B-EMAIL"]},
    ],
)  # fmt: skip
def test_what_a_span_covers_tells_what_its_offsets_count(tmp_path, record):
    for name in ("labels.json", "labels.jsonl"):
        (read,) = read_labels(written(tmp_path, [record], name))
        assert read.labels == (SPAN,)
        assert read.text in {TEXT, " ".join(TOKENS)}
        assert read.language == record.get("language")


@pytest.mark.parametrize("record", [
    {"text": TEXT, "entities": [[START, END, "EMAIL"]]}, {"text": TEXT, "label": [[START, END, "EMAIL"]]},
    [TEXT, {"entities": [[START, END, "EMAIL"]]}], {"text": TEXT, "spans": [{"start": START, "end": END, "label": "EMAIL"}]},
])  # fmt: skip
def test_offsets_that_could_be_either_are_asked_for(tmp_path, record):
    path = written(tmp_path, [record])
    with pytest.raises(ConfigError, match="record 1: its offsets mean one thing in characters and another in bytes; say which with --offsets"):
        read_labels(path)
    assert read_labels(path, "characters")[0].labels == (SPAN,)
    assert read_labels(path, "bytes")[0].labels == (Label(START - 1, END - 1, "EMAIL"),)


def test_offsets_that_mean_the_same_in_every_unit_are_not_asked_for(tmp_path):
    assert read_labels(written(tmp_path, [{"text": "ask ann", "entities": [[4, 7, "NAME"]]}]))[0].labels == (Label(4, 7, "NAME"),)


@pytest.mark.parametrize(
    ("value", "offsets", "said"),
    [
        ('[{"text": "half a fi', None, "not JSON .*is the file whole"),
        ("[]", None, "no record in it"),
        ([7], None, "record 1: a int; expected an object"),
        ([{"spans": []}], None, "record 1: no text"),
        ([{"text": "a"}], None, "record 1: no spans"),
        ([{"text": "a", "spans": []}, {"text": "a", "spans": [[0, True, "X"]]}], None, "record 2, span 1: not a span"),
        ([{"text": "a", "spans": [[1, 0, "X"]]}], None, "record 1, span 1: from 1 to 0"),
        ([{"text": "ab", "spans": [[0, 3, "X"]]}], None, "record 1: a X span ends at 3, past the 2 characters"),
        ([{"text": TEXT, "spans": [[3, 5, "X"]]}], "bytes", "record 1: a X span begins or ends inside a character"),
        ([{"text": TEXT, "spans": [[0, 2, "X"]]}], "tokens", "record 1: a X span has no tokens"),
        ([{"text": TEXT, "spans": [WRONG]}], None, "record 1: a X span does not cover its value"),
        ([{"text": TEXT, "spans": [WRONG]}], "bytes", "record 1: a X span does not cover its value"),
        ([{"tokens": ["a", "b"], "tags": ["O"]}], None, "record 1: 1 tags for 2 tokens"),
        ([{"tokens": ["a"], "tags": ["PERSON"]}], None, "the tag of token 1 is none"),
        ([{"tokens": ["a"], "ner_tags": [1]}], None, "record 1: tags that are no words"),
        ([{"text": "a", "tokens": ["b"], "spans": []}], None, "token 1 is not in the text"),
        ([{"text": "\ud800", "spans": []}], None, "half a surrogate pair"),
        ('[{"text": "a", "spans": [[' + "9" * 5000 + ', 1, "X"]]}]', None, "not JSON"),
        ([{"text": "a", "spans": [[0, 9, "X\nY"]]}], None, "record 1, span 1: not a span"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_right_is_one_line_without_its_text(tmp_path, value, offsets, said):
    with pytest.raises(InputError, match=said) as caught:
        read_labels(written(tmp_path, value), offsets)
    assert "\n" not in str(caught.value)
    assert not {"hidden", "wrote", "Zo"} & set(str(caught.value).replace('"', " ").split())


def test_bio_lines_become_texts_whose_tokens_are_joined_by_blanks(tmp_path):
    told = "-DOCSTART- O\n\nAnn NNP B-PER\nLee NNP I-PER\nmet O\nBob I-PER\n\nin O\nBern B-LOC\nZug B-LOC\n"
    first, second = read_labels(written(tmp_path, told, "labels.conll"))
    assert (first.text, first.labels) == ("Ann Lee met Bob", (Label(0, 7, "PER"), Label(12, 15, "PER")))
    assert (second.text, second.labels) == ("in Bern Zug", (Label(3, 7, "LOC"), Label(8, 11, "LOC")))
    with pytest.raises(InputError, match="line 1: one column"):
        read_labels(written(tmp_path, "Ann\n", "labels.bio"))
    with pytest.raises(InputError, match="no tagged token"):
        read_labels(written(tmp_path, "\n", "labels.bio"))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), st.data())
@settings(derandomize=True, max_examples=150, deadline=None)
def test_the_same_spans_in_characters_and_in_bytes_are_the_same_labels(tmp_path_factory, text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    low, high = len(text[:start].encode()), len(text[:end].encode())
    folder = tmp_path_factory.getbasetemp()
    (counted,) = read_labels(written(folder, [{"text": text, "spans": [[start, end, "X"]]}]), "characters")
    (measured,) = read_labels(written(folder, [{"text": text, "spans": [[low, high, "X"]]}]), "bytes")
    assert counted == measured
    assert counted.labels == (Label(start, end, "X"),)


def test_scores_are_what_one_counts_by_hand():
    held = Agreement(["PERSON", "EMAIL"])
    held.add(
        [Label(0, 10, "PERSON"), Label(20, 30, "EMAIL"), Label(40, 44, "AGE")],
        [Found(0, 10, "PERSON"), Found(25, 35, "EMAIL"), Found(50, 60, "EMAIL")],
    )
    held.add([Label(0, 10, "PERSON")], [Found(5, 10, "EMAIL", is_taken_out=False)])
    scores = {s.entity: s for s in held.scores()}
    person, mail, age = (scores[name] for name in ("PERSON", "EMAIL", "AGE"))
    assert (person.recall.value, person.exact_recall.value, person.precision.value, person.f1.value) == (0.5, 0.5, 1.0, pytest.approx(2 / 3))
    assert (mail.precision.value, mail.recall.value, mail.exact_precision.value) == (pytest.approx(1 / 3), 1.0, 0.0)
    assert (mail.leaked_spans.value, mail.leaked_characters.value) == (1.0, 0.5)
    assert person.leaked_characters.value == 0.5  # what is only flagged still stands
    assert age.leaked_characters.value == 1.0
    assert scores[ALL].num_labels == 3
    assert scores[EVERY].leaked_characters.value == pytest.approx((5 + 4 + 10) / 34)
    assert [(e.record, e.start, e.end, e.kind) for e in held.errors] == [
        (1, 20, 30, "other ends"), (1, 40, 44, "missed"), (1, 50, 60, "false alarm"), (2, 0, 10, "other kind")
    ]  # fmt: skip
    assert held.confusion["PERSON", "EMAIL"] == held.confusion["nothing", "EMAIL"] == 1


SPANS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 5), st.sampled_from("AB")), max_size=6)


@given(SPANS, SPANS)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_counts_are_those_of_looking_at_every_pair(labelled, found_at):
    labels, found = [Label(s, s + n, e) for s, n, e in labelled], [Found(s, s + n, e) for s, n, e in found_at]
    held = Agreement("AB")
    held.add(labels, found)
    pairs = [(i, j) for i, a in enumerate(labels) for j, b in enumerate(found) if max(a.start, b.start) < min(a.end, b.end)]
    same = [(i, j) for i, j in pairs if labels[i].entity == found[j].entity]
    score = next(s for s in held.scores() if s.entity == ALL)
    counted = [round((share.value or 0) * share.total) for share in (score.recall, score.precision, score.leaked_characters)]
    safe = [sum(any(f.start <= at < f.end for f in found) for at in range(a.start, a.end)) for a in labels]
    assert counted == [len({i for i, _ in same}), len({j for _, j in same}), sum(a.end - a.start - n for a, n in zip(labels, safe, strict=True))]
    assert sum(e.kind == "false alarm" for e in held.errors) == len(found) - len({j for _, j in pairs})


def test_nothing_leaks_from_a_text_that_is_not_published():
    held = Agreement(["PERSON"])
    held.add([Label(0, 10, "PERSON")], [], is_published=False)
    assert (held.scores()[0].recall.value, held.scores()[0].leaked_characters.value) == (0.0, 0.0)


@given(st.lists(st.booleans(), min_size=2, max_size=60))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_one_label_a_document_has_wilsons_interval_of_so_many_draws(hits):
    told, plain = clustered([(int(hit), 1) for hit in hits]), share([float(hit) for hit in hits])
    assert told.value == plain.value
    # The variance divides by n - 1, so a draw less is known.
    assert (told.low, told.high) != (None, None)
    assert told.low <= plain.ci_low + 1e-12
    assert told.high >= plain.ci_high - 1e-12
    assert math.isclose(told.low, plain.ci_low, abs_tol=0.06)
    assert math.isclose(told.high, plain.ci_high, abs_tol=0.06)


def test_labels_that_cluster_are_known_less_surely():
    together, apart = clustered([(10, 10)] * 5 + [(0, 10)] * 5), clustered([(4, 10), (6, 10)] * 5)
    assert together.value == apart.value == 0.5
    assert together.high - together.low > 2 * (apart.high - apart.low)
    assert clustered([]).value is None


def test_names_of_label_sets_are_known_and_a_user_may_add_some():
    claimed = ["PERSON", "LOCATION", "EMAIL_ADDRESS"]
    names = mapping(["FIRSTNAME", "GPE", "email", "STREET_ADDRESS", "Badge"], ["badge=person"], claimed)
    assert names == {"FIRSTNAME": "PERSON", "GPE": "LOCATION", "email": "EMAIL_ADDRESS", "STREET_ADDRESS": "LOCATION", "Badge": "PERSON"}
    assert mapping(["STREET_ADDRESS", "Badge"], [], [*claimed, "STREET_ADDRESS"]) == {"STREET_ADDRESS": "STREET_ADDRESS", "Badge": "BADGE"}
    with pytest.raises(ConfigError, match="no label is of the kind X; there are: Badge"):
        mapping(["Badge"], ["X=PERSON"], claimed)
    with pytest.raises(ConfigError, match="expected THEIRS=OURS"):
        mapping(["Badge"], ["Badge"], claimed)


def test_a_runs_own_scrubbing_is_what_is_evaluated():
    texts = [Labelled(text=TEXT, labels=(SPAN, Label(0, 3, "FIRSTNAME")), language="de"), Labelled(text="nothing here", labels=())]
    told = evaluate(texts, Scrub())
    scores = {s.entity: s for s in told.agreement.scores()}
    assert (scores["EMAIL_ADDRESS"].exact_recall.value, scores["PERSON"].leaked_characters.value) == (1.0, 1.0)
    assert told.not_looked_for == ["PERSON"]
    assert list(told.by_language) == ["de"]
    with pytest.raises(ConfigError, match="nothing is looked for"):
        evaluate(texts, Scrub(detectors=()))


def test_a_texts_language_is_what_it_says_else_what_is_given_else_what_a_run_finds():
    german = "Der Hund schläft unter dem Tisch, und die Katze liegt daneben."
    texts = [Labelled(text=german, labels=(), language="fr_CA"), Labelled(text=german, labels=()), Labelled(text="1 + 1", labels=())]
    assert _languages(texts, None) == ["fr", "de", "und"]
    assert _languages(texts, "en") == ["fr", "en", "en"]


def test_the_command_says_its_numbers_and_no_text(tmp_path):
    path = written(tmp_path, [{"text": TEXT, "spans": [{"start": START, "end": END, "label": "EMAIL", "value": "zoe@example.org"}, [0, 3, "NAME"]]}])
    told = CliRunner().invoke(app, ["pii", "evaluate", str(path), "--errors", "5", "--offsets", "characters"])
    assert told.exit_code == 0, told.output
    assert "EMAIL_ADDRESS" in told.output
    assert "PERSON 1" in told.output
    facts = json.loads(CliRunner().invoke(app, ["pii", "evaluate", str(path), "--json", "--detectors", "presidio", "--offsets", "characters"]).output)
    assert facts["scores"]["overall"][0]["leaked_characters"]["value"] == 0.0
    assert facts["errors"] == [{"record": 1, "start": 0, "end": 3, "kind": "missed", "label": "PERSON", "found": None}]
    assert "zoe" not in told.output + json.dumps(facts)


def test_what_looks_like_markup_in_a_label_file_is_text(tmp_path):
    records = [
        {"text": "zoe@example.org", "language": "xx[/nope]", "spans": [[0, 15, "[red]KIND[/nope]"]]},
        {"text": "so", "language": "en", "spans": []},
    ]
    told = CliRunner().invoke(app, ["pii", "evaluate", str(written(tmp_path, records)), "--errors", "5"])
    assert told.exit_code == 0, told.output
    assert "[RED]KIND[/NOPE]" in told.output
    assert "xx[/nope]" in told.output
