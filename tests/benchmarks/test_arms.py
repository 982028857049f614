"""Our own arms still call what they measure: each runs here on a few texts, in this process."""

from __future__ import annotations

import json
import runpy
import sys

import pytest

from benchmarks import running, texts
from benchmarks.stages import STAGES

TEXTS = [
    "The river is quiet and the garden of the village is bright. " * 12 + "It carries the letters that nobody opens.",
    "The river is quiet and the garden of the village is bright. " * 12 + "It carries the letters that nobody opens!",
    "Write to jane@example.org, or call +44 20 7946 0958. The cafÃ© was open.\n" + "A window, a bridge and a market. " * 20,
]
QUICK = [stage for stage in STAGES if stage.name not in {"curation", "engines", "training"}]


@pytest.mark.parametrize("stage", QUICK, ids=lambda stage: stage.name)
def test_our_arm_of_a_stage_runs_and_is_compared(stage, tmp_path, monkeypatch):
    texts.write(TEXTS, tmp_path / "texts.parquet")
    stage.prepare(TEXTS, tmp_path)
    monkeypatch.setattr(sys, "argv", ["arm", str(tmp_path / "texts.parquet"), str(tmp_path / "out.json")])
    monkeypatch.syspath_prepend(str(running.ARMS))
    runpy.run_path(str(running.ARMS / stage.contenders[0].script))
    told = json.loads((tmp_path / "out.json").read_bytes())
    assert told["documents"] == len(TEXTS)
    assert set(stage.targets) <= set(told["loops"])
    outputs = {**told["outputs"], "documents": told["documents"]}
    assert isinstance(stage.compare(TEXTS, outputs, outputs), str)
