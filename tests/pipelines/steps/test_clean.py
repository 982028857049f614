"""What a worker does of clean, against a document at a time as it was done before whole columns were."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cleaners.base import cleaners
from pipelines.contract.schema import EDITS, FATES, SURVIVORS, TEXTS, VERDICTS
from pipelines.steps.clean import STAGE_TEXTS, CleanTexts
from pipelines.text.edits import apply, compose_traced, to_bytes
from pipelines.text.language import detect_all

CARRIED = ("source", "kind", "origin", "url", "license")
ONE = {"texts": {"mojibake": cleaners["mojibake"](), "ftfy": cleaners["ftfy"]()}}
TWO = {"texts_first": {"ftfy": cleaners["ftfy"]()}, "texts": {"c4_lines": cleaners["c4_lines"](), "ftfy": cleaners["ftfy"]()}}
PIECES = st.sampled_from(
    (
        *(
            "The cat sat on the mat today.",
            "Der Hund schl\u00e4ft unter dem Tisch.",
            "short",
            "\n",
            "\r\n",
            " ",
            "&amp;",
            "&lt;p&gt;",
            "\x00",
            "\ufb01",
        ),
        *("sch\u00c3\u00b6n", "\u00e2\u20ac\u2122", "cafe\u0301", "\u6771\u4eac", "[1]", "\u3000", "\u00e6\u0178\u00a5", "lorem ipsum"),
    )
)
TEXTS_DRAWN = st.lists(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=12), max_size=5)


STRING = pa.string()


def documents(texts, kind=STRING):
    facts = {name: [None if (number + len(name)) % 3 else f"{name} {number}" for number in range(len(texts))] for name in CARRIED}
    return pa.RecordBatch.from_pydict({
        "doc_id": pa.array([f"{number:032x}" for number in range(len(texts))], pa.string()), "text": pa.array(texts, kind),
        **{name: pa.array(values, pa.string()) for name, values in facts.items()},
    })  # fmt: skip


def plain_clean(stages, rows):
    """Rows of every table, one document after the other."""
    out = {name: [] for name in (*stages, "texts", "edits", "survivors", "verdicts", "fates")}
    for row in rows:
        text, changes, first = row["text"], [], None
        for table, chosen in stages.items():
            for name, cleaner in chosen.items():
                more = cleaner.changes(text)
                changes, text = (compose_traced(changes, more, name), apply(text, more)) if more else (changes, text)
            first = text if first is None else first
            [code], [score] = (found.to_pylist() for found in detect_all(pa.array([text], pa.string())))
            fields = {**{name: row[name] for name in ("doc_id", *CARRIED)}, "text": text, "language": code, "language_score": score}
            out[table].append({name: fields[name] for name in STAGE_TEXTS.names} if table != "texts" else fields)
        utf8 = text.encode()
        out["texts"][-1] |= {"num_bytes": len(utf8), "sha256": hashlib.sha256(utf8).hexdigest()}
        for traced, (start, end, new) in zip(changes, to_bytes(row["text"], [one.change for one in changes]), strict=True):
            edit = {"doc_id": row["doc_id"], "from_version": "raw", "start": start, "end": end, "new_length": len(new)}
            out["edits"].append({**edit, "step": "clean", "cause": "+".join(traced.causes)})
        if first.strip():
            out["survivors"].append({"doc_id": row["doc_id"], "num_bytes": len(utf8)})
            continue
        failed = {"doc_id": row["doc_id"], "step": "clean", "reason": "blank_text"}
        out["verdicts"].append({**failed, "rule": "clean.nonblank_characters_min", "value": 0.0, "threshold": 1.0})
        out["fates"].append({**failed, "fate": "dropped"})
    schemas = {**dict.fromkeys(stages, STAGE_TEXTS), **{spec.name: spec.schema for spec in (TEXTS, EDITS, SURVIVORS, VERDICTS, FATES)}}
    return {name: pa.RecordBatch.from_pylist(found, schema=schemas[name]) for name, found in out.items()}


@pytest.mark.parametrize("stages", [ONE, TWO, {"texts": {}}], ids=["one stage", "two stages", "no cleaners"])
@given(texts=TEXTS_DRAWN, cut=st.integers(0, 2))
@settings(max_examples=120)
def test_every_table_is_what_it_is_when_documents_come_one_by_one(stages, texts, cut):
    batch = documents(texts).slice(cut)
    assert CleanTexts(stages)(batch) == plain_clean(stages, batch.to_pylist())


def test_large_strings_give_the_same_tables():
    texts = ["sch\u00c3\u00b6n &amp; gut", "", "  ", "plain", "\r\n"]
    assert CleanTexts(TWO)(documents(texts, pa.large_string())) == CleanTexts(TWO)(documents(texts))


def test_untouched_texts_are_passed_on_without_a_copy():
    batch = documents(["The cat sat on the mat.", "caf\u00e9 \u6771\u4eac \u201cquoted\u201d"])
    made = CleanTexts({"texts": {"ftfy": cleaners["ftfy"]()}})(batch)
    assert made["texts"].column("text").buffers()[2].address == batch.column("text").buffers()[2].address


def test_a_text_of_ten_megabytes_in_one_line_is_cleaned():
    text = "x" * 10_000_000 + "&amp;"
    made = CleanTexts({"texts": {"ftfy": cleaners["ftfy"]()}})(documents([text]))
    assert made["edits"].num_rows == 1
    assert made["survivors"].column("num_bytes").to_pylist() == [10_000_001]
