"""A part whose source changes takes a new version, or someone says that its results are the same."""

from __future__ import annotations

import json
import shutil

import pytest
import versions


@pytest.fixture(scope="module")
def before():
    return json.loads(versions.LOCK.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def now():
    return versions.current()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Copies of the SQL and of the presets, which a test may edit."""
    for name in ("SQL", "PRESETS"):
        shutil.copytree(getattr(versions, name), tmp_path / name)
        monkeypatch.setattr(versions, name, tmp_path / name)
    return tmp_path


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def changed(now):
    return {name for name, facts in versions.current().items() if facts["sha256"] != now[name]["sha256"]}


def test_a_changed_part_has_a_new_version(before, now):
    stale = [name for name, facts in now.items() if name in before and facts != before[name] and facts["version"] == before[name]["version"]]
    assert not stale, f"{stale}: the source changed; raise the version if any result could differ, then run: python tests/laws/versions.py"


def test_every_part_is_listed_with_the_version_it_has(before, now):
    assert {name: facts["version"] for name, facts in now.items()} == {name: facts["version"] for name, facts in before.items()}


def test_sql_that_a_step_reaches_through_the_base_of_steps_is_in_its_hash(elsewhere, now):
    edit(elsewhere / "SQL" / "survivors_without_fates.sql", "WHERE", "WHERE 1 = 1 AND")
    assert {"step clean", "step judge", "step dedup"} <= changed(now)


def test_sql_that_a_step_names_itself_is_in_its_hash_and_in_no_other(elsewhere, now):
    edit(elsewhere / "SQL" / "tokenizer_sample.sql", "SELECT", "SELECT DISTINCT")
    assert changed(now) == {"step tokenize"}


def test_a_comment_in_sql_changes_no_hash(elsewhere, now):
    path = elsewhere / "SQL" / "account.sql"
    path.write_text("-- Another word.\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert changed(now) == set()


def test_every_query_is_in_the_hash_of_a_step():
    named = set().union(*(versions.closure((type(step).__module__,))[1] for step in versions.all_steps(None)))
    assert {path.stem for path in versions.SQL.glob("*.sql")} - named == set()


def test_a_bound_of_a_preset_is_in_its_hash_and_its_comments_are_not(elsewhere, now):
    path = elsewhere / "PRESETS" / "gopher.toml"
    path.write_text("# Another word.\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert changed(now) == set()
    edit(path, "max = 0.3\n", "max = 0.4\n")
    assert changed(now) == {"preset gopher"}


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("MODEL_VERSION", "modelcore.training"),
        ("MODEL_VERSION", "modelcore.order"),
        ("MODEL_VERSION", "modelcore.architecture"),
        ("EVAL_VERSION", "evalsuite.scoring"),
        ("EVAL_VERSION", "evalsuite.estimates"),
    ],
)
def test_training_and_evaluation_stand_for_all_that_decides_weights_and_scores(name, module):
    assert module in versions.closure(versions.BODIES[name])[0]
