"""WARC and WET, whole and broken, and pages that want to take forever."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime

import pytest

from pipelines.sources.base import Fault, Record, Skipped
from pipelines.sources.pages import MAX_TREE_WORK, TooDeep, plain_text, tree_work
from pipelines.sources.warc import Warc

PAGE = b"<html><body><main><h1>Title</h1><p>A paragraph of some length, so that it counts as content.</p></main></body></html>"


def record(number, block, kind="response", content_type="application/http; msgtype=response"):
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{number:04d}>\r\nWARC-Date: 2024-01-02T03:04:05Z\r\n"
        f"WARC-Target-URI: https://host{number}.example/page\r\nContent-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def http(body, status=200, headers="Content-Type: text/html; charset=utf-8"):
    return f"HTTP/1.1 {status} OK\r\n{headers}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def read(path, **options):
    source = Warc(path=path, **options)
    return [met for unit in source.look().units for met in source.read(unit) if not isinstance(met, Skipped)]


def reasons(path, **options):
    """How many records of each file were passed by, by reason."""
    source = Warc(path=path, **options)
    return Counter(met.reason for unit in source.look().units for met in source.read(unit) if isinstance(met, Skipped))


def test_pages_and_conversions_are_documents_and_nothing_else_is(tmp_path):
    parts = [
        record(1, b"software: x\r\n", "warcinfo", "application/warc-fields"),
        record(2, http(PAGE)),
        record(3, http(PAGE, status=404)),
        record(4, http(b"%PDF", headers="Content-Type: application/pdf")),
        record(5, "plain t\u00e9xt".encode(), "conversion", "text/plain"),
        record(6, b"GET / HTTP/1.1\r\n\r\n", "request", "application/http; msgtype=request"),
    ]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(map(gzip.compress, parts)))
    page, conversion = read(tmp_path)
    assert "A paragraph of some length" in page.text
    assert "<p>" not in page.text
    assert (page.key, page.url, page.origin) == ("<urn:uuid:0002>", "https://host2.example/page", "host2.example")
    assert (page.created_at, page.codec, page.kind) == (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "warc", "page")
    assert conversion.text == "plain t\u00e9xt"
    assert reasons(tmp_path) == {"warcinfo": 1, "request": 1, "status_not_200": 1, "not_html": 1}


def test_the_offset_is_where_the_packed_record_begins(tmp_path):
    parts = [gzip.compress(record(i, http(PAGE))) for i in range(3)]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(parts))
    assert [r.offset for r in read(tmp_path)] == [0, len(parts[0]), len(parts[0]) + len(parts[1])]


def without_id(number, text):
    kept = [line for line in record(number, text, "conversion", "text/plain").split(b"\r\n") if not line.startswith(b"WARC-Record-ID")]
    return b"\r\n".join(kept)


def test_records_packed_together_have_keys_of_their_own_even_without_ids(tmp_path):
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(b"".join(without_id(i, b"text %d" % i) for i in range(4))))
    found = read(tmp_path)
    assert [r.text for r in found] == [f"text {i}" for i in range(4)]
    assert len({r.key for r in found}) == 4


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["packed", "plain"])
@pytest.mark.parametrize("texts", [[b"hello", b""], [b"", b"hello"], [b""]])
def test_an_empty_record_is_a_document_wherever_it_stands(tmp_path, pack, texts):
    parts = [pack(record(i, text, "conversion", "text/plain")) for i, text in enumerate(texts)]
    (tmp_path / ("a.wet.gz" if pack is gzip.compress else "a.wet")).write_bytes(b"".join(parts))
    assert [r.text.encode() for r in read(tmp_path)] == texts


def test_a_page_packed_by_its_server_is_unpacked(tmp_path):
    block = http(gzip.compress(PAGE), headers="Content-Type: text/html\r\nContent-Encoding: gzip")
    (tmp_path / "a.warc").write_bytes(record(1, block))
    assert "A paragraph" in read(tmp_path)[0].text


def test_a_page_that_unpacks_beyond_the_bound_is_a_fault(tmp_path):
    block = http(gzip.compress(b"<p>x</p>" * 500_000), headers="Content-Type: text/html\r\nContent-Encoding: gzip")
    (tmp_path / "a.warc").write_bytes(record(1, block) + record(2, http(PAGE)))
    fault, page = read(tmp_path, max_record_bytes=1 << 20)
    assert fault.error == "record_too_large"
    assert isinstance(page, Record)


def test_a_record_over_the_bound_is_a_fault_and_the_next_is_read(tmp_path):
    (tmp_path / "a.warc").write_bytes(record(1, http(PAGE + b"x" * 5000)) + record(2, http(PAGE)))
    fault, page = read(tmp_path, max_record_bytes=2000)
    assert (fault.error, fault.offset) == ("record_too_large", 0)
    assert page.key == "<urn:uuid:0002>"


def test_a_page_that_nests_without_end_is_a_fault_and_takes_no_time(tmp_path):
    (tmp_path / "a.warc").write_bytes(record(1, http(b"<div>" * 1_000_000)) + record(2, http(PAGE)))
    fault, page = read(tmp_path)
    assert fault.error == "nested_too_deep"
    assert page.key == "<urn:uuid:0002>"


def test_wide_pages_pass_and_deep_ones_do_not():
    wide = b"<table>" + b"<tr><td>cell" * 50_000 + b"</table>"
    assert tree_work(wide) < MAX_TREE_WORK
    assert "cell" in plain_text(wide, "utf-8", main_content=True)
    with pytest.raises(TooDeep):
        plain_text(b"<b>" * 2000 + b"<p>x</p>" * 20_000, "utf-8", main_content=True)  # HTML opens every <b> again in every <p>


@pytest.mark.parametrize("charset", ["utf-8", "no-such-charset"])
def test_bytes_outside_the_declared_charset_do_not_stop_a_page(charset):
    assert "paragraph" in plain_text(PAGE + b"\xff\xfe", charset, main_content=True)


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_cut_anywhere_gives_whole_records_only_and_says_that_it_was_cut(tmp_path, packed):
    pages = [PAGE.replace(b"Title", b"Title %d" % i) + b"<p>more</p>" * i for i in range(3)]
    parts = [record(i, http(page)) for i, page in enumerate(pages)]
    if packed:
        parts = [gzip.compress(p) for p in parts]
    data = b"".join(parts)
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    path.write_bytes(data)
    whole = [r.text for r in read(tmp_path)]
    borders = {0, len(parts[0]), len(parts[0]) + len(parts[1]), len(data)}
    for cut in range(0, len(data), 11):
        path.write_bytes(data[:cut])
        met = read(tmp_path)
        texts = [m.text for m in met if isinstance(m, Record)]
        assert texts == whole[: len(texts)]
        assert len(texts) >= sum(0 < border <= cut for border in borders)
        faults = [m.error for m in met if isinstance(m, Fault)]
        if cut in borders:
            assert not faults
        elif packed:
            assert faults == ["truncated_gzip"]
        elif not any(border - 4 <= cut <= border for border in borders):  # four bytes of line breaks end a record
            assert faults == ["truncated_warc"]


def test_a_date_that_has_no_utc_is_none_and_its_record_is_read(tmp_path):
    data = record(1, b"text", "conversion", "text/plain")
    dates = [b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00", b"yesterday"]
    (tmp_path / "a.wet").write_bytes(b"".join(data.replace(b"2024-01-02T03:04:05Z", date) for date in dates))
    assert [(r.text, r.created_at) for r in read(tmp_path)] == [("text", None)] * 3


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_bytes_that_are_no_warc_are_a_fault_and_an_empty_file_is_none(tmp_path, name):
    (tmp_path / name).write_bytes(b"garbage " * 50)
    assert [m.error for m in read(tmp_path)] == ["corrupt_warc"]
    (tmp_path / name).write_bytes(b"")
    assert read(tmp_path) == []


def test_a_conversion_that_is_not_utf8_is_a_fault_without_its_text(tmp_path):
    (tmp_path / "a.wet").write_bytes(record(1, b"SECRET \xff", "conversion", "text/plain"))
    [fault] = read(tmp_path)
    assert fault.error == "invalid_utf8"
    assert "SECRET" not in fault.message


@pytest.mark.shared
def test_real_files_of_other_tools_are_read(shared):
    met = {path: read(shared / "corpora" / path) for path in ("pages.warc.gz", "warc")}
    assert [len(m) for m in met.values()] == [673, 25]
    assert not any(isinstance(m, Fault) for found in met.values() for m in found)
    assert sum(bool(m.text.strip()) for m in met["pages.warc.gz"]) >= 670
    assert all("<" not in (m.url or "") for m in met["warc"])  # wget writes <url>
    assert any("documents" in m.text or "Example Domain" in m.text for m in met["warc"])
