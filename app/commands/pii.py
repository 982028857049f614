"""``assay pii``: how well personal data is found, by labels and by people; and the keys of what stands in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.terminal import JsonOption, WarehouseOption, chosen_warehouse, err, out, print_json
from pipelines.contract.errors import ConfigError

group = typer.Typer(
    help="How well personal data is found, by labelled texts (evaluate) and by people who look (audit); keys of pseudonyms (rotate).",
    no_args_is_help=True,
)
RunFileOption = Annotated[Path | None, typer.Option("--run-file", help="Run file whose section scrub is evaluated; assay's defaults if not given.")]


@group.command()
def evaluate(
    labels: Annotated[
        Path,
        typer.Argument(
            help="Labelled texts: JSON or JSON Lines with spans, or BIO tags (.bio, .conll, .iob, .tsv); or the folder of an audit.",
            show_default=False,
        ),
    ],
    *,
    run_file: RunFileOption = None,
    detectors: Annotated[
        list[str] | None, typer.Option("--detectors", help="Detectors by name, with their defaults, instead of a run file's.")
    ] = None,
    names: Annotated[list[str] | None, typer.Option("--map", help="A kind of the labels and what it is here, as SURNAME=PERSON.")] = None,
    offsets: Annotated[
        str | None, typer.Option("--offsets", help="What offsets count, where the file does not tell: characters, bytes or tokens.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="Language of texts that do not say theirs, as en; as a run would find it if not given.")
    ] = None,
    num_errors: Annotated[int, typer.Option("--errors", min=0, help="Places of so many differences; --json has all.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Precision, recall and leak rate by kind of personal data, each with its 95% interval, on labelled texts."""
    if labels.is_dir():
        _audited(labels, as_json=as_json)
        return
    from app.pii_labels import UNITS, read_labels

    unit = next((u for u in UNITS if u == offsets), None)
    if offsets is not None and unit is None:
        raise ConfigError(f"--offsets {offsets}: no such unit; there are: {', '.join(UNITS)}")
    if run_file is not None and detectors:
        raise ConfigError("pii evaluate: give --run-file or --detectors, not both")
    texts = read_labels(labels, unit)
    from app.pii_evaluation import evaluate as evaluated  # slow to import, so a mistake in the labels is told first
    from app.pii_evaluation import show
    from app.settings import load
    from pipelines.steps.settings import Scrub

    settings = load(run_file).scrub if run_file else Scrub(detectors=tuple(detectors)) if detectors else Scrub()
    told = evaluated(texts, settings, names or (), None if as_json else err, language)
    if as_json:
        print_json(told.facts())
    else:
        show(told, out, num_errors)


@group.command()
def audit(
    *,
    folder: Annotated[Path, typer.Option("--out", help="Folder to lay the passages out in; it is made, and only you may read it.")],
    sample: Annotated[int, typer.Option("--sample", min=1, max=100_000, help="Passages to look at, about.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same passages.")] = 0,
    raw: Annotated[bool, typer.Option("--raw", help="Needed: the passages show personal data. Its use is logged.")] = False,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw passages for a person to look at: what was found, what was passed over, and text in which something may be missing."""
    if not raw:
        raise ConfigError("pii audit: the passages show personal data as it stands; add --raw, whose use is logged")
    from dataclasses import asdict

    from app.pii_audit import PASSAGES, draw

    design = draw(chosen_warehouse(warehouse), sample, seed, folder)
    if as_json:
        print_json({"folder": str(folder), **asdict(design)})
        return
    for stratum in design.strata:
        out.print(f"  {stratum.kind:<12} {stratum.name:<36}{stratum.drawn:>6,} of {stratum.population:,}", highlight=False, markup=False)
    out.print(f"{folder / PASSAGES} holds personal data and only you may read it; delete it when you are done.", highlight=False, soft_wrap=True)
    out.print(f"Mark the passages there, or with: assay pii review {folder}", highlight=False, soft_wrap=True)


@group.command()
def review(
    folder: Annotated[Path, typer.Argument(help="Folder of an audit.", show_default=False)],
    *,
    record_as: Annotated[str | None, typer.Option("--record-as", help="Your name: the marks so far become rows of the table reviews.")] = None,
    warehouse: WarehouseOption = None,
) -> None:
    """Show the passages of an audit one by one, and keep what you say of each."""
    from app.pii_review import read_audit
    from app.pii_review import review as reviewed

    def tell(text: str) -> None:
        out.print(text, markup=False, highlight=False, soft_wrap=True)

    left = reviewed(folder, lambda question: typer.prompt(question, default="", show_default=False), tell)
    tell(f"{left:,} passages are left; what the marks say: assay pii evaluate {folder}")
    if record_as is not None:
        from app.pii_reviews import record

        tell(f"{record(chosen_warehouse(warehouse), read_audit(folder)[1], record_as):,} rows are in the table reviews; none holds a value")


@group.command()
def labels(
    folder: Annotated[Path, typer.Argument(help="Folder of an audit.", show_default=False)],
    target: Annotated[Path, typer.Argument(help="File of labelled texts to write (JSON Lines); only you may read it.", show_default=False)],
) -> None:
    """Make labelled texts of an audit's windows, for `assay pii evaluate` with other detectors."""
    from app.pii_review import read_audit, write_labels

    number = write_labels(read_audit(folder)[1], target)
    out.print(f"{number:,} labelled texts; {target} holds personal data and only you may read it", highlight=False, soft_wrap=True)


@group.command()
def rotate(
    key_file: Annotated[
        Path, typer.Argument(help="Ring of keys that scrub.key_file of a run file names; begun where there is none.", show_default=False)
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Add a key to a ring: what is scrubbed from now on has other pseudonyms and surrogates; older keys stay in the ring until you take them out."""
    from datetime import UTC, datetime

    from pipelines.detectors.keys import id_of, keys_of, rotated

    new = rotated(key_file, f"{datetime.now(UTC):%Y-%m-%d}")
    ids = [id_of(key) for key in keys_of(key_file)]
    if as_json:
        print_json({"key_id": new, "key_ids": ids})
        return
    out.print(f"key {new} counts from now on; {key_file} holds {len(ids):,}, the oldest first: {', '.join(ids)}", highlight=False, soft_wrap=True)


def _audited(folder: Path, *, as_json: bool) -> None:
    from app.pii_estimates import estimate, show
    from app.pii_review import read_audit

    told = estimate(*read_audit(folder))
    if as_json:
        print_json(told.facts())
    else:
        show(told, out)
