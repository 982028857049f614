"""Judging by signals whatever they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tiny_corpus import write_run_file

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.contract.columns import column
from pipelines.contract.errors import ConfigError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import VERDICTS
from pipelines.signals.base import signals

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.text.batch import DocumentBatch

PRESET = """
version = 1
source = "a test"
[[rules]]
family = "sized"
signal = "num_bytes"
min = 20
reason = "too_few_bytes"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    version: ClassVar[int] = 1
    columns: ClassVar[pa.Schema] = pa.schema([column("num_bytes", pa.int64(), "bytes of the text")])

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays([pc.cast(pc.binary_length(batch.texts), pa.int64())], schema=self.columns)


def test_a_signal_may_have_the_name_of_a_column_that_stands_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_parts", dict(signals._parts))
    signals._kept("sized", Sized, __name__, "assay", "0")
    (tmp_path / "sized.toml").write_text(PRESET, encoding="utf-8")
    run_file = write_run_file(tmp_path, extra='[measure]\nfamilies = ["sized"]')
    run_file.write_text(run_file.read_text(encoding="utf-8").replace('["gopher"]', f'["{tmp_path / "sized.toml"}"]'), encoding="utf-8")
    runner, warehouse = runner_for(load(run_file), "local", SilentReporter())
    manifests = runner.run("judge").manifests
    verdicts = read_table(warehouse.table(manifests["judge"], "verdicts", VERDICTS.schema)).to_pylist()
    assert [(v["rule"], v["reason"], v["value"], v["threshold"]) for v in verdicts] == [("sized.num_bytes_min", "too_few_bytes", 10.0, 20.0)]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('family = "c5"\nsignal = "num_lines"', "a rule needs the signal family 'c5'; add it to"),
        ('family = "c4"\nsignal = "num_lins"', "c4 has no signal 'num_lins'; did you mean 'num_lines'"),
        ('family = "c4"\nsignal = "num_lines"\nwhere = "langauge = 3"', "langauge"),
    ],
)
def test_a_look_at_what_is_left_to_do_refuses_what_a_run_would(tmp_path: Path, rule: str, said: str) -> None:
    preset = tmp_path / "odd.toml"
    preset.write_text(f'version = 1\nsource = "a test"\n[[rules]]\n{rule}\nmin = 1\nreason = "odd"\n', encoding="utf-8")
    run_file = write_run_file(tmp_path)
    run_file.write_text(run_file.read_text(encoding="utf-8").replace('["gopher"]', f'["{preset}"]'), encoding="utf-8")
    runner, _ = runner_for(load(run_file), "local", SilentReporter())
    with pytest.raises(ConfigError, match=said):
        runner.plan()
    with pytest.raises(ConfigError, match=said):
        runner.run()
