"""Kernels on the disk: compiled once, taken only from who could have written them, and compiled again whatever has become of a record."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import FunctionType

import numba
import pytest

from pipelines.text import compile as compiling
from pipelines.text import kernel_records
from pipelines.text.compile import Kernel, inlined, kernel, on_compile
from pipelines.text.kernel_records import kernels_folder, private_folder, read_record, take_turn, trouble, turns_end, write_record

STEP = 3


@inlined
def stepped(number: int) -> int:
    return number + STEP


def doubled(number: int) -> int:
    return 2 * stepped(number)


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the kernels that are compiled while a test has a cache of its own."""
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kernel_records, "_TROUBLE", [])
    monkeypatch.setattr(compiling, "_LISTENERS", [])
    names: list[str] = []
    on_compile(names.append)
    return names


def fresh() -> Kernel:
    """The kernel as a process finds it that has not called it yet."""
    found = kernel(doubled)
    assert isinstance(found, Kernel)
    return found


def record_of(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "cache" / "kernels").iterdir()
    return path


def test_a_kernel_is_compiled_once_for_all_processes_and_says_so_before(heard: list[str]) -> None:
    assert [fresh()(4), fresh()(5)] == [14, 16]
    assert heard == ["test_compile.doubled"]


@pytest.mark.parametrize("harm", ["empty", "half", "a bit", "another's bytes"])
def test_a_damaged_record_is_compiled_again_and_mended(harm: str, tmp_path: Path, heard: list[str]) -> None:
    fresh()(1)
    path = record_of(tmp_path)
    whole = path.read_bytes()
    flipped = bytes([*whole[:-9], whole[-9] ^ 4, *whole[-8:]])
    path.write_bytes({"empty": b"", "half": whole[: len(whole) // 2], "a bit": flipped, "another's bytes": b"\x80\x04garbage" * 99}[harm])
    assert [fresh()(4), fresh()(4)] == [14, 14]
    assert len(heard) == 2
    assert read_record(path, b"") is None  # the key is part of the seal


def locked(folder: Path) -> int:
    """A handle that holds the folder as another process does that compiles."""
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def test_what_another_process_is_compiling_is_waited_for_and_not_compiled_again(tmp_path: Path, heard: list[str]) -> None:
    fresh()(1)
    path = record_of(tmp_path)
    path.rename(tmp_path / "aside")
    handle = locked(path.parent)
    values: list[int] = []
    late = threading.Thread(target=lambda: values.append(fresh()(4)))
    late.start()
    (tmp_path / "aside").rename(path)
    os.close(handle)
    late.join()
    assert values == [14]
    assert heard == ["test_compile.doubled"]
    os.close(locked(path.parent))  # nobody holds it


def test_a_thread_that_begins_while_another_compiles_leaves_no_lock_behind(heard: list[str]) -> None:
    folder = kernels_folder()
    assert folder is not None
    assert heard == []
    has_begun, may_go_on = threading.Event(), threading.Event()

    def compile_late() -> None:
        with turns_end():
            has_begun.set()
            may_go_on.wait()
            take_turn(folder)

    late = threading.Thread(target=compile_late)
    with turns_end():
        take_turn(folder)
        late.start()
        has_begun.wait()
    may_go_on.set()
    late.join()
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where somebody has it
    os.close(handle)


def test_a_kernel_that_cannot_be_compiled_lets_others_go_on(tmp_path: Path, heard: list[str]) -> None:
    with pytest.raises(numba.TypingError):
        fresh()("no number")  # type: ignore[arg-type]
    assert len(heard) == 1
    os.close(locked(tmp_path / "cache" / "kernels"))


def test_nobody_waits_for_ever_for_a_process_that_hangs(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_records, "_PATIENCE_S", 0.01)
    folder = kernels_folder()
    assert folder is not None
    handle = locked(folder)
    assert fresh()(4) == 14
    assert heard == ["test_compile.doubled"]
    os.close(handle)


def test_a_record_of_another_numba_is_left_alone_and_not_used(tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    fresh()(1)
    before = record_of(tmp_path).read_bytes()
    monkeypatch.setattr(numba, "__version__", "0.0.1")
    assert fresh()(4) == 14
    assert len(heard) == 2
    assert before in {path.read_bytes() for path in (tmp_path / "cache" / "kernels").iterdir()}


def test_code_that_changed_in_a_function_that_is_called_or_in_a_constant_is_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh().sources
    monkeypatch.setattr(sys.modules[__name__], "STEP", 4)
    other = fresh().sources
    monkeypatch.setattr(sys.modules[__name__], "STEP", 3)
    assert before == fresh().sources != other
    assert isinstance(stepped, Kernel)
    moved = FunctionType(stepped.function.__code__.replace(co_firstlineno=999), globals(), "stepped")
    moved.__qualname__ = "stepped"
    monkeypatch.setattr(sys.modules[__name__], "stepped", Kernel(moved, is_inlined=True))
    assert fresh().sources == before  # a line above it is none of its code
    monkeypatch.setattr(sys.modules[__name__], "stepped", Kernel(doubled, is_inlined=True))
    assert fresh().sources != before


@pytest.mark.parametrize("whose", ["foreign", "open", "link", "folder", "other key"])
def test_a_record_that_another_could_have_written_does_not_count(whose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, key = tmp_path / "a.kernel", b"k"
    write_record(path, key, b"code")
    assert read_record(path, key) == b"code"
    if whose == "foreign":
        monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    elif whose == "open":
        path.chmod(0o620)
    elif whose == "link":
        path.rename(tmp_path / "b")
        path.symlink_to(tmp_path / "b")
    elif whose == "folder":
        path.unlink()
        path.mkdir()
    else:
        key = b"other"
    assert read_record(path, key) is None


def test_a_folder_of_our_own_is_made_and_found_again_closed_to_others(tmp_path: Path) -> None:
    place = tmp_path / "assay" / "kernels"
    assert private_folder(place) == place
    assert place.stat().st_mode & 0o777 == 0o700
    place.chmod(0o775)  # as a home has it where each user has a group
    assert private_folder(place) == place
    assert place.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["link", "file", "foreign"])
def test_a_folder_that_is_not_ours_is_not_used_and_the_way_out_is_said(
    kind: str, tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = tmp_path / "cache" / "kernels"
    place.parent.mkdir()
    if kind == "link":
        (tmp_path / "theirs").mkdir()
        place.symlink_to(tmp_path / "theirs")
    elif kind == "file":
        place.write_text("")
    else:
        place.mkdir(mode=0o700)
        true = os.getuid()
        uids = iter([true + 1])  # the first to be looked at is another user's, the fresh one is ours
        monkeypatch.setattr(os, "getuid", lambda: next(uids, true))
    chosen = kernels_folder()
    assert chosen is not None
    assert not chosen.is_relative_to(tmp_path / "cache")
    assert chosen.stat().st_mode & 0o777 == 0o700
    assert os.environ["ASSAY_CACHE"] == str(chosen.parent)  # what workers inherit
    assert str(place) in (trouble() or "")
    assert "ASSAY_CACHE" in (trouble() or "")
    assert heard == []


def test_a_full_disk_keeps_no_half_record_and_no_kernel_from_working(tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert fresh()(4) == 14
    assert heard == ["test_compile.doubled"]
    assert list((tmp_path / "cache" / "kernels").iterdir()) == []
    assert "No space left" in (trouble() or "")


@pytest.mark.parametrize(("variables", "expected"), [
    ({"ASSAY_CACHE": "/a", "XDG_CACHE_HOME": "/x", "NUMBA_CACHE_DIR": "/n"}, "/a"),
    ({"XDG_CACHE_HOME": "/x", "NUMBA_CACHE_DIR": "/n"}, "/n"),
    ({"XDG_CACHE_HOME": "/x"}, "/x/assay"),
    ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/assay"),
    ({"HOME": "/h"}, "/h/.cache/assay"),
])  # fmt: skip
def test_a_folder_that_is_asked_for_comes_before_the_users_cache(variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASSAY_CACHE", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert kernel_records._wanted() == Path(expected)


def test_a_machine_without_a_c_compiler_and_without_a_home_compiles(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    left = {name: value for name, value in os.environ.items() if name not in {"ASSAY_CACHE", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "CC", "CXX"}}
    environment = {**left, "HOME": str(tmp_path / "file"), "TMPDIR": str(tmp_path), "PATH": str(tmp_path)}
    program = "from test_compile import fresh; print(fresh()(4)); from pipelines.text.kernel_records import trouble; print(trouble())"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    assert done.returncode == 0, done.stderr
    value, said = done.stdout.splitlines()
    assert value == "14"
    assert str(tmp_path / "file") in said
    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # the folder of a process goes with it
