"""``make bench``: each stage beside its peers, and the table in benchmarks/RESULTS.md.

    python -m benchmarks [--only signals,pii] [--texts PATH] [--max-mb 20] [--rounds 3]

Without ``--texts`` the texts are what this Python environment says of itself. Arms of a stage take turns. A tool that is not installed, fails, or
takes too long is a row that says so. With ``--only`` the table is printed and the file stays as it is, unless ``--write`` is given.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import table, texts
from benchmarks.comparing import is_plain
from benchmarks.running import Measured, missing, run_arm
from benchmarks.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.stages import Contender, Stage

SLOW_S = 45.0  # a peer's arm that takes longer runs once


@dataclass(frozen=True)
class _Given:
    """What the command was told."""

    folder: Path
    found: list[str]
    rounds: int
    limit_s: float
    is_uncapped: bool = False


def measured(stage: Stage, given: _Given) -> Iterator[table.Row]:
    """A row for each loop of each arm of a stage."""
    folder = given.folder / stage.name
    mine = [text for text in given.found if is_plain(text)] if stage.is_ascii else given.found
    files = {one.max_mb: folder / f"texts_{one.max_mb:g}.parquet" for one in stage.contenders}
    for max_mb, path in files.items():
        texts.write(mine if given.is_uncapped else texts.prefix(mine, max_mb * 1e6), path)
    stage.prepare(mine, folder)
    results = _in_turns(stage, files, given)
    ours = results[stage.contenders[0].script]
    for one in stage.contenders:
        result, outputs = results[one.script], ""
        is_judged = stage.judges_ours or one is not stage.contenders[0]
        if is_judged and not result.fault and not ours.fault:
            outputs = stage.compare(mine, _outputs(ours), _outputs(result))
        yield from table.rows_of(stage, one, result, outputs)


def _in_turns(stage: Stage, files: dict[float, Path], given: _Given) -> dict[str, Measured]:
    """Every arm once, then every arm again: what else the machine does meets them all."""
    results = {one.script: Measured() for one in stage.contenders}
    for _ in range(given.rounds):
        for one in stage.contenders:
            if _is_wanted(one, results[one.script]):
                results[one.script].runs.append(_run(one, files[one.max_mb], given.limit_s))
                sys.stderr.write(".")
                sys.stderr.flush()
    return results


def _is_wanted(one: Contender, result: Measured) -> bool:
    """Whether an arm runs once more. Ours always do: their first run may have compiled kernels."""
    return not result.runs or not (result.fault or (one.environment and result.runs[0].wall_s > SLOW_S))


def _run(one: Contender, path: Path, limit_s: float) -> table.Run:
    why_not = missing(one.environment)
    return table.Run(told=None, fault=why_not) if why_not else run_arm(one.script, one.environment, path, limit_s)


def _outputs(result: Measured) -> dict[str, object]:
    return {**result.told["outputs"], "documents": result.told["documents"]}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="names of stages, with commas: " + ", ".join(stage.name for stage in STAGES))
    parser.add_argument("--texts", type=Path, help="a Parquet file with a column text, or a folder of them")
    parser.add_argument("--max-mb", type=float, default=20.0, help="text at most; slow arms take less of it")
    parser.add_argument("--uncapped", action="store_true", help="slow arms take all of it, too; raise --limit with it")
    parser.add_argument("--rounds", type=int, default=3, help="times that each arm runs; medians count")
    parser.add_argument("--limit", type=float, default=240.0, help="seconds after which an arm is ended")
    parser.add_argument("--write", action="store_true", help="write the file though only some stages ran")
    asked = parser.parse_args(arguments)
    names = asked.only.split(",") if asked.only else [stage.name for stage in STAGES if not stage.by_name_only]
    unknown = sorted(set(names) - {stage.name for stage in STAGES})
    if unknown:
        parser.error(f"--only: no stage is named {unknown[0]!r}; stages are {', '.join(stage.name for stage in STAGES)}")
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        given = _Given(Path(name), texts.texts_of(asked.texts, int(asked.max_mb * 1e6)), asked.rounds, asked.limit, asked.uncapped)
        chosen = [stage for stage in STAGES if stage.name in {"unit", *names}]
        rows = [row for stage in chosen for row in measured(stage, given)]
    sys.stderr.write("\n")
    report = table.report(rows, given.found, "this Python environment" if asked.texts is None else asked.texts.name)
    sys.stdout.write(report + "\n")
    if asked.write or not asked.only:
        table.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
