"""The rule that every skip is listed, tried on a suite of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture
def run(tmp_path):
    """Runs one test file under the suite's conftest; returns what pytest printed."""
    for name in ("conftest.py", "skips.txt"):
        shutil.copy(TESTS / name, tmp_path)

    def run(source: str) -> str:
        (tmp_path / "test_one.py").write_text(source, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, "test_one.py"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    return run


def test_a_skip_whose_reason_is_listed_is_a_skip(run):
    assert "1 skipped" in run("def test_a(shared): pass")


def test_a_skip_whose_reason_is_not_listed_is_an_error(run):
    assert "1 error" in run("import pytest\n@pytest.mark.skip(reason='no time')\ndef test_a(): pass")


def test_a_module_that_skips_itself_for_an_unlisted_reason_is_an_error(run):
    assert "1 error" in run("import pytest\nno_such_package = pytest.importorskip('no_such_package')")


def test_a_test_that_reaches_for_the_network_fails(run):
    assert "tests use no network" in run("import socket\ndef test_a(): socket.create_connection(('192.0.2.1', 80), timeout=1)")
