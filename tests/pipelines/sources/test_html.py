"""Folders of pages, and the extractors that find their text."""

from __future__ import annotations

import gzip

import pytest

from pipelines.contract.config import decode, encode
from pipelines.contract.errors import ConfigError
from pipelines.sources.base import Fault, Record
from pipelines.sources.extractors.base import extractors
from pipelines.sources.extractors.resiliparse_all import ResiliparseAll
from pipelines.sources.html import Html
from pipelines.sources.pages import TooDeep
from pipelines.sources.warc import Warc

PAGE = (
    b"<html><head><meta charset='iso-8859-1'><title>T</title></head><body><nav><a href='/'>menu</a></nav>"
    b"<main><p>A paragraph of some length in a caf\xe9, so that it counts as content.</p></main></body></html>"
)


def read(path, **options):
    source = Html(path=path, **options)
    return [met for unit in source.look().units for met in source.read(unit)]


def test_a_page_is_a_document_without_its_markup_and_in_the_encoding_that_it_names(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.html").write_bytes(PAGE)
    (tmp_path / "b.HTM.gz").write_bytes(gzip.compress(PAGE))
    packed, plain = read(tmp_path, license="CC0-1.0")
    assert isinstance(plain, Record)
    assert plain.text.strip() == "A paragraph of some length in a caf\u00e9, so that it counts as content."
    assert (plain.key, plain.origin, plain.kind, plain.license, plain.length) == ("sub/a.html", "sub", "page", "CC0-1.0", len(PAGE))
    assert (packed.text, packed.codec, packed.length) == (plain.text, "gzip", len(PAGE))


def test_the_extractor_is_chosen_by_its_name_and_its_version_is_in_the_key(tmp_path):
    (tmp_path / "a.html").write_bytes(PAGE)
    assert "menu" not in read(tmp_path)[0].text
    assert "menu" in read(tmp_path, extractor=ResiliparseAll())[0].text
    assert encode(Html(path=tmp_path, extractor=ResiliparseAll()))["extractor"] == {"use": "resiliparse_all", "version": 1}


@pytest.mark.parametrize("kind", [Html, Warc])
def test_an_extractor_that_is_not_there_is_named_before_any_work(tmp_path, kind):
    with pytest.raises(ConfigError, match="no extractor is named 'resiliparze'; did you mean 'resiliparse'"):
        decode(kind, {"path": str(tmp_path), "extractor": "resiliparze"}, "run.toml")
    with pytest.raises(ConfigError, match="origin 'hosts': expected one of host, folder, document"):
        decode(kind, {"path": str(tmp_path), "origin": "hosts"}, "run.toml")


def test_a_page_that_cannot_be_read_is_a_fault_and_the_next_is_read(tmp_path):
    (tmp_path / "a.html").write_bytes(b"<div>" * 1_000_000)
    (tmp_path / "b.html").write_bytes(PAGE)
    (tmp_path / "c.html.gz").write_bytes(PAGE)
    met = read(tmp_path)
    assert [m.error for m in met if isinstance(m, Fault)] == ["nested_too_deep", "corrupt_gzip"]
    assert isinstance(met[1], Record)


@pytest.mark.parametrize("name", list(extractors))
def test_every_extractor_keeps_its_laws(name):
    extractor = extractors[name]()
    assert isinstance(extractors[name].version, int)
    assert extractor.text(PAGE, "iso-8859-1") == extractor.text(PAGE, "iso-8859-1")
    assert "paragraph" in extractor.text(PAGE, None)
    assert extractor.text(b"", None) == ""
    for html in (PAGE + b"\xff\xfe", b"<p>\xed\xa0\x80 &#xD800; half of a pair</p>", b"\0" * 100):
        extractor.text(html, "no-such-charset").encode()
    with pytest.raises(TooDeep):
        extractor.text(b"<div>" * 1_000_000, None)
