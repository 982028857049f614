"""Sealed bundles: a task reads one as it reads the folder, and whoever lacks the key, or changed a byte, reads nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from evalsuite.base import TaskContext
from evalsuite.local_files import hashes, read_lines
from evalsuite.sealed import bundle_of, key_file_of, names_in, read, seal
from evalsuite.tasks.gsm8k import Gsm8k
from pipelines.contract.errors import ConfigError, InputError

QUESTION = "A gardener plants 3 rows of 14 tulips. How many tulips does she plant?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "sums"
    place.mkdir()
    rows = [{"question": QUESTION.replace("3", str(n)), "answer": f"{n} * 14 = {n * 14}\n#### {n * 14}"} for n in range(2, 9)]
    for name in ("test.jsonl", "train.jsonl"):
        (place / name).write_text("\r\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return place


def test_a_task_is_the_same_in_a_bundle_as_in_its_folder(folder: Path) -> None:
    made = seal(folder, folder.with_name("sums.sealed"))
    plain, sealed = Gsm8k(path=folder, num_shots=2), Gsm8k(path=made.bundle, num_shots=2)
    assert sealed.data() == plain.data()
    assert list(sealed.items(TaskContext())) == list(plain.items(TaskContext()))
    assert (made.num_files, names_in(made.bundle)) == (2, {name: (folder / name).stat().st_size for name in ("test.jsonl", "train.jsonl")})


def test_nothing_of_the_test_is_in_the_bundle_and_a_notice_is(folder: Path) -> None:
    made = seal(folder, folder.with_name("sums.sealed"))
    held = made.bundle.read_bytes()
    assert b"tulips" not in held
    assert b"test.jsonl" not in held
    assert b"no derivatives" in held
    assert made.key_file.read_text(encoding="ascii").strip().encode() not in held
    assert made.key_file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.parent.iterdir()) == ["sums", "sums.sealed", "sums.sealed.key"]


def test_a_second_bundle_is_sealed_with_the_key_that_lies_there(folder: Path) -> None:
    bundle = folder.with_name("sums.sealed")
    seal(folder, bundle)
    key = key_file_of(bundle).read_bytes()
    bundle.unlink()
    seal(folder, bundle)
    assert key_file_of(bundle).read_bytes() == key


def test_every_changed_byte_is_damage(folder: Path) -> None:
    bundle = seal(folder, folder.with_name("sums.sealed")).bundle
    whole = bundle.read_bytes()
    for place in (5, whole.index(b"notice") + 20, whole.index(b"\n") + 3, len(whole) - 1):
        bundle.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InputError, match=r"damaged"):
            read(bundle, "test.jsonl")
    for short in (b"", whole[:40], whole[:-7]):
        bundle.write_bytes(short)
        with pytest.raises(InputError, match=r"damaged"):
            read(bundle, "test.jsonl")


def test_a_key_that_is_missing_foreign_shared_or_none_is_one_line(folder: Path) -> None:
    bundle = seal(folder, folder.with_name("sums.sealed")).bundle
    key = key_file_of(bundle)
    own = key.read_text(encoding="ascii")
    key.write_text("ab" * 32, encoding="ascii")
    with pytest.raises(InputError, match=r"was sealed with the key [0-9a-f]{8}, and .* is the key [0-9a-f]{8}"):
        read(bundle, "test.jsonl")
    key.write_text("no key", encoding="ascii")
    with pytest.raises(ConfigError, match=r"expected 64 hex digits"):
        read(bundle, "test.jsonl")
    key.write_text(own, encoding="ascii")
    key.chmod(0o640)
    with pytest.raises(ConfigError, match=r"chmod 600"):
        read(bundle, "test.jsonl")
    key.unlink()
    with pytest.raises(ConfigError, match=r"put the key that came with it there"):
        read(bundle, "test.jsonl")


def test_a_file_that_a_bundle_lacks_is_named_as_in_a_folder(folder: Path) -> None:
    bundle = seal(folder, folder.with_name("sums.sealed")).bundle
    assert bundle_of(bundle / "valid.jsonl") == (bundle, "valid.jsonl")
    assert bundle_of(folder / "valid.jsonl") is None
    with pytest.raises(InputError, match=r"valid.jsonl: no such file.*look again"):
        read_lines(bundle / "valid.jsonl", "look again")
    with pytest.raises(InputError, match=r"valid.jsonl: no such file.*look again"):
        hashes([bundle / "valid.jsonl"], "look again")


def test_what_cannot_be_sealed_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends in .sealed"):
        seal(folder, tmp_path / "sums.zip")
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(InputError):
            seal(place, tmp_path / "other.sealed")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "sums"]
    seal(folder, tmp_path / "sums.sealed")
    with pytest.raises(ConfigError, match=r"is there already"):
        seal(folder, tmp_path / "sums.sealed")


def test_the_command_seals_beside_the_folder_and_lists(folder: Path) -> None:
    run = CliRunner().invoke(app, ["tasks", "seal", str(folder), "--json"])
    assert run.exit_code == 0, run.output
    bundle = Path(json.loads(run.stdout)["bundle"])
    listed = CliRunner().invoke(app, ["tasks", "list", str(bundle)])
    assert listed.exit_code == 0
    assert "test.jsonl" in listed.output
    assert "tulips" not in run.output + listed.output
