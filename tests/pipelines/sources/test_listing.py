"""Files below a folder: each is taken, or named with the reason."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
from pathlib import Path

import pytest
import zstandard

from pipelines.sources.base import Skipped
from pipelines.sources.jsonl import Jsonl
from pipelines.sources.listing import files_below, printable
from pipelines.sources.parquet import Parquet
from pipelines.sources.text import Text
from pipelines.sources.warc import Warc

PACKERS = {
    "": bytes,
    ".gz": gzip.compress,
    ".GZ": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
    ".zstd": zstandard.ZstdCompressor().compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def reasons(source):
    return {one.file: one.reason for one in source.look().skipped}


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("ending", [".jsonl", ".JSONL", ".ndjson", ".jl", ".json"])
def test_an_ending_is_known_in_any_case_and_however_the_file_is_packed(tmp_path, ending, packed):
    (tmp_path / f"a{ending}{packed}").write_bytes(PACKERS[packed](json.dumps({"text": "one"}).encode() + b"\n"))
    source = Jsonl(path=tmp_path)
    [unit] = source.look().units
    [record] = list(source.read(unit))
    assert (record.text, record.file) == ("one", f"a{ending}{packed}")


@pytest.mark.parametrize(("kind", "name"), [(Parquet, "a.PQ"), (Parquet, "a.parquet"), (Text, "A.TXT.xz"), (Warc, "a.WARC.bz2"), (Warc, "a.wet.gz")])
def test_every_source_knows_its_files_in_any_case(tmp_path, kind, name):
    (tmp_path / name).write_bytes(b"")
    assert [unit.name for unit in kind(path=tmp_path).look().units] == [name]


def test_what_is_not_taken_is_named_with_its_size_and_the_reason(tmp_path):
    (tmp_path / "sub" / ".git").mkdir(parents=True)
    (tmp_path / "sub" / "table.csv").write_bytes(b"a,b\n")
    (tmp_path / "LICENSE").write_bytes(b"free")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "a.parquet.gz").write_bytes(b"x")
    (tmp_path / "a.parquet").write_bytes(b"x")
    assert Parquet(path=tmp_path).look().skipped == (
        Skipped(file=".DS_Store", reason="hidden"),
        Skipped(file="LICENSE", reason="other_name", num_bytes=4),
        Skipped(file="a.parquet.gz", reason="other_name", num_bytes=1),
        Skipped(file="sub/.git/", reason="hidden"),
        Skipped(file="sub/table.csv", reason="other_name", num_bytes=4),
    )


def test_links_inside_are_followed_and_others_are_named(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "folder").mkdir(parents=True)
    outside.mkdir()
    (root / "folder" / "a.txt").write_bytes(b"inside")
    (outside / "b.txt").write_bytes(b"outside")
    for name, target in (
        ("to_file.txt", root / "folder" / "a.txt"), ("to_folder", root / "folder"), ("out.txt", outside / "b.txt"), ("out_folder", outside),
        ("broken.txt", root / "nothing"), ("loop.txt", root / "loop.txt"),
    ):  # fmt: skip
        (root / name).symlink_to(target)
    source = Text(path=root)
    assert [unit.name for unit in source.look().units] == ["folder/a.txt", "to_file.txt"]
    assert reasons(source) == {
        "broken.txt": "broken_link", "loop.txt": "broken_link", "out.txt": "link_out_of_folder", "out_folder": "link_out_of_folder",
        "to_folder": "link_to_folder",
    }  # fmt: skip


def test_a_name_that_is_not_utf8_is_named_in_a_form_that_can_be_shown(tmp_path):
    for name in (b"caf\xe9.txt", b"folder\xff/a.txt"):
        path = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118 - a name in bytes
        Path(os.fsdecode(path)).parent.mkdir(exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(b"x")
    assert reasons(Text(path=tmp_path)) == {"caf\\xe9.txt": "name_not_utf8", "folder\\xff/": "name_not_utf8"}
    printable(os.fsdecode(b"\xff")).encode()


def test_what_is_no_file_is_named_and_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    assert reasons(Text(path=tmp_path)) == {"pipe.txt": "not_a_file"}


def test_a_folder_that_cannot_be_listed_is_named_and_its_neighbours_are_read(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "a.txt").write_bytes(b"x")
    real = os.scandir

    def scandir(path):
        if Path(path).name == "closed":
            raise PermissionError
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    source = Text(path=tmp_path)
    assert [unit.name for unit in source.look().units] == ["open/a.txt"]
    assert reasons(source) == {"closed/": "unreadable_folder"}


def test_a_pattern_with_a_slash_looks_at_the_path_and_a_file_as_root_is_taken_whatever_its_name(tmp_path):
    for name in ("en/a.txt", "de/a.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    assert [unit.name for unit in Text(path=tmp_path, patterns=("en/*",)).look().units] == ["en/a.txt"]
    assert [unit.name for unit in Parquet(path=tmp_path / "en" / "a.txt").look().units] == ["a.txt"]


def test_each_file_is_looked_at_once_and_no_link_is_resolved_that_is_none(tmp_path, monkeypatch):
    for number in range(50):
        (tmp_path / f"{number}.txt").write_bytes(b"x")
    monkeypatch.setattr(os.path, "realpath", lambda path, **_: str(path) if Path(path) == tmp_path else pytest.fail("resolved"))
    files, skipped = files_below(tmp_path, ("*.txt",), reads_packed=False)
    assert (len(files), skipped) == (50, [])
