"""What `make demo` says on a machine that lacks something: one line, with the way out."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")


@pytest.fixture
def install(tmp_path):
    """Runs the installer of a copy whose Pythons are all ``script``; returns its exit code and what it said."""
    for name in ("tools", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "copy")

    def install(script: str) -> tuple[int, list[str]]:
        (tmp_path / "bin").mkdir()
        for name in NAMES:
            (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (tmp_path / "bin" / name).chmod(0o755)
        environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHON": "", "PIP_NO_INDEX": "1"}
        done = subprocess.run([tmp_path / "copy" / "tools" / "install.sh", "demo"], env=environment, capture_output=True, text=True, check=False)
        assert done.stdout == ""
        return done.returncode, done.stderr.splitlines()

    return install


def test_a_machine_whose_python_is_too_old_is_told_what_to_install(install):
    code, lines = install("exit 1")
    assert code == 1
    assert lines == ["assay: Python 3.11 or later is needed and none was found; on Debian or Ubuntu: sudo apt-get install python3.11 python3.11-venv"]


def test_a_machine_without_the_venv_module_is_told_what_to_install(install):
    code, lines = install(f'case "$2" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"')
    version = "{}.{}".format(*sys.version_info)
    assert code == 1
    assert lines == [f"assay: Python {version} has no venv module; on Debian or Ubuntu: sudo apt-get install python{version}-venv"]


def test_what_the_installer_imports_to_keep_its_bytecode_is_there():
    starts = re.search(r"^STARTS=([\w.,]+)", (ROOT / "tools" / "install.sh").read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in starts[1].split(",") if importlib.util.find_spec(name) is None] == []
