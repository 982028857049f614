"""The campaigns tell a corpus from an empty folder, say what they found in a table, and fail where a promise does not hold."""

from __future__ import annotations

import json
import tomllib

import pytest
from tiny_corpus import write_run_file

from app.settings import RunFile
from campaign import __main__ as command
from campaign.engines import large_run_file
from campaign.runs import CampaignFailed, Reader, run
from pipelines.contract.config import decode


def test_each_kind_of_file_below_a_folder_has_a_source(tmp_path):
    (tmp_path / "below").mkdir()
    for name in ("a.parquet", "below/b.warc.gz", "c.txt", "d.csv"):
        (tmp_path / name).touch()
    made = decode(RunFile, tomllib.loads(large_run_file(tmp_path)), "large.toml")
    assert [source["use"] for source in made.sources] == ["parquet", "warc", "text"]
    assert {source["path"] for source in made.sources} == {str(tmp_path)}


def test_a_folder_without_a_corpus_is_refused(tmp_path):
    (tmp_path / "d.csv").touch()
    with pytest.raises(CampaignFailed, match="no file below it is JSON Lines, Parquet, WARC or text"):
        large_run_file(tmp_path)


def test_a_run_that_fails_ends_the_campaign_with_its_line(tmp_path):
    run_file = write_run_file(tmp_path)
    run_file.write_text(run_file.read_text(encoding="utf-8") + '\nunknown = "key"\n', encoding="utf-8")
    with pytest.raises(CampaignFailed, match="unknown key"):
        run(run_file, tmp_path / "warehouse")


def test_a_reader_remembers_what_went_wrong(tmp_path):
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "00000001.json").write_text("{torn", encoding="utf-8")
    reader = Reader(tmp_path, pause_s=0.001)
    reader.start()
    while not reader.failures:
        reader.over.wait(0.001)
    reader.end()
    assert reader.num_reads == 0


def test_figures_are_a_table_or_json_and_a_broken_promise_is_exit_code_1(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(command.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(command, "soak", lambda _folder, runs: {"runs": runs, "data_bytes": 12_345, "first_s": 1.5})
    assert command.main(["--kills", "0", "--growth", "0", "--runs", "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "| soak | runs 3, data_bytes 12,345, first_s 1.5 |"
    assert command.main(["--kills", "0", "--growth", "0", "--runs", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"soak": {"runs": 3, "data_bytes": 12_345, "first_s": 1.5}}

    def broken(_folder, _runs):
        raise CampaignFailed("soak: run 2 did ['ingest'] again")

    monkeypatch.setattr(command, "soak", broken)
    assert command.main(["--kills", "0", "--growth", "0"]) == 1
    assert capsys.readouterr().err == "campaign: soak: run 2 did ['ingest'] again\n"
