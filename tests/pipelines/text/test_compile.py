"""The cache of compiled kernels: below the shared temporary folder only where nobody else can write."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from pipelines.text.compile import cache_folder, private_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_of_our_own_is_made_and_found_again(tmp_path: Path) -> None:
    place = tmp_path / "assay"
    assert private_folder(place) == place
    assert place.stat().st_mode & 0o777 == 0o700
    assert private_folder(place) == place


@pytest.mark.parametrize("kind", ["open", "link", "file", "foreign"])
def test_a_folder_that_others_could_fill_is_not_used(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = tmp_path / "assay"
    if kind == "link":
        (tmp_path / "theirs").mkdir()
        place.symlink_to(tmp_path / "theirs")
    elif kind == "file":
        place.write_text("")
    else:
        place.mkdir()
        place.chmod(0o777 if kind == "open" else 0o700)
    if kind == "foreign":
        monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    fresh = private_folder(place)
    assert fresh != place
    assert fresh.stat().st_mode & 0o777 == 0o700


def test_a_machine_without_a_home_that_can_be_written_compiles_into_a_private_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environment = {**os.environ, "HOME": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    environment.pop("ASSAY_CACHE", None)
    environment.pop("NUMBA_CACHE_DIR", None)
    program = "import os, pipelines.text.compile; print(os.environ['NUMBA_CACHE_DIR'])"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / f"assay-{os.getuid()}" / "numba")
    assert (tmp_path / f"assay-{os.getuid()}").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_asked_for_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
