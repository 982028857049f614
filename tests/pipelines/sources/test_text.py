"""Folders of text files."""

from __future__ import annotations

from pipelines.sources.base import Fault
from pipelines.sources.text import Text


def read(path, **options):
    source = Text(path=path, **options)
    return [met for unit in source.look().units for met in source.read(unit)]


def test_a_file_is_a_document_and_its_path_the_key(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_bytes("d\u00e9j\u00e0".encode())
    (tmp_path / "two.md").write_bytes(b"")
    (tmp_path / "skip.py").write_bytes(b"x")
    one, two = read(tmp_path, license="CC0-1.0", kind="note")
    assert (one.key, one.text, one.origin, one.length, one.license, one.kind) == ("a/one.txt", "d\u00e9j\u00e0", "a", 6, "CC0-1.0", "note")
    assert (two.key, two.text, two.origin) == ("two.md", "", "two.md")


def test_what_is_no_text_is_a_fault_of_its_own_class(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\x7fELF\x02\x00\x00")
    (tmp_path / "b.txt").write_bytes(b"caf\xe9")
    (tmp_path / "c.txt").write_bytes(b"x" * 100)
    (tmp_path / "d.txt").write_bytes("utf-16".encode("utf-16"))
    met = read(tmp_path, max_record_bytes=50)
    assert all(isinstance(m, Fault) for m in met)
    assert [(m.error, m.num_bytes) for m in met] == [("binary", 7), ("invalid_utf8", 4), ("record_too_large", 100), ("binary", 14)]
    assert met[1].offset == 3


def test_patterns_choose_the_files(tmp_path):
    for name in ("a.txt", "b.log"):
        (tmp_path / name).write_bytes(b"x")
    assert [u.name for u in Text(path=tmp_path, patterns=("*.log",)).look().units] == ["b.log"]
