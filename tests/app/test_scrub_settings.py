"""What a run file may say under [scrub]: mistakes are told in a line before any work is done, and keys can be changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tiny_corpus import write_run_file
from typer.testing import CliRunner

from app.cli import app
from app.curation import dry
from app.settings import load
from pipelines.contract.errors import ConfigError
from pipelines.steps.scrub import Scrub
from pipelines.steps.settings import Curation
from pipelines.steps.settings import Scrub as Section

if TYPE_CHECKING:
    from pathlib import Path

KEY = "k" * 32


@pytest.fixture(scope="module")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_file(tmp_path_factory.mktemp("scrub"), rows=[{"id": "a", "text": "Nothing much.", "site": "s"}])


@pytest.mark.parametrize(
    ("section", "mode", "message"),
    [
        ('policies.EMAIL_ADRESS = "mask"', 0o600, "scrub.policies.EMAIL_ADRESS: no detector of this run looks for it; did you mean 'EMAIL_ADDRESS'"),
        ('policies.EMAIL_ADDRESS = "masc"', 0o600, "policies.EMAIL_ADDRESS: got 'masc'; did you mean 'mask'"),
        ('policies.US_SSN = "generalise"', 0o600, "scrub.policies.US_SSN: no rule makes US_SSN coarser"),
        ('style = "generalise"', 0o600, "scrub.style: no rule makes .*, US_SSN.* coarser"),
        ('style = "surrogate"', 0o600, "scrub.key_file: surrogates need a key file"),
        ('policies.US_SSN = "pseudonym"\nkey_file = "KEY"', 0o644, "others than its owner may read the key"),
        ('policies.US_SSN = "surrogate"\nkey_file = "KEY.not"', 0o600, r"cannot be read \(No such file .*; a new one is made by: assay pii rotate"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work_is_done(run_file: Path, section: str, mode: int, message: str) -> None:
    key = run_file.parent / "key"
    key.write_text(KEY, encoding="utf-8")
    key.chmod(mode)
    path = run_file.with_name("wrong.toml")
    path.write_text(f"{run_file.read_text(encoding='utf-8')}\n[scrub]\n{section.replace('KEY', str(key))}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        dry(load(path), "local")
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_the_key_of_the_step_has_policies_key_and_faker_and_nothing_of_the_key_itself(tmp_path: Path) -> None:
    ring = tmp_path / "ring"
    said = []
    for _ in range(2):
        done = CliRunner().invoke(app, ["pii", "rotate", str(ring), "--json"])
        assert done.exit_code == 0
        section = Section(policies={"PHONE_NUMBER": "surrogate"}, key_file=ring)
        said.append(Scrub().params(Curation(name="x", sources=(), scrub=section)))
        assert said[-1]["key_id"] == json.loads(done.output)["key_id"]
    assert said[0] | {"key_id": said[1]["key_id"]} == said[1] != said[0]
    assert said[1]["faker"].split(".")[0] == "40"
    assert said[1]["policies"] == {"PHONE_NUMBER": "surrogate"}
    assert "ring" not in json.dumps(said)
    assert CliRunner().invoke(app, ["pii", "rotate", str(ring)]).output.count(said[0]["key_id"]) == 1
    plain = Scrub().params(Curation(name="x", sources=()))
    assert (plain["key_id"], plain["faker"], plain["policies"]) == (None, None, {})
