"""WARC files whose headers do not say the truth: read as browsers and warcio do, or accounted for."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import zlib
from collections import Counter

import brotli
import pytest
import zstandard

from pipelines.sources.base import Fault, Record, Skipped
from pipelines.sources.http_message import BadMessage, Response, fields_of, looks_like_html, parsed
from pipelines.sources.warc import Warc

PAGE = b"<html><body><main><h1>Title</h1><p>A paragraph of some length, so that it counts as content.</p></main></body></html>"


def record(number, block, *, kind="WARC-Type: response\r\n", length=None, more=""):
    head = (
        f"WARC/1.0\r\n{kind}WARC-Record-ID: <urn:uuid:{number:04d}>\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block) if length is None else length}\r\n{more}\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def http(body=PAGE, *, status="HTTP/1.1 200 OK", headers="Content-Type: text/html; charset=utf-8"):
    lines = f"{status}\r\n{headers}\r\n" if headers else f"{status}\r\n"
    return f"{lines}\r\n".encode() + body


def read(path):
    source = Warc(path=path)
    return [met for unit in source.look().units for met in source.read(unit)]


def outcome(met):
    return [getattr(m, "error", None) or getattr(m, "reason", None) or "page" for m in met]


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def chunked(data, size=30):
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "kind",
    ["WARC-Type: RESPONSE\r\n", "warc-type:Response\r\n", "", "WARC-Type: response\r\nWARC-Type: response\r\n"],
    ids=["capitals", "lower", "missing", "doubled"],
)
def test_a_type_in_capitals_missing_or_doubled_is_a_page_and_the_next_is_read(tmp_path, kind):
    (tmp_path / "a.warc").write_bytes(record(1, http(), kind=kind) + record(2, http()))
    assert [m.key for m in read(tmp_path)] == ["<urn:uuid:0001>", "<urn:uuid:0002>"]


def test_a_record_that_is_no_document_is_counted_by_its_reason(tmp_path):
    parts = [
        record(1, b"GET / HTTP/1.1\r\n\r\n", kind="WARC-Type: request\r\n"),
        record(2, b"x", kind="WARC-Type: strange\r\n"),
        record(3, b"x", kind=""),
        record(4, http(status="HTTP/1.1 301 Moved")),
        record(5, http(status="HTTP/1.1 404 Not Found")),
        record(6, http(b"\x89PNG", headers="Content-Type: image/png")),
        record(7, http(b"just words", headers="")),
        record(8, b"20240101\nexample.org. A 1.2.3.4", more="").replace(b"application/http; msgtype=response", b"text/dns"),
        record(9, http()),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(parts))
    assert outcome(read(tmp_path)) == ["request", "unknown_type", "no_type", "redirect", "status_not_200", "not_html", "not_html", "not_http", "page"]


@pytest.mark.parametrize("status", ["HTTP/1.1 200 OK", "ICY 200 OK", "HTTP/2 200", "http/1.0 200 Fine", "HTTP 200 OK", "HTTP/1.1  200"])
def test_an_unusual_status_line_is_a_page(tmp_path, status):
    (tmp_path / "a.warc").write_bytes(record(1, http(status=status)))
    assert outcome(read(tmp_path)) == ["page"]


def test_a_response_without_a_status_line_is_a_fault_and_not_silence(tmp_path):
    (tmp_path / "a.warc").write_bytes(record(1, PAGE) + record(2, http()))
    assert outcome(read(tmp_path)) == ["bad_page", "page"]


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Type: TEXT/HTML; charset=UTF-8", "Content-Type: text/html,text/html", "content-type: Text/Html;charset='utf-8'", "",
        "Content-Type: text/html\r\nContent-Type: text/html", "Content-Type: application/xhtml+xml", "Content-Type:\r\n text/html",
    ],
)  # fmt: skip
def test_a_media_type_may_be_written_in_any_way_or_be_missing(tmp_path, headers):
    (tmp_path / "a.warc").write_bytes(record(1, http(headers=headers)))
    [page] = read(tmp_path)
    assert "A paragraph" in page.text


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("Transfer-Encoding: chunked", PAGE), ("Transfer-Encoding: chunked", chunked(PAGE)), ("Transfer-Encoding: Chunked", chunked(PAGE)[:-5]),
        ("Content-Encoding: gzip", PAGE), ("Content-Encoding: gzip", gzip.compress(PAGE)), ("Content-Encoding: x-gzip", gzip.compress(PAGE)),
        ("Content-Encoding: br", PAGE), ("Content-Encoding: br", brotli.compress(PAGE)),
        ("Content-Encoding: deflate", PAGE), ("Content-Encoding: deflate", zlib.compress(PAGE)), ("Content-Encoding: deflate", raw_deflate(PAGE)),
        ("Content-Encoding: zstd", PAGE), ("Content-Encoding: zstd", zstandard.compress(PAGE)),
        ("Content-Encoding: utf-8", PAGE), ("Content-Encoding: identity", PAGE), ("Content-Encoding: gzip, br", brotli.compress(gzip.compress(PAGE))),
        ("Transfer-Encoding: chunked\r\nContent-Encoding: gzip", chunked(gzip.compress(PAGE))),
        ("Transfer-Encoding: chunked\r\nContent-Encoding: gzip", gzip.compress(PAGE)),
        ("Transfer-Encoding: chunked\r\nContent-Encoding: gzip", chunked(PAGE)),
    ],
)  # fmt: skip
def test_a_body_is_read_whether_or_not_it_is_encoded_as_its_headers_say(tmp_path, encoding, body):
    plain, other = tmp_path / "plain", tmp_path / "other"
    plain.mkdir()
    other.mkdir()
    (plain / "a.warc").write_bytes(record(1, http()))
    (other / "a.warc").write_bytes(record(1, http(body, headers=f"Content-Type: text/html; charset=utf-8\r\n{encoding}")))
    assert outcome(read(other)) == ["page"]
    assert read(other)[0].text == read(plain)[0].text


def test_a_body_of_several_gzip_members_is_read_whole(tmp_path):
    body = gzip.compress(PAGE[:60]) + gzip.compress(b"") + gzip.compress(PAGE[60:]) + b"padding"
    headers = "Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip"
    (tmp_path / "a.warc").write_bytes(record(1, http(body, headers=headers)) + record(2, http(body[:-20], headers=headers)) + record(3, http()))
    met = read(tmp_path)
    assert outcome(met) == ["page", "bad_page", "page"]
    assert met[0].text == met[2].text


def test_a_head_that_does_not_end_soon_is_a_fault_and_the_next_record_is_read(tmp_path):
    head = b"HTTP/1.1 200 OK\r\n" + b"a:b\n" * (1 << 18)
    (tmp_path / "a.warc").write_bytes(record(1, head + b"\r\n" + PAGE) + record(2, http()))
    met = read(tmp_path)
    assert outcome(met) == ["bad_page", "page"]
    assert "1,048,576" in met[0].message


def test_a_type_is_guessed_of_a_block_whose_head_does_not_end(tmp_path):
    (tmp_path / "a.warc").write_bytes(record(1, b"HTTP/1.1 200 OK\r\n" + b"a:b\n" * (1 << 19), kind="") + record(2, http(), kind=""))
    assert outcome(read(tmp_path)) == ["bad_page", "page"]


def test_fields_that_are_repeated_or_go_on_are_joined():
    head = b"HTTP/1.1 200 OK\r\nA: one\r\n two\r\nB:\r\na: three\r\n\tfour\r\nb: five"
    assert fields_of(head) == {"a": "one two, three four", "b": ", five"}
    assert len(fields_of(b"first\n" + b"a:b\n" * 300_000)["a"]) == 3 * 300_000 - 2
    assert len(fields_of(b"first\na:b\n" + b" b\n" * 300_000)["a"]) == 2 * 300_000 + 1


def test_encodings_without_end_are_refused():
    response = parsed(http(headers="Content-Encoding: " + "gzip," * 1000))
    with pytest.raises(BadMessage, match="1,001 encodings"):
        response.body(1 << 20)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("Content-Encoding: gzip", gzip.compress(PAGE * 50)[:-9]), ("Content-Encoding: br", brotli.compress(PAGE * 50)[:-3]),
        ("Content-Encoding: zstd", zstandard.compress(PAGE * 50)[:-3]),
        ("Content-Encoding: gzip", b"\x1f\x8bdamaged"), ("Content-Encoding: br", bytes(range(1, 200))),
        ("Transfer-Encoding: chunked", chunked(b"x" * 90)[:50]),
    ],
)  # fmt: skip
def test_a_body_that_breaks_off_is_a_fault_and_no_half_page(tmp_path, encoding, body):
    (tmp_path / "a.warc").write_bytes(record(1, http(body, headers=f"Content-Type: text/html\r\n{encoding}")) + record(2, http()))
    assert outcome(read(tmp_path)) == ["bad_page", "page"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
@pytest.mark.parametrize("length", [10**15, 10**25, 5, 300, -5, "many", ""])
def test_a_record_that_lies_about_its_length_is_a_fault_with_its_place_and_its_neighbours_are_read(tmp_path, pack, length):
    parts = [pack(record(1, http())), pack(record(2, http(), length=length)), pack(record(3, http())), pack(record(4, http()))]
    (tmp_path / ("a.warc" if pack is bytes else "a.warc.gz")).write_bytes(b"".join(parts))
    met = read(tmp_path)
    assert [m.key for m in met if isinstance(m, Record)] == ["<urn:uuid:0001>", "<urn:uuid:0003>", "<urn:uuid:0004>"]
    [fault] = [m for m in met if isinstance(m, Fault)]
    assert (fault.file.rpartition(".warc")[0], fault.offset) == ("a", len(parts[0]))
    assert fault.error in {"corrupt_warc", "truncated_warc"}


def test_a_length_that_is_written_twice_alike_is_believed(tmp_path):
    (tmp_path / "a.warc").write_bytes(record(1, http(), more=f"Content-Length: {len(http())}\r\n") + record(2, http()))
    assert outcome(read(tmp_path)) == ["page", "page"]


def test_bytes_between_records_are_a_fault_and_both_neighbours_are_read(tmp_path):
    (tmp_path / "a.warc").write_bytes(record(1, http()) + b"rubbish\r\n" * 9 + record(2, http()))
    met = read(tmp_path)
    assert outcome(met) == ["page", "corrupt_warc", "page"]
    assert met[1].num_bytes == 81


def test_records_with_line_breaks_of_unix_are_read(tmp_path):
    size = len(http().replace(b"\r\n", b"\n"))
    data = b"".join(record(i, http().replace(b"\r\n", b"\n"), length=size).replace(b"\r\n", b"\n") for i in (1, 2))
    (tmp_path / "a.warc").write_bytes(data)
    assert outcome(read(tmp_path)) == ["page", "page"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
@pytest.mark.parametrize("lies", [{"length": 3}, {"length": 100_000}])
def test_many_lies_cost_no_record_that_tells_the_truth(tmp_path, pack, lies):
    parts = [pack(record(i, http(), **(lies if i % 3 == 1 else {}))) for i in range(300)] + [pack(record(300, http(b"x" * 100_000)))]
    (tmp_path / ("a.warc" if pack is bytes else "a.warc.gz")).write_bytes(b"".join(parts))
    met = read(tmp_path)
    assert Counter(outcome(met)) == {"corrupt_warc": 100, "page": 201}
    assert [m.offset for m in met] == [sum(map(len, parts[:i])) for i in range(301)]


def test_lies_that_ask_to_read_the_file_again_without_end_are_stopped_and_what_was_not_read_is_said(tmp_path):
    parts = [record(i, http(), length=1_000_000) for i in range(6000)]
    (tmp_path / "a.warc").write_bytes(b"".join(parts) + b" " * 1_000_000)
    source = Warc(path=tmp_path, max_record_bytes=1000)
    met = [m for unit in source.look().units for m in source.read(unit)]
    assert 60 < len(met) < 100
    assert Counter(outcome(met)) == {"corrupt_warc": len(met)}
    assert "the rest of the file was not read" in met[-1].message
    assert met[-1].num_bytes == (tmp_path / "a.warc").stat().st_size - met[-1].offset


@pytest.mark.parametrize("place", [4, 40, -6], ids=["head", "data", "checksum"])
def test_a_broken_gzip_member_costs_its_own_record_and_no_other(tmp_path, place):
    parts = [gzip.compress(record(i, http())) for i in range(30)]
    for i in (1, 20):
        broken = bytearray(parts[i])
        broken[place] ^= 0xFF
        parts[i] = bytes(broken) if place > 4 or place < 0 else b"\x1f\x8b\x09" + parts[i][3:]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(parts))
    met = read(tmp_path)
    assert [m.key for m in met if isinstance(m, Record)] == [f"<urn:uuid:{i:04d}>" for i in range(30) if i not in {1, 20}]
    faults = [m for m in met if isinstance(m, Fault)]
    assert [(m.offset, m.num_bytes) for m in faults] == [(sum(map(len, parts[:i])), len(parts[i])) for i in (1, 20)]
    assert all("reading goes on at byte" in m.message for m in faults)


def test_a_break_behind_a_lie_costs_no_record_between_them(tmp_path):
    parts = [gzip.compress(record(i, http(), length=100_000 if i == 1 else None)) for i in range(9)]
    broken = parts[5][:40] + b"\xff\xff" + parts[5][42:]
    (tmp_path / "a.warc.gz").write_bytes(b"".join([*parts[:5], broken, *parts[6:]]))
    for most in (1 << 20, 10_000):
        source = Warc(path=tmp_path, max_record_bytes=most)
        met = [m for unit in source.look().units for m in source.read(unit)]
        assert [m.key for m in met if isinstance(m, Record)] == [f"<urn:uuid:{i:04d}>" for i in (0, 2, 3, 4, 6, 7, 8)]
        assert [m.error for m in met if isinstance(m, Fault)] == ["truncated_warc", "corrupt_gzip"]


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc.bz2"])
def test_a_fault_that_stands_for_the_rest_of_a_file_says_so_and_how_much_it_is(tmp_path, name):
    pack = gzip.compress if name.endswith("gz") else bz2.compress
    data = pack(b"".join(record(i, http(random.Random(i).randbytes(90_000))) for i in range(10)))
    place = len(data) // 2
    (tmp_path / name).write_bytes(data[:place] + bytes(1000) + data[place + 1000 :])
    last = read(tmp_path)[-1]
    assert "the rest of the file was not read" in last.message
    assert last.num_bytes > len(data) // 4


@pytest.mark.parametrize("filling", [b"\n", b"\r\n", b"WARC/1.0\nA:b\n", b"\nWARC/1.0 "])
def test_a_small_file_of_nothing_but_line_breaks_or_half_heads_is_read_in_its_stride(tmp_path, filling):
    times = (16 << 20) // len(filling) if filling.strip() == b"" else 20_000
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(record(1, http()) + filling * times + b"x\n" + record(2, http())))
    met = read(tmp_path)
    assert [m.key for m in met if isinstance(m, Record)] == ["<urn:uuid:0001>", "<urn:uuid:0002>"]


@pytest.mark.parametrize("name", ["a.warc.zst", "a.warc.bz2", "a.warc.xz"])
def test_a_file_packed_otherwise_gives_the_records_of_the_plain_one(tmp_path, name):
    pack = {"zst": zstandard.compress, "bz2": bz2.compress, "xz": lzma.compress}[name.rpartition(".")[2]]
    data = b"".join(record(i, http()) for i in range(3))
    (tmp_path / name).write_bytes(pack(data))
    met = read(tmp_path)
    assert [m.key for m in met] == [f"<urn:uuid:{i:04d}>" for i in range(3)]
    assert [m.offset for m in met] == [i * len(record(0, http())) for i in range(3)]


def test_a_record_that_is_counted_knows_its_bytes(tmp_path):
    (tmp_path / "a.warc").write_bytes(record(1, b"12345", kind="WARC-Type: metadata\r\n"))
    assert read(tmp_path) == [Skipped(file="a.warc", reason="metadata", num_records=1, num_bytes=5)]


@pytest.mark.parametrize(
    ("body", "is_html"),
    [
        (b"<!DOCTYPE html>", True), (b"\xef\xbb\xbf  <HTML>", True), (b"\n<p>", True), (b"<!-- x", True), (b"<title>", True),
        (b"<pre>", False), (b"text <p>", False), (b"{}", False), (b"", False), (b"<?xml?>", False),
    ],
)  # fmt: skip
def test_a_body_without_a_type_is_sniffed_as_the_standard_says(body, is_html):
    assert looks_like_html(body) is is_html


def test_the_last_media_type_counts_and_its_charset_is_read():
    response = parsed(http(headers='Content-Type: text/plain\r\nContent-Type: */*\r\nContent-Type: Text/HTML; charset="ISO-8859-1"'))
    assert isinstance(response, Response)
    assert (response.media_type, response.charset) == ("text/html", "iso-8859-1")
