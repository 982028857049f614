"""Stages: each cleans and judges what the one before left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest

from app.console import SilentReporter
from app.curation import runner_for
from app.settings import load
from pipelines.cleaners.base import cleaners
from pipelines.contract.errors import ConfigError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import DOCUMENTS
from pipelines.steps.clean import Clean, CleanTexts
from pipelines.steps.dedup import Dedup
from pipelines.steps.judge import Judge
from pipelines.steps.measure import Measure
from pipelines.steps.stages import rounds
from pipelines.text.batch import DocumentBatch

STAGES = """
[measure]
families = ["fineweb_quality"]
[[stages]]
cleaners = ["ftfy"]
presets = ["english", "PRESET"]
families = [{use = "c4", require_terminal_punctuation = false}]
[[stages]]
cleaners = [{use = "c4_lines", require_terminal_punctuation = false}]
presets = ["fineweb"]
name = "lines"
"""
PRESET = """
version = 1
source = "ours"
[[rules]]
family = "c4"
signal = "num_curly_brackets"
max = 0
reason = "curly_bracket"
[[rules]]
family = "c4"
signal = "num_lines"
min = 1
min_by_language = {en = 2}
where = "source = 'tiny' and num_kept_lines < 100"
reason = "too_few_lines"
"""
ENGLISH = "The river runs past the old mill and on to the sea, where the boats wait for the tide."
OTHER = "We sat by the fire &amp; told each other what the winter had been like in the hills."
TEXTS = {
    "kept": f"{ENGLISH}\nThis page uses cookies to show you what you like.\n{OTHER} [3]\n",
    "blank": " \n\t\n",
    "cookies": "This page uses cookies and JavaScript to show you the pages that you like.\nNothing can be seen, since it uses cookies.",
    "bracket": f"{ENGLISH}\nA line with a curly bracket {{ of somebody's code in the text.",
    "one_line": ENGLISH,
    "german": "Der Fluss fliesst an der alten Mühle vorbei bis zum Meer.\nDort warten die Boote im Hafen auf die Flut und den Wind.",
    "short_after": f"{ENGLISH}\nno end\nno end either\nnor here it is\nThis line uses cookies and is as long as a sentence.\na b c",
}


SINGLE = """
[clean]
cleaners = ["ftfy", "c4_lines"]
[measure]
families = ["gopher_quality"]
[judge]
presets = []
"""
Tables = dict[str, list[dict[str, Any]]]


def run_file(folder: Path, stages: str, texts: dict[str, str] = TEXTS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"id": name, "text": text} for name, text in texts.items()]
    (folder / "tiny.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "mine.toml").write_text(PRESET, encoding="utf-8")
    source = f'[[sources]]\nuse = "jsonl"\nname = "tiny"\npath = "{folder / "tiny.jsonl"}"\nkey = "id"\n'
    head = f'name = "tiny"\nwarehouse = "{folder / "warehouse"}"\n{source}[local]\nworkers = 1\n'
    path = folder / "tiny.toml"
    path.write_text(head + stages.replace("PRESET", str(folder / "mine.toml")), encoding="utf-8")
    return path


def hashes(path: Path, engine: Literal["local", "spark"] = "local") -> dict[str, str]:
    """What is in every table of a run as far as judging, clock and machine apart."""
    manifests = runner_for(load(path), engine, SilentReporter())[0].run("judge").manifests
    return {f"{step}.{name}": table.content_sha256 for step, manifest in manifests.items() for name, table in manifest.tables.items()}


def judged(path: Path) -> Tables:
    """The tables of a run as far as judging, as STEP.TABLE, with record keys in the place of ids."""
    settings = load(path)
    runner, warehouse = runner_for(settings, "local", SilentReporter())
    manifests = runner.run("judge").manifests
    schemas = {f"{s.name}.{table}": schema for s in (Clean(), Measure(), Judge()) for table, schema in s.outputs(settings.curation).items()}
    schemas["ingest.documents"] = DOCUMENTS.schema
    found: Tables = {}
    for name, schema in schemas.items():
        step, _, table = name.partition(".")
        found[name] = read_table(warehouse.table(manifests[step], table, schema)).to_pylist()
    keys = {row["doc_id"]: row["record_key"] for row in found["ingest.documents"]}
    return {name: [{**row, "doc_id": keys[row["doc_id"]]} for row in rows] for name, rows in found.items()}


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return judged(run_file(tmp_path_factory.mktemp("staged"), STAGES))


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    path = run_file(tmp_path_factory.mktemp("reference"), STAGES)
    return path, hashes(path)


def elsewhere(path: Path, folder: Path, extra: str = "") -> Path:
    """The same run in an empty warehouse."""
    text = path.read_text(encoding="utf-8").replace("workers = 1", "workers = 2\npartitions = 5")
    found = folder / "tiny.toml"
    found.write_text(text.replace(f'warehouse = "{path.parent}', f'warehouse = "{folder}') + extra, encoding="utf-8")
    return found


def test_partitions_and_processes_change_nothing(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    path, expected = reference
    assert hashes(elsewhere(path, tmp_path)) == expected


@pytest.mark.slow
@pytest.mark.spark
def test_spark_gives_the_same_tables(reference: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    path, expected = reference
    extra = '[spark]\nmaster = "local[2]"\ndriver_memory = "1g"\npartitions = 3\n'
    assert hashes(elsewhere(path, tmp_path, extra), "spark") == expected


def by_key(rows: list[dict[str, Any]], column: str) -> dict[str, Any]:
    return {row["doc_id"]: row[column] for row in rows}


def test_each_stage_keeps_its_text_and_the_last_is_the_clean_text(staged: Tables) -> None:
    first, last = by_key(staged["clean.texts_stage_1"], "text"), by_key(staged["clean.texts"], "text")
    assert first["kept"] == TEXTS["kept"].replace("&amp;", "&")
    assert last["kept"] == f"{ENGLISH}\n{OTHER.replace('&amp;', '&')}"
    assert (first["cookies"], last["cookies"]) == (TEXTS["cookies"], "")
    assert first.keys() == last.keys() == TEXTS.keys()


def test_edits_lead_from_the_raw_text_to_the_last_and_name_the_cleaner_that_made_them(staged: Tables) -> None:
    edits = [(row["start"], row["end"], row["new_length"], row["cause"]) for row in staged["clean.edits"] if row["doc_id"] == "kept"]
    raw, line = TEXTS["kept"].encode(), len(ENGLISH) + 1
    cut = raw.index(b"We sat") - line
    assert sorted(edits) == [
        (line, line + cut, 0, "c4_lines"),
        (raw.index(b"amp;"), raw.index(b"amp;") + 4, 0, "ftfy"),
        (raw.index(b" [3]"), len(raw), 0, "c4_lines"),
    ]


def test_every_stage_is_judged_by_the_signals_of_its_own_text_and_the_first_failure_gives_the_reason(staged: Tables) -> None:
    reasons = {row["doc_id"]: (row["step"], row["reason"]) for name in ("clean.fates", "judge.fates") for row in staged[name]}
    assert reasons == {
        "blank": ("clean", "blank_text"),
        "cookies": ("judge", "blank_text"),
        "bracket": ("judge", "curly_bracket"),
        "one_line": ("judge", "too_few_lines"),
        "german": ("judge", "other_language"),
        "short_after": ("judge", "too_many_short_lines"),
    }
    assert by_key(staged["judge.survivors"], "num_bytes") == {"kept": len(by_key(staged["clean.texts"], "text")["kept"].encode())}


def test_rules_of_an_earlier_stage_carry_its_name_and_verdicts_the_bound_of_the_language(staged: Tables) -> None:
    verdicts = {(row["doc_id"], row["rule"]): row["threshold"] for row in staged["judge.verdicts"]}
    assert verdicts["one_line", "mine.num_lines_min@stage_1"] == 2.0
    assert ("german", "english.other_language_score_max@stage_1") in verdicts
    assert verdicts["cookies", "clean.nonblank_characters_min"] == 1.0
    assert ("cookies", "fineweb.num_lines_min") in verdicts


def test_an_earlier_stage_is_measured_by_what_judges_it_and_families_with_its_own_parameters(staged: Tables) -> None:
    assert {name for name in staged if name.startswith("measure.signals")} == {
        "measure.signals_c4_stage_1", "measure.signals_language_stage_1", "measure.signals_fineweb_quality", "measure.signals_nonblank",
    }  # fmt: skip
    assert by_key(staged["measure.signals_c4_stage_1"], "num_lines_no_terminal_punctuation")["kept"] == 0


def test_the_language_is_looked_for_once_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def told(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
        asked.extend(texts.to_pylist())
        return pa.array(["en"] * len(texts), pa.string()), pa.array([0.5] * len(texts), pa.float64())

    monkeypatch.setattr("pipelines.steps.clean.detect_all", told)
    same = pa.RecordBatch.from_pylist(
        [{"doc_id": "a", "text": "One line &amp; no more.", **dict.fromkeys(("source", "kind", "origin", "url", "license"))}]
    )
    made = CleanTexts({"texts_stage_1": {"ftfy": cleaners["ftfy"]()}, "texts": {"c4_lines": cleaners["c4_lines"]()}})(same)
    assert asked == ["One line & no more."]
    assert DocumentBatch.from_rows(made["texts_stage_1"]).languages == DocumentBatch.from_rows(made["texts"]).languages == [("en", 0.5)]


def test_a_run_without_stages_has_the_tables_that_it_always_had(tmp_path: Path) -> None:
    found = judged(run_file(tmp_path, SINGLE))
    assert {name for name in found if "text" in name or "signals" in name} == {"clean.texts", "measure.signals_gopher_quality"}
    assert {row["doc_id"] for row in found["clean.fates"]} == {"blank", "cookies"}


@pytest.mark.parametrize(("stages", "num_passes"), [(SINGLE, 1), (STAGES, 0)])
def test_texts_are_sketched_on_the_way_only_where_no_stage_judges_them_first(tmp_path: Path, stages: str, num_passes: int) -> None:
    settings = load(run_file(tmp_path, stages))
    assert len(Dedup().passes(settings.curation)) == num_passes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[measure]", '[clean]\ncleaners = ["ftfy"]\n[measure]', r"stages: \[clean\] cleaners and \[\[stages\]\] are both there"),
        ("[measure]", '[judge]\npresets = ["gopher", "c4", "fineweb"]\n[measure]', r"\[judge\] presets and \[\[stages\]\] are both there"),
        ('[{use = "c4_lines", require_terminal_punctuation = false}]', "[]", r"stages\[1\].cleaners: without one it judges the same text"),
        ('cleaners = ["ftfy"]\n', "", r"tiny.toml.stages\[0\].cleaners: this key is required"),
        ('"fineweb"]\nname', '"finewep"]\nname', r"stages\[1\].presets: no preset is named 'finewep'; did you mean 'fineweb'"),
        ('name = "lines"', 'name = "stage_1"', r"stages\[1\].name: 'stage_1' is there twice"),
        ('name = "lines"', 'name = "Two words"', r"stages\[1\]: name 'Two words' must be at most 40 lower-case"),
        ('"PRESET"', '"gopher2.toml"', r"stages\[0\].presets: no preset is named 'gopher2.toml'"),
        ('["english", "PRESET"]', '["listed_domains"]', r"stages\[0\].presets \(listed_domains\).file: this key is required"),
        ("source = 'tiny'", "sauce = 'tiny'", r"mine.num_lines_min@stage_1: where: no column 'sauce'; did you mean 'source'\?"),
        ("num_kept_lines < 100", "num_words < 100", r"mine.num_lines_min@stage_1: where: no column 'num_words'; there are: kind, language"),
    ],
)
def test_stages_that_contradict_themselves_are_refused_before_any_work(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in STAGES + PRESET
    path = run_file(tmp_path, STAGES.replace(old, new))
    (tmp_path / "mine.toml").write_text(PRESET.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        runner_for(load(path), "local", SilentReporter())[0].run("judge")
    assert not list((tmp_path / "warehouse").glob("manifests/*/*"))


def test_the_shipped_recipe_of_fineweb_is_whole() -> None:
    first, last = rounds(load(Path(__file__).parents[3] / "runs" / "web.toml").curation)
    assert [preset.name for preset in (*first.presets, *last.presets)] == ["english", "gopher", "c4", "fineweb"]
    assert list(first.families) == ["c4", "gopher_quality", "gopher_repetition", "language"]
    assert (first.texts, last.texts) == ("texts_stage_1", "texts")
