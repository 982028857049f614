"""JSON Lines, whole and broken."""

from __future__ import annotations

import gzip
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract.errors import InputError
from pipelines.sources.base import Fault, Record
from pipelines.sources.html import Html
from pipelines.sources.jsonl import Jsonl
from pipelines.sources.parquet import Parquet
from pipelines.sources.text import Text
from pipelines.sources.warc import Warc


def written(path, *rows):
    path.write_bytes(b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows))
    return path


def read(path, **options):
    source = Jsonl(path=path, **options)
    return [met for unit in source.look().units for met in source.read(unit)]


def errors(met):
    return [m.error for m in met if isinstance(m, Fault)]


def texts(met):
    return [m.text for m in met if isinstance(m, Record)]


def test_a_record_knows_its_place_and_its_fields(tmp_path):
    row = {"body": "h\u00e9", "id": 7, "u": "https://example.org/a", "l": "MIT", "t": "2024-05-01T10:00:00+02:00", "k": "page"}
    written(tmp_path / "a.jsonl", b"", row)
    [record] = read(tmp_path, text="body", key="id", url="u", license="l", created_at="t", kind="k")
    assert record == Record(
        key="7", text="h\u00e9", kind="page", origin="example.org", file="a.jsonl", codec="plain", offset=1, length=len(json.dumps(row)),
        url="https://example.org/a", license="MIT", created_at=datetime(2024, 5, 1, 8, tzinfo=UTC),
    )  # fmt: skip


def test_without_a_key_the_file_and_the_byte_offset_of_the_line_are_the_key(tmp_path):
    (tmp_path / "sub").mkdir()
    written(tmp_path / "sub" / "a.jsonl", {"text": "one"}, {"text": "two"})
    records = read(tmp_path)
    assert [r.key for r in records] == ["sub/a.jsonl:0", "sub/a.jsonl:16"]
    assert [r.origin for r in records] == [r.key for r in records]


@pytest.mark.parametrize(("name", "pack"), [("a.jsonl.gz", gzip.compress), ("a.jsonl.zst", zstandard.ZstdCompressor().compress)])
def test_packed_files_give_what_the_plain_file_gives(tmp_path, name, pack):
    plain = written(tmp_path / "a.jsonl", {"text": "one"}, {"text": "two"})
    expected = [(r.text, r.offset, r.length) for r in read(plain)]
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / name).write_bytes(pack(plain.read_bytes()))
    assert [(r.text, r.offset, r.length) for r in read(packed)] == expected


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b'{"text": "caf\xe9"}', "invalid_utf8"),
        (b'{"text": "\\ud800"}', "invalid_unicode"),
        (b'{"text": "x", "kind": "\\udfff"}', "invalid_unicode"),
        (b"not json", "not_json"),
        (b'{"text": "cut', "not_json"),
        (b'{"text": "a\x00b"}', "not_json"),
        (b"\x00\x00\x00", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"text": ' + b"9" * 5000 + b"}", "text_not_a_string"),
        (b'{"text": "x", "text": "y"}', "repeated_field"),
        (b'{"text": "x", "meta": [{"a": 1, "a": 2}]}', "repeated_field"),
        (b'{"text": "x", "when": true}', "bad_created_at"),
        (b'{"text": "x", "when": ' + b"9" * 5000 + b"}", "bad_created_at"),
        (b"[1, 2]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"other": "x"}', "missing_text"),
        (b'{"text": null}', "missing_text"),
        (b'{"text": 5}', "text_not_a_string"),
        (b'{"text": ["x"]}', "text_not_a_string"),
        (b'{"text": "x", "when": "yesterday"}', "bad_created_at"),
        (b'{"text": "x", "when": 1e300}', "bad_created_at"),
    ],
)
def test_a_bad_line_is_one_fault_with_its_place_and_the_others_are_read(tmp_path, line, error):
    written(tmp_path / "a.jsonl", {"text": "before"}, line, {"text": "after"})
    met = read(tmp_path, kind="kind", created_at="when")
    assert texts(met) == ["before", "after"]
    [fault] = [m for m in met if isinstance(m, Fault)]
    assert (fault.error, fault.file, fault.offset, fault.num_bytes) == (error, "a.jsonl", 19, len(line))


def test_a_message_never_holds_text_of_the_input(tmp_path):
    written(tmp_path / "a.jsonl", b'{"text": "SECRET', b'{"text": ["SECRET"]}', b"SECRET \xff", b'"SECRET"', b'{"text": "x", "when": "SECRET"}')
    met = read(tmp_path, created_at="when")
    assert len(met) == 5
    assert not any("SECRET" in m.message for m in met)


def test_a_missing_key_is_a_fault_and_an_escaped_nul_is_text(tmp_path):
    written(tmp_path / "a.jsonl", {"text": "x"}, {"text": "y", "id": ""}, {"text": "a\0b", "id": "1"})
    met = read(tmp_path, key="id")
    assert errors(met) == ["missing_key", "missing_key"]
    assert texts(met) == ["a\0b"]


def test_a_line_of_five_megabytes_is_read_and_one_over_the_bound_is_passed_by(tmp_path):
    written(tmp_path / "a.jsonl", {"text": "x" * 5_000_000}, {"text": "after"})
    assert [len(t) for t in texts(read(tmp_path))] == [5_000_000, 5]
    met = read(tmp_path, max_record_bytes=1_000_000)
    assert errors(met) == ["record_too_large"]
    assert texts(met) == ["after"]
    assert met[0].num_bytes == len(json.dumps({"text": "x" * 5_000_000}))


def test_empty_files_and_blank_lines_are_no_records_but_an_empty_text_is_one(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"")
    written(tmp_path / "b.jsonl", b"", b"   ", b"\t", {"text": ""})
    assert texts(read(tmp_path)) == [""]


def test_a_byte_order_mark_and_a_last_line_without_newline_are_read(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "one"}\r\n{"text": "two"}')
    assert texts(read(tmp_path)) == ["one", "two"]


@pytest.mark.parametrize(("name", "pack"), [("a.jsonl.gz", gzip.compress), ("a.jsonl.zst", zstandard.ZstdCompressor().compress)])
def test_a_file_cut_short_gives_its_whole_lines_and_then_one_fault(tmp_path, name, pack):
    rows = [{"text": f"{i} {i * 7919 % 10007}"} for i in range(60_000)]
    plain = written(tmp_path / "plain", *rows).read_bytes()
    packed = pack(plain)
    (tmp_path / name).write_bytes(packed[: len(packed) * 3 // 4])
    met = read(tmp_path)
    assert len(met) > 10_000
    assert texts(met) == [r["text"] for r in rows[: len(met) - 1]]
    assert met[-1].error == ("truncated_gzip" if name.endswith("gz") else "truncated_zstd")
    assert plain[: met[-1].offset].count(b"\n") == len(met) - 2


def test_units_are_sorted_and_hidden_files_are_not_listed(tmp_path):
    for name in ("b.jsonl", "a.jsonl.gz", ".c.jsonl", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    looked = Jsonl(path=tmp_path).look()
    assert [u.name for u in looked.units] == ["a.jsonl.gz", "b.jsonl"]
    assert [(s.file, s.reason) for s in looked.skipped] == [(".c.jsonl", "hidden"), ("notes.txt", "other_name")]


def test_a_missing_root_is_an_error_that_names_it(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        Jsonl(path=tmp_path / "absent").look()


def test_a_unit_cannot_lead_out_of_the_root(tmp_path):
    (tmp_path / "secret.jsonl").write_bytes(b'{"text": "x"}\n')
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    looked = Jsonl(path=tmp_path / "root").look()
    assert looked.units == ()
    assert [(s.file, s.reason) for s in looked.skipped] == [("link.jsonl", "link_out_of_folder")]


def test_a_changed_file_changes_its_fingerprint(tmp_path):
    path = written(tmp_path / "a.jsonl", {"text": "one"})
    before = Jsonl(path=tmp_path).look().fingerprints
    written(path, {"text": "three"})
    assert Jsonl(path=tmp_path).look().fingerprints != before


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (1546300800, "2019-01-01"), (1546300800000, "2019-01-01"), (1546300800000000, "2019-01-01"), ("1546300800", "2019-01-01"),
        ("1546300800000", "2019-01-01"), (1546300800.5, "2019-01-01"), ("20190101", "2019-01-01"), (0, "1970-01-01"), (99_999_999_999, "5138-11-16"),
        (-86400, "1969-12-31"),
    ],
)  # fmt: skip
def test_a_time_in_milliseconds_is_read_as_such_since_as_seconds_it_would_lie_beyond_the_year_5138(tmp_path, when, expected):
    written(tmp_path / "a.jsonl", {"text": "x", "when": when})
    [record] = read(tmp_path, created_at="when")
    assert record.created_at.date().isoformat() == expected


def test_an_integer_of_thousands_of_digits_in_a_field_that_nobody_reads_costs_nothing(tmp_path):
    written(tmp_path / "a.jsonl", b'{"text": "x", "n": ' + b"9" * 5000 + b"}")
    assert texts(read(tmp_path)) == ["x"]
    [record] = read(tmp_path, key="n")
    assert record.key == "9" * 5000


def test_a_null_text_and_a_missing_one_are_told_apart(tmp_path):
    written(tmp_path / "a.jsonl", {"text": None}, {"body": "x"})
    null, missing = read(tmp_path)
    assert null.message == "the field 'text' is null"
    assert missing.message == "no field 'text'; the row has 1 field: 'body'"


@pytest.mark.parametrize("name", ["jane.roe@example.com", "Jane Roe", "+49 151 2345678", "id_4915123456", "x" * 41, "", "Zo\u00eb"])
def test_a_name_of_a_field_that_could_be_somebodys_is_counted_and_not_shown(tmp_path, name):
    (tmp_path / "a.jsonl").write_text(json.dumps({"body": 1, name: "x", "year_2024": 2}) + "\n" + json.dumps({name: "x"}))
    first, second = read(tmp_path)
    assert first.message == "no field 'text'; the row has 3 fields: 'body', 'year_2024' and 1 whose name is not shown"
    assert second.message == "no field 'text'; the row has 1 field: 1 whose name is not shown"


def test_of_many_fields_the_first_are_named(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({f"f{i}": 1 for i in range(40)}))
    [fault] = read(tmp_path)
    assert fault.message.endswith("'f10', 'f11' and 28 whose names are not shown")


PACKED = (Jsonl, Parquet, Text, Html)
BOUNDS = [*((made, "max_record_bytes") for made in (*PACKED, Warc)), *((made, "max_unpacked_ratio") for made in PACKED)]


@pytest.mark.parametrize(("made", "bound"), BOUNDS)
@pytest.mark.parametrize("value", [0, -1])
def test_a_bound_below_one_is_refused(tmp_path, made, bound, value):
    with pytest.raises(ValueError, match=rf"^{bound} {value} must be 1 or more$"):
        made(path=tmp_path, **{bound: value})


def test_a_break_in_packed_data_says_how_much_of_the_file_was_not_read(tmp_path):
    whole = gzip.compress(b'{"text": "one"}\n' * 9)
    (tmp_path / "a.jsonl.gz").write_bytes(whole + b"x" * 5000 + whole)
    fault = read(tmp_path)[-1]
    assert fault.num_bytes == 5000 + len(whole)
    assert "the rest of the file was not read" in fault.message


def test_fields_of_objects_are_named_with_a_dot_and_a_field_of_that_very_name_comes_first(tmp_path):
    written(
        tmp_path / "a.jsonl",
        {"doc": {"body": {"text": "one"}}, "meta": {"url": "https://a.example/x"}, "meta.url": "https://b.example/x"},
        {"doc": {"body": {"text": "two"}}, "meta": {"url": "https://a.example/x"}},
        {"doc": ["body"], "meta": 7},
    )
    one, two, fault = read(tmp_path, text="doc.body.text", url="meta.url")
    assert [(m.text, m.origin) for m in (one, two)] == [("one", "b.example"), ("two", "a.example")]
    assert fault.error == "missing_text"


def test_several_texts_are_joined_by_a_blank_line_and_what_is_empty_is_left_out(tmp_path):
    rows = (
        {"title": "T", "body": "B"},
        {"title": None, "body": "B"},
        {"title": "", "body": "B"},
        {"body": "B"},
        {"title": "T"},
        {},
        {"title": 5, "body": "B"},
    )
    written(tmp_path / "a.jsonl", *rows)
    met = read(tmp_path, text=["title", "body"])
    assert texts(met) == ["T\n\nB", "B", "B", "B", "T"]
    assert errors(met) == ["missing_text", "text_not_a_string"]


@pytest.mark.parametrize("text", ["", [], [""], 5, [5]])
def test_texts_that_are_no_names_are_refused(tmp_path, text):
    with pytest.raises(ValueError, match="expected the name of a field or a list of names"):
        Jsonl(path=tmp_path, text=text)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "example.org"), ({"origin": "host"}, "example.org"), ({"origin": "folder"}, "example.org/news"), ({"origin": "document"}, "1"),
        ({"origin": "site"}, "S"), ({"thread": "thread"}, "t7"), ({"thread": "thread", "origin": "host"}, "example.org"),
        ({"url": "", "origin": "folder"}, "sub"), ({"url": "", "origin": "host"}, "1"), ({"url": ""}, "1"),
    ],
)  # fmt: skip
def test_an_origin_is_a_host_a_folder_the_document_its_thread_or_a_field(tmp_path, options, expected):
    (tmp_path / "sub").mkdir()
    written(tmp_path / "sub" / "a.jsonl", {"text": "x", "id": 1, "url": "https://example.org/news/today", "site": "S", "thread": "t7"})
    [record] = read(tmp_path, **{"key": "id", "url": "url", **options})
    assert record.origin == expected


@given(st.lists(st.sampled_from([b"", b"x", b'{"text": "one"}', b"\xff", b"\xef\xbb\xbf", b"  "]), max_size=8), st.integers(1, 40), st.booleans())
@settings(deadline=None, max_examples=100)
def test_a_line_belongs_to_the_range_in_which_it_begins_wherever_a_file_is_cut(parts, split_bytes, ends_with_newline):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(b"\n".join(parts) + b"\n" * ends_with_newline)
        source = Jsonl(path=Path(folder))
        cut = source.look(split_bytes).units
        assert sum(unit.num_bytes for unit in cut) == path.stat().st_size
        assert [met for unit in cut for met in source.read(unit)] == read(Path(folder))
