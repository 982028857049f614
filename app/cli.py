"""The command line. Heavy packages are imported inside the command that needs them, so that ``assay --help`` is quick.

Exit codes: 0 done, 1 failed, 2 bad usage or a bad run file.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.commands import contamination, evaluation, pii, tasks, training
from app.terminal import JsonOption, RunFileArgument, RunFileIfAny, VerifyOption, WarehouseOption, err, out
from app.terminal import chosen_warehouse as _warehouse
from app.terminal import print_json as _print_json
from pipelines.contract.errors import AssayError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    name="assay",
    help="Raw text in, a corpus whose every decision can be questioned, a model trained on it, and scores tied back to the documents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback shows values, and values are corpus text
    add_completion=False,
)
app.add_typer(training.group, name="train")
app.add_typer(evaluation.group, name="eval")
app.add_typer(contamination.group, name="contamination")
app.add_typer(tasks.group, name="tasks")
app.add_typer(pii.group, name="pii")
EngineOption = Annotated[str | None, typer.Option("--engine", help="local or spark; the run file's own if not given.")]


@app.command()
def demo(*, as_json: JsonOption = False) -> None:
    """The whole loop on text that is already on this machine: curate, train, evaluate, report."""
    from app.demo import run_demo

    run_demo(out, as_json=as_json)


@app.command()
def run(
    run_file: RunFileArgument,
    *,
    engine: EngineOption = None,
    until: Annotated[str | None, typer.Option("--until", help="Last step to do.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which steps are done; do none.")] = False,
    must_verify: VerifyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Curate: raw text into a corpus. Finished steps are not done again."""
    from app.settings import load

    settings = load(run_file)
    chosen = _engine(engine or settings.engine)
    from app.curation import curate, dry  # slow to import, so a mistake in the run file is told first

    if dry_run:
        for step, is_done in dry(settings, chosen):
            out.print(f"  {step:<15}{'done' if is_done else 'to do'}", highlight=False)
        return
    result = curate(settings, chosen, out, until=until, must_verify=must_verify, quiet=as_json)
    if as_json:
        _print_json(result.facts())
    else:
        result.show(out)


@app.command()
def generate(
    prompt: Annotated[str, typer.Argument(help="What the model goes on from.")],
    *,
    warehouse: WarehouseOption = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, max=4096)] = 64,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 takes the likeliest token each time.")] = 0.0,
    seed: int = 0,
) -> None:
    """Let the trained model go on from a prompt."""
    from app.training import continue_text
    from app.visible import visible

    made = continue_text(_warehouse(warehouse), prompt, max_new_tokens, temperature, seed)
    out.print(visible(made), markup=False, highlight=False)


@app.command()
def why(
    doc_id: Annotated[str, typer.Argument(help="doc_id, or enough of its first digits.")],
    *,
    warehouse: WarehouseOption = None,
    raw: Annotated[bool, typer.Option("--raw", help="Show raw text too; its use is logged.")] = False,
    as_json: JsonOption = False,
) -> None:
    """One document's whole story: where it came from, what was measured, what became of it, when it was trained on."""
    from app.readings import steps_of
    from app.story import render, story

    place = _warehouse(warehouse)
    told = story(place, doc_id, raw=raw, steps=lambda found: steps_of(place, found))
    if as_json:
        _print_json(told.to_dict())
    else:
        out.print(render(told), markup=False, highlight=False)


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="One SELECT over the tables of docs/tables.md.")] = None,
    *,
    saved: Annotated[str | None, typer.Option("--saved", help="Run a saved query by name; `--saved list` names them.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="A parameter of the saved query, as name=value.")] = None,
    warehouse: WarehouseOption = None,
    run_id: Annotated[
        str | None, typer.Option("--run", help="The tables that a run finished, by its id or `latest`, published or not; `runs` lists them.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="With raw text; its use is logged.")] = False,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on standard output.")] = False,
) -> None:
    """Ask the tables. Read-only: no file, no network, no write."""
    from app.asking import ask, write

    if saved == "list":
        from app.queries import saved as queries

        for entry in queries().values():
            out.print(f"  {entry.name:<28}{entry.question}", markup=False, highlight=False)
        return
    if (query is None) == (saved is None):
        raise ConfigError("sql: give one SELECT, or --saved NAME (`--saved list` names them)")
    if as_json and as_csv:
        raise ConfigError("sql: give --json or --csv, not both")
    if settings and saved is None:
        raise ConfigError("sql: --set goes with --saved NAME")
    place = _warehouse(warehouse)
    if saved is not None:
        from app.queries import ask_saved

        rows = ask_saved(place, saved, settings or (), run=run_id, raw=raw)
    else:
        rows = ask(place, query or "", run=run_id, raw=raw)
    if run_id is None and not place.versions():
        err.print("nothing is published here; shown is what the newest run finished", highlight=False)
    write(rows, out, as_json=as_json, as_csv=as_csv)


@app.command("app")
def pages(*, warehouse: WarehouseOption = None, port: Annotated[int, typer.Option(min=1, max=65535)] = 8501) -> None:
    """Open the pages for reviewers on this machine's loopback address."""
    from app.look import serve_command

    if importlib.util.find_spec("streamlit") is None:
        raise ConfigError("the pages need Streamlit, which is not installed here: pip install 'assay[app]', in a checkout `make demo`")
    place = _warehouse(warehouse)
    os.environ["ASSAY_WAREHOUSE"] = str(place.root)
    arguments = serve_command(port)
    os.execv(arguments[0], arguments)  # noqa: S606 - the pages take over this process: no shell, fixed arguments


@app.command()
def parts(
    kind: Annotated[str | None, typer.Argument(help="A kind, such as sources or signals; all if not given.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """What a run file may choose from, with versions: assay's own parts, and those of other installed packages."""
    from app.parts import parts_as_json, show_parts

    if as_json:
        _print_json(parts_as_json(kind))
    else:
        show_parts(out, kind)


@app.command()
def verify(
    run_file: RunFileIfAny = None,
    *,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read every published file and compare it with what its manifest says."""
    from app.checking import verify_warehouse
    from app.settings import load

    if run_file is not None and warehouse is not None:
        raise ConfigError("verify: give a run file or --warehouse, not both")
    place = _warehouse(load(run_file).warehouse_path() if run_file else warehouse)
    facts = verify_warehouse(place)
    if as_json:
        _print_json(facts)
    else:
        out.print(f"{facts['num_files']:,} files, {facts['num_bytes']:,} bytes: all as their manifests say", highlight=False)


@app.command()
def history(*, warehouse: WarehouseOption = None) -> None:
    """The published versions, newest last, and the runs that made them."""
    place = _warehouse(warehouse)
    for number in place.versions():
        version = place.version(number)
        if version is not None:
            out.print(f"  {number:>4}  {version.created_at[:19]}  {len(version.steps):>3} steps  {version.note}", highlight=False)


@app.command()
def rollback(
    number: Annotated[int, typer.Argument(help="Version to go back to, from `assay history`.")], *, warehouse: WarehouseOption = None
) -> None:
    """Publish an earlier version again, as the newest. Nothing is deleted, so this too can be undone."""
    place = _warehouse(warehouse)
    version = place.version(number)
    if version is None:
        raise ConfigError(f"rollback: no version {number}; `assay history` lists {place.versions() or 'none'}")
    from pipelines.steps.runner import point_at_corpus

    with place.writing():
        published = place.set_version(version.steps, note=f"rollback to version {number}")
        if "publish" in version.steps:
            point_at_corpus(place, place.manifests(published)["publish"])
    out.print(f"version {published.number} is now what version {number} was", highlight=False)


def main() -> None:
    """Runs a command; an AssayError is one line on standard error."""
    _run(app)


def _run(command: Callable[..., Any]) -> None:
    try:
        _check_arguments()
        command()
    except ConfigError as error:
        _fail(error, 2)
    except AssayError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        err.print("stopped; finished steps stay finished: run the same command again to go on", highlight=False)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away, as `| head` does
        sys.exit(1)


def _check_arguments() -> None:
    if any("\udc80" <= letter <= "\udcff" for argument in sys.argv[1:] for letter in argument):  # how Python shows bytes that are no UTF-8
        raise ConfigError("an argument is not UTF-8; type it in a terminal that is set to UTF-8")


def _fail(error: AssayError, code: int) -> None:
    err.print(f"assay: {error}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


def _engine(name: str) -> Literal["local", "spark"]:
    if name not in {"local", "spark"}:
        raise ConfigError(f"--engine {name}: no such engine; there are: local, spark")
    return "local" if name == "local" else "spark"


if __name__ == "__main__":
    main()
