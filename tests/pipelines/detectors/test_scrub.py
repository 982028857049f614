"""The body of the step: cuts, spans, edits, and documents that must be set aside."""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import ClassVar

import presidio_analyzer.pattern_recognizer
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.errors import PartError
from pipelines.contract.schema import EDITS, FATES, PII_PASSED_OVER, PII_SPANS, QUARANTINE, VERDICTS
from pipelines.detectors.base import DetectorGaveUp, DetectorTimeout, Span
from pipelines.detectors.presidio import Presidio
from pipelines.detectors.replacement import Replacement
from pipelines.detectors.scrub import FINALS, Scrub

SCHEMA = pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("cuts", pa.list_(pa.int64()))])
SCRUB = Scrub(detectors={"presidio": Presidio()})
YEAR = "phone_number.year"


@dataclass(frozen=True)
class Words:
    """A detector of words, for what presidio cannot be made to do."""

    version: ClassVar[int] = 1
    entities: ClassVar[tuple[str, ...]] = ("WORD",)
    pattern: str

    def find(self, text):
        if "takes for ever" in text:
            raise DetectorGaveUp("a recogniser gave up")
        if "stands still" in text:
            raise DetectorTimeout("the clock ran out")
        return [Span(start=m.start(), end=m.end(), entity="WORD", score=1.0, recognizer="Words") for m in re.finditer(self.pattern, text)]


def scrubbed(*texts, scrub=SCRUB, cuts=None):
    rows = [{"doc_id": f"d{i}", "text": text, "cuts": cuts} for i, text in enumerate(texts)]
    return {name: batch.to_pylist() for name, batch in scrub(pa.RecordBatch.from_pylist(rows, schema=SCHEMA)).items()}


def finals(*texts, **options):
    return [row["text"] for row in scrubbed(*texts, **options)["finals"]]


def test_every_span_is_a_row_and_an_edit_in_bytes_of_the_clean_text():
    text = "caf\u00e9 jane@example.org \u4e2d 93.184.216.34"
    out = scrubbed(text)
    assert [r["text"] for r in out["finals"]] == ["caf\u00e9 <EMAIL_ADDRESS> \u4e2d <IP_ADDRESS>"]
    utf8 = text.encode()
    assert [(s["entity"], utf8[s["start"] : s["end"]], s["replacement"], s["recognizer"]) for s in out["pii_spans"]] == [
        ("EMAIL_ADDRESS", b"jane@example.org", "<EMAIL_ADDRESS>", "presidio.EmailRecognizer"),
        ("IP_ADDRESS", b"93.184.216.34", "<IP_ADDRESS>", "presidio.IpRecognizer"),
    ]
    assert [(e["start"], e["end"], e["new_length"], e["step"], e["cause"], e["from_version"]) for e in out["edits"]] == [
        (6, 22, 15, "scrub", "EMAIL_ADDRESS", "clean"),
        (27, 40, 12, "scrub", "IP_ADDRESS", "clean"),
    ]


def test_tables_have_the_contracts_schemas_even_when_empty():
    out = SCRUB(pa.RecordBatch.from_pylist([], schema=SCHEMA))
    assert {name: batch.schema for name, batch in out.items()} == {
        "pii_spans": PII_SPANS.schema,
        "pii_passed_over": PII_PASSED_OVER.schema,
        "edits": EDITS.schema,
        "finals": FINALS,
        "quarantine": QUARANTINE.schema,
        "verdicts": VERDICTS.schema,
        "fates": FATES.schema,
    }
    assert scrubbed("", "nothing here")["edits"] == []
    assert finals("", "nothing here") == ["", "nothing here"]


def test_what_a_cut_took_is_not_looked_at_and_leaves_its_line_breaks():
    text = "keep a@b.org | cut c@d.org | keep"
    out = scrubbed(text, cuts=[13, 29, 2])
    assert [r["text"] for r in out["finals"]] == ["keep <EMAIL_ADDRESS> \n\nkeep"]
    assert [s["start"] for s in out["pii_spans"]] == [5]


@pytest.mark.parametrize(("new_length", "mark"), [(0, ""), (1, "\n"), (2, "\n\n")])
def test_a_cut_puts_in_as_many_line_breaks_as_it_says(new_length, mark):
    assert finals("abcdef", cuts=[2, 4, new_length]) == [f"ab{mark}ef"]


def test_a_span_that_a_cut_joined_is_given_in_parts_outside_the_cut():
    out = scrubbed("xx sec|gone|ret yy", scrub=Scrub(detectors={"w": Words("secret")}), cuts=[6, 12, 0])
    assert [r["text"] for r in out["finals"]] == ["xx <WORD><WORD> yy"]
    assert [(s["start"], s["end"], s["replacement"]) for s in out["pii_spans"]] == [(3, 6, "<WORD>"), (12, 15, "<WORD>")]
    assert [(e["start"], e["end"], e["new_length"]) for e in out["edits"]] == [(3, 6, 6), (12, 15, 6)]


@dataclass(frozen=True)
class Years(Words):
    """Finds words, and passes over whatever is a year."""

    entities: ClassVar[tuple[str, ...]] = ("PHONE_NUMBER", "WORD")

    def find(self, text):
        years = [
            Span(start=m.start(), end=m.end(), entity="PHONE_NUMBER", score=0.4, recognizer="Years", passed_over=YEAR)
            for m in re.finditer(r"\d{4}", text)
        ]
        return sorted([replace(span, rule="word.listed") for span in super().find(text)] + years, key=lambda span: span.start)


def test_what_is_passed_over_is_told_in_bytes_of_the_clean_text_and_stays():
    scrub = Scrub(detectors={"y": Years("secret|1888")})
    text = "\u4e2d secret 1999 1888 gone2000 \u4e2d 2024"
    cut = len("\u4e2d secret 1999 1888 ".encode())
    out = scrubbed(text, scrub=scrub, cuts=[cut, cut + 8, 0])
    assert [row["text"] for row in out["finals"]] == ["\u4e2d <WORD> 1999 <WORD>  \u4e2d 2024"]
    utf8 = text.encode()
    assert [(row["rule"], utf8[row["start"] : row["end"]]) for row in out["pii_passed_over"]] == [
        ("phone_number.year", b"1999"),
        ("phone_number.year", b"2024"),
    ]
    assert [(row["rule"], row["policy"]) for row in out["pii_spans"]] == [("word.listed", "placeholder")] * 2
    assert {(row["entity"], row["recognizer"], row["score"]) for row in out["pii_passed_over"]} == {("PHONE_NUMBER", "y.Years", 0.4)}
    out = scrubbed("2001", "none", scrub=scrub)
    assert out["edits"] == [] == out["pii_spans"]
    assert [(row["doc_id"], row["start"], row["end"]) for row in out["pii_passed_over"]] == [("d0", 0, 4)]
    assert scrub.personal(pa.array(["2001", "1888"]), pa.array(["a", "b"])) == [False, True]


def test_what_shows_only_after_a_first_scrub_is_scrubbed_too():
    assert finals("abab", scrub=Scrub(detectors={"w": Words("^ab|<WORD>ab")})) == ["<WORD>"]


def test_a_text_on_which_a_recogniser_gives_up_is_set_aside_and_the_others_are_not():
    out = scrubbed("a secret", "this takes for ever", "no", scrub=Scrub(detectors={"w": Words("secret")}))
    assert [r["doc_id"] for r in out["finals"]] == ["d0", "d2"]
    [row] = out["quarantine"]
    assert (row["step"], row["doc_id"], row["error"], row["num_bytes"]) == ("scrub", "d1", "detector_gave_up", 19)
    assert out["fates"] == [{"doc_id": "d1", "fate": "quarantined", "step": "scrub", "reason": "detector_gave_up"}]


def test_a_machine_that_stands_still_ends_the_run_with_the_documents_id_and_is_no_fate():
    with pytest.raises(DetectorTimeout, match="document d1: the clock ran out"):
        scrubbed("a secret", "it stands still", scrub=Scrub(detectors={"w": Words("secret")}))
    with pytest.raises(DetectorTimeout, match="document d7: "):
        Scrub(detectors={"w": Words("secret")}).addresses(pa.array(["https://host.org/it stands still"]), pa.array(["d7"]))


@dataclass(frozen=True)
class ManyWords(Words):
    """The same, many texts at once; each call is told to a list."""

    calls: list = field(default_factory=list)

    def find_batch(self, texts):
        self.calls.append(len(texts))
        texts = texts.to_pylist()
        if "wrong" in texts:
            return []
        return [DetectorGaveUp("a recogniser gave up") if "takes for ever" in text else self.find(text) for text in texts]


def test_a_detector_of_batches_sees_the_texts_of_a_round_together_and_finds_the_same():
    many = ManyWords("^ab|<WORD>ab")
    texts = ["abab", "no", "this takes for ever", "ab"]
    assert scrubbed(*texts, scrub=Scrub(detectors={"w": many})) == scrubbed(*texts, scrub=Scrub(detectors={"w": Words("^ab|<WORD>ab")}))
    assert many.calls == [4, 2, 1]
    with pytest.raises(PartError, match="0 answers for 1 texts"):
        scrubbed("wrong", scrub=Scrub(detectors={"w": many}))
    with pytest.raises(DetectorTimeout, match="document d0, or one of the 1 behind it: "):
        scrubbed("no", "it stands still", scrub=Scrub(detectors={"w": many}))


def test_a_pattern_that_times_out_among_many_texts_names_the_document(monkeypatch):
    monkeypatch.setattr(presidio_analyzer.pattern_recognizer, "REGEX_TIMEOUT_SECONDS", 1e-9)
    with pytest.raises(DetectorTimeout, match="document d1: presidio: "):
        scrubbed("no", " ".join(["a.b-" * 400 + "@a.b"] * 50), "no")


def test_a_text_that_never_comes_to_an_end_is_set_aside():
    out = scrubbed("a", scrub=Scrub(detectors={"w": Words("^.")}))
    assert out["finals"] == []
    assert [r["error"] for r in out["quarantine"]] == ["detector_gave_up"]


def test_the_source_is_told_where_the_batch_knows_it():
    batch = pa.RecordBatch.from_pylist([{"doc_id": "d", "text": "takes for ever", "cuts": None}], schema=SCHEMA).append_column(
        "source", pa.array(["web"])
    )
    [row] = Scrub(detectors={"w": Words("x")})(batch)["quarantine"].to_pylist()
    assert row["source"] == "web"


def test_pseudonyms_are_the_same_in_every_document(tmp_path):
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    body = Scrub(detectors={"presidio": Presidio()}, replacement=Replacement(style="pseudonym", key_file=key))
    first, second = finals("ask Jane@example.org", "or jane@example.org", scrub=pickle.loads(pickle.dumps(body)))
    assert first.removeprefix("ask ") == second.removeprefix("or ")
    assert re.fullmatch(r"<EMAIL_ADDRESS:[a-p]{16}>", second.removeprefix("or "))
    assert finals(first, scrub=body) == [first]


PIECES = st.sampled_from(
    (
        *("a@b.org", "@", "+1 650 253 0000", "253-0000", "650", "4111 1111 1111 1111", "93.184.216.34", "://u:p@h.org", "DE89370400440532013000"),
        *(" ", "\n", "\u00e9", "\u4e2d", "x"),
    )
)


@st.composite
def cut_texts(draw):
    text = draw(st.lists(PIECES, max_size=8).map("".join))
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    if len(places) % 2:
        places.pop()
    offsets = [len(text[:p].encode()) for p in places]
    cuts = [n for start, end in zip(offsets[::2], offsets[1::2], strict=True) for n in (start, end, draw(st.integers(0, min(2, end - start))))]
    return text, cuts


@given(cut_texts())
@settings(deadline=None, max_examples=200)
def test_cuts_and_edits_together_make_the_final_text_in_which_nothing_is_left_to_find(case):
    text, cuts = case
    out = scrubbed(text, cuts=cuts)
    [final] = [r["text"] for r in out["finals"]]
    steps = [(cuts[i], cuts[i + 1], b"\n\n"[: cuts[i + 2]]) for i in range(0, len(cuts), 3)]
    steps += [(s["start"], s["end"], s["replacement"].encode()) for s in out["pii_spans"]]
    steps.sort()
    assert all(a[1] <= b[0] for a, b in pairwise(steps))
    utf8 = text.encode()
    for start, end, new in reversed(steps):
        utf8 = utf8[:start] + new + utf8[end:]
    assert utf8.decode() == final
    assert Presidio().find(final) == []
    assert finals(final) == [final]
    assert [(e["start"], e["end"], e["new_length"]) for e in out["edits"]] == [
        (s["start"], s["end"], len(s["replacement"].encode())) for s in out["pii_spans"]
    ]


@given(st.lists(cut_texts() | st.just(("takes for ever", [])) | st.just(("nothing", None)), max_size=5), st.integers(0, 5))
@settings(deadline=None, max_examples=60)
def test_a_batch_or_a_slice_of_one_gives_what_its_documents_give_alone(cases, start):
    scrub = Scrub(detectors={"presidio": Presidio(), "words": Words("secret")})
    rows = [{"doc_id": f"d{i}", "text": text, "cuts": cuts} for i, (text, cuts) in enumerate(cases)]
    batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMA).slice(start)
    alone = [scrub(batch.slice(row, 1)) for row in range(batch.num_rows)]
    for name, table in scrub(batch).items():
        assert table.to_pylist() == [row for one in alone for row in one[name].to_pylist()]


def test_texts_in_which_nothing_is_found_are_not_copied():
    batch = pa.RecordBatch.from_pylist([{"doc_id": f"d{i}", "text": "nothing here", "cuts": None} for i in range(3)], schema=SCHEMA)
    given, finals = batch.column("text"), SCRUB(batch)["finals"].column("text")
    assert [buffer.address for buffer in finals.buffers()[1:]] == [buffer.address for buffer in given.buffers()[1:]]


def test_a_text_is_personal_where_a_detector_finds_something_or_gives_up():
    scrub = Scrub(detectors={"presidio": Presidio(), "words": Words("secret")})
    texts = pa.array(["no", "a secret", "it takes for ever", "jane@example.org", ""])
    assert scrub.personal(texts, pa.array("abcde")) == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("url", "public"),
    [
        (None, None),
        ("https://host.org/a/b?page=2#top", "https://host.org/a/b?page=2#top"),
        ("https://jane:secret@host.org/list", "https://host.org/list"),
        ("https://host.org/list?mail=jane.roe%40acme.org", "https://host.org/list"),
        ("https://host.org/list?back=jane.roe%252540acme.org", "https://host.org/list"),
        ("https://host.org/people/jane.roe@acme.org/", "https://host.org"),
        ("mailto:jane.roe@acme.org", None),
        ("https://[jane.roe@acme.org", None),
    ],
)
def test_an_address_keeps_what_holds_no_personal_data(url, public):
    assert SCRUB.address(url) == public
    assert SCRUB.address(public) == public
    urls, doc_ids = pa.array([None, url, "https://host.org/%41", public], pa.string()), pa.array(["a", "b", "c", "d"])
    assert SCRUB.addresses(urls, doc_ids).to_pylist() == [None, public, "https://host.org/%41", public]
    assert Scrub(detectors={}).addresses(urls, doc_ids) == urls


def test_an_address_on_which_a_recogniser_gives_up_is_not_published_whole():
    assert Scrub(detectors={"words": Words(pattern="x")}).address("https://host.org/it takes for ever") == "https://host.org"
