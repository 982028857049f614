"""An audit of personal data: drawn by design, kept private, marked on a terminal or by hand, and weighed by what each passage stands for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import tiny_warehouse
from typer.testing import CliRunner

from app.catalog import connect
from app.cli import app
from app.pii_audit import FOUND, PASSED_OVER, WINDOWS, WITH, WITHOUT, Design, Marked, Passage, Stratum, draw, write_passages
from app.pii_estimates import estimate
from app.pii_labels import read_labels
from app.pii_review import read_audit, review, shown, write_labels
from pipelines.contract.errors import ConfigError, InputError


@pytest.fixture
def laid_out(tiny, tmp_path):
    draw(tiny, 40, 7, tmp_path / "audit")
    return tmp_path / "audit"


def typed(*arguments, **options):
    return CliRunner().invoke(app, [str(a) for a in arguments], **options)


def test_every_stratum_is_drawn_and_a_passage_is_what_stands_in_the_clean_text(laid_out):
    design, passages = read_audit(laid_out)
    assert {(s.kind, s.name) for s in design.strata} >= {(FOUND, "EMAIL_ADDRESS"), (PASSED_OVER, "phone_number.year_range"), (WINDOWS, WITHOUT)}
    texts = {d.doc_id: d.text.encode() for d in tiny_warehouse.DOCS}
    for passage in passages:
        clean = texts[passage.doc_id][passage.start : passage.end].decode()
        assert len(clean.encode()) == len(passage.text.encode())
        assert clean == passage.text or tiny_warehouse.QUESTION in clean
        for span in passage.spans:
            assert passage.text[span.start : span.end] in {tiny_warehouse.EMAIL, "Dear"}
    (found,) = [p for p in passages if p.kind == FOUND]
    assert (found.spans[0].label, found.text[found.spans[0].start : found.spans[0].end]) == ("EMAIL_ADDRESS", tiny_warehouse.EMAIL)


def test_a_passage_may_hold_any_character_that_ends_a_line_somewhere(laid_out):
    design, passages = read_audit(laid_out)
    odd = [replace(p, before="a\u2028b\u0085c\x1cd\r\n", text=p.text) for p in passages]
    write_passages(laid_out, odd)
    assert read_audit(laid_out) == (design, odd)
    (laid_out / "passages.jsonl").write_bytes(b"\xff\n")
    with pytest.raises(InputError, match="is not as `assay pii audit` wrote it"):
        read_audit(laid_out)


def test_what_an_earlier_step_cut_is_not_shown(laid_out):
    assert tiny_warehouse.QUESTION not in (laid_out / "passages.jsonl").read_text("utf-8")


def test_windows_are_those_of_documents_that_were_looked_through_and_tile_them(tiny, tmp_path):
    draw(tiny, 10_000, 1, tmp_path / "all")
    design, passages = read_audit(tmp_path / "all")
    assert all(s.drawn == s.population for s in design.strata)
    tiled: dict[str, bytes] = {}
    for passage in passages:
        if passage.kind == WINDOWS:
            tiled[passage.doc_id] = tiled.get(passage.doc_id, b"") + passage.text.encode()
    assert {doc_id: len(text) for doc_id, text in tiled.items()} == {d.doc_id: d.num_bytes for d in tiny_warehouse.alive_after("scrub")}


def test_the_same_seed_draws_the_same_and_another_seed_does_not(tiny, tmp_path):
    told = []
    for number, seed in enumerate((1, 1, 2)):
        draw(tiny, 6, seed, tmp_path / str(number))
        told.append((tmp_path / str(number) / "passages.jsonl").read_bytes())
    assert told[0] == told[1] != told[2]


def test_nobody_else_may_read_it_and_the_look_is_logged(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    refused = typed("pii", "audit", "--out", tmp_path / "a", "-w", warehouse.root)
    assert isinstance(refused.exception, ConfigError)
    assert "--raw" in str(refused.exception)
    assert not (tmp_path / "a").exists()
    done = typed("pii", "audit", "--out", tmp_path / "a", "--raw", "-w", warehouse.root, "--sample", 9)
    assert done.exit_code == 0, done.output
    assert len((warehouse.root / "raw_access.log").read_text().splitlines()) == 1
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "a").iterdir()} == {0o600}
    assert tiny_warehouse.EMAIL not in done.output + (tmp_path / "a" / "audit.json").read_text()
    with pytest.raises(InputError, match="holds something already"):
        draw(warehouse, 9, 0, tmp_path / "a")


def test_an_audit_of_nothing_says_what_to_run(empty, tmp_path):
    with pytest.raises(InputError, match="no text in which personal data was looked for"):
        draw(empty, 9, 0, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_answers_are_kept_as_they_are_given_and_go_on_where_one_stopped(laid_out, tmp_path):
    _, passages = read_audit(laid_out)
    first = next(p for p in passages if p.kind == WINDOWS and "mill" in p.text)
    lines = iter(["nonsense", "y", "CITY", "q"])
    said: list[str] = []
    left = review(laid_out, lambda _question: next(lines), said.append)
    assert left == len(passages) - 2
    assert [p.mark for p in read_audit(laid_out)[1][:2]] == ["yes", "CITY"]
    assert "a kind in capitals" in "".join(said)

    def answered(_question, state={"noted": False}):  # noqa: B006 - one audit, one memory
        now = next(p for p in read_audit(laid_out)[1] if p.mark is None)
        if now.number == first.number and not state["noted"]:
            state["noted"] = True
            return "PLACE mill"
        return "" if now.kind == WINDOWS else "n"

    assert review(laid_out, answered, said.append) == 0
    target = tmp_path / "labels.jsonl"
    with pytest.raises(InputError, match="nobody has marked a window yet"):
        write_labels([p for p in passages if p.mark is None], target)
    assert not target.exists()
    assert write_labels(read_audit(laid_out)[1], target) == sum(p.kind == WINDOWS for p in passages)
    assert target.stat().st_mode & 0o777 == 0o600
    again = tmp_path / "again.jsonl"
    assert "only you may read it" in typed("pii", "labels", laid_out, again).output
    assert again.read_bytes() == target.read_bytes()
    labels = [(t.text[s.start : s.end], s.entity) for t in read_labels(target, "characters") for s in t.labels]
    assert ("mill", "PLACE") in labels
    told = typed("pii", "evaluate", laid_out)
    assert told.exit_code == 0, told.output
    assert "PLACE" in told.output
    facts = json.loads(typed("pii", "evaluate", laid_out, "--json").output)
    assert facts["num_marked"] == facts["num_passages"] == len(passages)


def test_marks_become_rows_without_a_value(tmp_path):
    warehouse = tiny_warehouse.build(tmp_path / "w")
    draw(warehouse, 4, 7, tmp_path / "audit")
    arguments = ("pii", "review", tmp_path / "audit", "--record-as", "mia", "-w", warehouse.root)
    assert "nothing is marked yet" in str(typed(*arguments, input="q\n").exception)
    done = typed(*arguments, input="y\nn\nPLACE the\n" + "\n" * 9 + "q\n")
    assert done.exit_code == 0, done.output
    with connect(warehouse) as connection:
        rows = connection.sql("SELECT * FROM reviews").to_arrow_table().to_pylist()
    assert {row["reviewer"] for row in rows} == {"mia"}
    assert {row["value"] for row in rows} >= {"yes", "no"}
    assert ("pii found: EMAIL_ADDRESS", "yes") in {(row["kind"], row["value"]) for row in rows}
    assert tiny_warehouse.EMAIL not in str(rows)
    version = warehouse.version()
    typed(*arguments, input="q\n")
    assert warehouse.version() == version  # the same marks again are no news


def test_a_passage_on_the_terminal_moves_no_cursor():
    passage = Passage(number=1, kind=FOUND, stratum="X", doc_id="d", start=0, end=4, before="", text="a\x1bbc", after="",
                      spans=(Marked(start=2, end=3, label="X"),))  # fmt: skip
    assert ">>a␛[b](X)c<<" in shown(passage, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mark": "maybe"}, "passage 1: a mark is 'yes', 'no', null, or a kind"),
        ({"mark": True}, "passage 1: its marks are of another kind"),
        ({"extra": 1}, "not as `assay pii audit` wrote it"),
    ],
)
def test_marks_by_hand_that_are_none_are_named_by_number(laid_out, change, said):
    path = laid_out / "passages.jsonl"
    first, *others = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(first), **change}), *others]), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_audit(laid_out)
    path.write_text(first, encoding="utf-8")
    with pytest.raises(InputError, match=r"1 passages where .* were drawn; is passages\.jsonl whole"):
        read_audit(laid_out)


def unit(kind, stratum, mark, missed=()):
    return Passage(
        number=1, kind=kind, stratum=stratum, doc_id="d", start=0, end=1, before="", text="x", after="", spans=(), mark=mark, missed=missed
    )


def test_each_stratum_counts_for_all_that_it_was_drawn_from():
    strata = (
        Stratum(FOUND, "PERSON", 1000, 10), Stratum(PASSED_OVER, "rule", 50, 4), Stratum(WINDOWS, WITH, 100, 10), Stratum(WINDOWS, WITHOUT, 900, 10),
    )  # fmt: skip
    one = ({"label": "PERSON", "value": "x"},)
    passages = [
        *[unit(FOUND, "PERSON", mark) for mark in ["yes"] * 8 + ["no", "CITY"]],
        *[unit(PASSED_OVER, "rule", mark) for mark in ["no", "no", "no", None]],
        *[unit(WINDOWS, WITH, "looked", missed) for missed in [one * 2] * 5 + [()] * 5],
        *[unit(WINDOWS, WITHOUT, "looked", missed) for missed in [one] + [()] * 9],
    ]
    told = estimate(Design(version=1, seed=0, window_bytes=600, strata=strata), passages)
    assert (told.num_passages, told.num_marked) == (34, 33)
    assert (told.precision["PERSON"].value, told.personal["PERSON"].value) == (0.8, 0.9)
    assert told.passed_over["rule"].value == 0.0
    assert told.passed_over["rule"].high > 0.3  # three looks say little
    missed, recall = told.missed["PERSON"], told.recall["PERSON"]
    assert missed.value == pytest.approx(100 * 0.5 * 2 + 900 * 0.1)
    assert recall.value == pytest.approx(800 / (800 + 190))
    assert recall.low < 0.7 < recall.value < recall.high < 1
    assert told.missed[""].value == 0.0 < told.missed[""].high
    whole = estimate(Design(version=1, seed=0, window_bytes=600, strata=(Stratum(FOUND, "PERSON", 10, 10),)), passages[:10])
    assert (whole.precision["PERSON"].low, whole.precision["PERSON"].high) == (0.8, 0.8)  # what was seen in full is in no doubt
    blind = estimate(Design(version=1, seed=0, window_bytes=600, strata=strata), [replace(p, mark=None, missed=()) for p in passages])
    assert (blind.recall["PERSON"], blind.precision["PERSON"].value) == (None, None)
