"""A part whose source changes takes a new version, or someone says that its results are the same."""

from __future__ import annotations

import json

import versions


def test_a_changed_part_has_a_new_version() -> None:
    before, now = json.loads(versions.LOCK.read_text(encoding="utf-8")), versions.current()
    stale = [name for name, facts in now.items() if name in before and facts != before[name] and facts["version"] == before[name]["version"]]
    assert not stale, f"{stale}: the source changed; raise the version if any result could differ, then run: python tests/laws/versions.py"


def test_every_part_is_listed_with_the_version_it_has() -> None:
    before, now = json.loads(versions.LOCK.read_text(encoding="utf-8")), versions.current()
    assert {name: facts["version"] for name, facts in now.items()} == {name: facts["version"] for name, facts in before.items()}
