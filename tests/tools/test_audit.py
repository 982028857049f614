"""What is said of known holes: found, none, or that nobody could be asked."""

from __future__ import annotations

from tools import audit

SOUND = {"name": "sound", "version": "1.0", "vulns": []}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found on PyPI and could not be audited: unknown (1.0)"}
HOLED = {"name": "holed", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}, {"id": "PYSEC-2026-2", "fix_versions": []}]}


def test_a_list_that_cannot_be_reached_passes_and_says_so():
    for report in (None, {"dependencies": []}):
        code, lines = audit.verdict(report)
        assert code == 0
        assert "cannot be reached" in lines[0]


def test_an_index_that_knows_none_of_the_packages_is_one_that_cannot_be_reached():
    assert audit.verdict({"dependencies": [UNKNOWN, UNKNOWN]}) == audit.verdict(None)


def test_a_known_hole_fails_and_names_the_version_that_mends_it():
    code, lines = audit.verdict({"dependencies": [SOUND, HOLED, UNKNOWN]})
    assert code == 1
    assert lines == [
        "holes: holed 1.0: PYSEC-2026-1; mended in 1.1: run make lock",
        "holes: holed 1.0: PYSEC-2026-2; mended in no version so far: run make lock",
    ]


def test_a_hole_that_is_accepted_with_a_reason_passes(monkeypatch):
    monkeypatch.setattr(audit, "ACCEPTED", {"PYSEC-2026-1": "assay opens no socket", "PYSEC-2026-2": "the same"})
    assert audit.verdict({"dependencies": [HOLED]})[0] == 0


def test_packages_that_are_not_in_the_list_are_counted():
    assert audit.verdict({"dependencies": [SOUND, UNKNOWN]}) == (0, ["holes: none known in 1 run-time packages; 1 are not in the list"])


def test_an_auditor_that_cannot_be_had_gives_no_report(monkeypatch, tmp_path):
    monkeypatch.setattr(audit.sys, "executable", str(tmp_path / "python"))
    assert audit.report_of({"sound": "1.0"}) is None
