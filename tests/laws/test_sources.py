"""Laws of every registered source, over small inputs with something wrong in each."""

from __future__ import annotations

import gzip
import json
import pickle
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.contract.errors import InputError
from pipelines.sources.base import Fault, Record, Records, reader_of, sources


def _jsonl(root):
    (root / "a.jsonl").write_bytes(b'{"text": "one"}\nnot json\n{"text": "two"}\n')
    (root / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "three"}\n')[:-4])


def _parquet(root):
    pq.write_table(pa.table({"text": ["one", None, "two"]}), root / "a.parquet")
    (root / "b.parquet").write_bytes(b"PAR1 cut short")


def _text(root):
    (root / "a.txt").write_bytes(b"one")
    (root / "picture.png").write_bytes(b"\x89PNG")
    (root / "b.txt").write_bytes(b"\xff")
    (root / "c.txt").write_bytes(b"three")


def _warc(root):
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>A page that has some text in it.</p>"
    head = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
    (root / "a.warc").write_bytes(head + b"Content-Length: %d\r\n\r\n" % len(block) + block + b"\r\n\r\n")
    (root / "b.warc").write_bytes(b"no WARC at all")


def _installed(root):
    info = root / "pkg-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n\nAbout.\n")
    (info / "LICENSE").write_bytes(b"caf\xe9")
    (info / "RECORD").write_text("pkg-1.0.dist-info/METADATA,,60\npkg-1.0.dist-info/LICENSE,,4\n")


def _html(root):
    (root / "a.html").write_bytes(b"<main><p>A page that has some text in it.</p></main>")
    (root / "b.htm.gz").write_bytes(b"not packed")


PREPARE = {"html": _html, "jsonl": _jsonl, "parquet": _parquet, "text": _text, "warc": _warc, "installed": _installed}


@pytest.fixture(params=list(sources))
def source(request, tmp_path):
    """A source over a folder that its entry in PREPARE fills; a new source adds one."""
    PREPARE[request.param](tmp_path)
    return sources[request.param](path=tmp_path)


def everything(source):
    return [(unit, met) for unit in source.look().units for met in source.read(unit)]


def test_units_are_sorted_and_without_repeats_and_each_has_a_fingerprint(source):
    looked = source.look()
    assert list(looked.units) == sorted(set(looked.units))
    assert looked.units
    assert set(looked.fingerprints) == {unit.name for unit in looked.units}


def test_every_file_below_the_root_is_a_unit_or_is_named_with_a_reason(source, tmp_path):
    if not source.takes():  # it reads what something else lists, not what lies in a folder
        return
    (tmp_path / "sub").mkdir()
    for name in (".hidden", "sub/what.is.this", "no ending"):
        (tmp_path / name).write_bytes(b"x")
    looked = source.look()
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {unit.name for unit in looked.units} | {one.file for one in looked.skipped} == files
    assert not {unit.name for unit in looked.units} & {one.file for one in looked.skipped}
    assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", one.reason) for one in looked.skipped)


@pytest.mark.parametrize("split_bytes", [1, 7, 64])
def test_where_files_are_cut_into_units_decides_nothing(source, split_bytes):
    looked = source.look(split_bytes)
    assert [met for unit in looked.units for met in source.read(unit)] == [met for _, met in everything(source)]
    assert looked.fingerprints == source.look().fingerprints


def test_reading_twice_gives_the_same_in_the_same_order(source):
    assert everything(source) == everything(source)


def test_records_that_come_together_are_those_that_come_one_by_one(source):
    def apart(met):
        return met.one_by_one() if isinstance(met, Records) else [met]

    together = [(unit, one) for unit in source.look().units for met in reader_of(source)(unit) for one in apart(met)]
    assert together == everything(source)


def test_a_source_travels_to_a_worker(source):
    assert everything(pickle.loads(pickle.dumps(source))) == everything(source)


def test_what_is_wrong_is_a_fault_and_the_rest_is_read(source):
    met = [m for _, m in everything(source)]
    assert any(isinstance(m, Record) for m in met)
    assert any(isinstance(m, Fault) for m in met)


def test_keys_are_unique_and_do_not_depend_on_where_the_root_lies(source, tmp_path_factory, request):
    records = [m for _, m in everything(source) if isinstance(m, Record)]
    assert len({r.key for r in records}) == len(records)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    PREPARE[request.node.callspec.params["source"]](elsewhere)
    moved = [m for _, m in everything(type(source)(path=elsewhere)) if isinstance(m, Record)]
    assert [r.key for r in moved] == [r.key for r in records]
    assert not any(str(elsewhere) in json.dumps([r.key, r.file, r.origin]) for r in moved)


def test_faults_have_a_class_in_snake_case_and_name_a_file_below_the_root(source):
    for _, fault in everything(source):
        if isinstance(fault, Fault):
            assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", fault.error)
            assert not fault.file.startswith("/")
            assert fault.message


def test_texts_are_valid_unicode(source):
    for _, met in everything(source):
        if isinstance(met, Record):
            met.text.encode()


def test_a_root_that_is_absent_is_an_input_error(source, tmp_path):
    with pytest.raises(InputError):
        type(source)(path=tmp_path / "absent").look()


def test_every_source_is_held_to_these_laws():
    assert set(PREPARE) == set(sources)
