"""``assay tasks``: sealed bundles of benchmarks."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import Annotated

import typer

from app.terminal import JsonOption, out, print_json

group = typer.Typer(help="Seal a benchmark's files into an encrypted bundle (seal), or list what a bundle holds (list).", no_args_is_help=True)


@group.command()
def seal(
    folder: Annotated[Path, typer.Argument(help="Folder with the files of a benchmark.", show_default=False)],
    bundle: Annotated[Path | None, typer.Argument(help="The bundle to make; FOLDER.sealed if not given.", show_default=False)] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Encrypt a benchmark's files into one bundle, its key beside it. The folder stays as it is.

    A task reads the bundle as if it were the folder: path = "NAME.sealed". Nothing of it is unpacked to disk. Publish the bundle, keep the key.
    """
    from evalsuite.sealed import SUFFIX
    from evalsuite.sealed import seal as sealed

    made = sealed(folder, bundle or folder.with_name(folder.name + SUFFIX))
    if as_json:
        print_json({"bundle": made.bundle, "key_file": made.key_file, "num_files": made.num_files, "num_bytes": made.num_bytes})
        return
    out.print(f"sealed {made.num_files:,} files, {made.num_bytes:,} bytes, into {made.bundle}", highlight=False, markup=False, soft_wrap=True)
    out.print(f"its key is {made.key_file}: keep it apart from the bundle, and back it up", highlight=False, markup=False, soft_wrap=True)
    out.print(f"a task reads it with path = {str(made.bundle)!r}; {folder} is still in the clear", highlight=False, markup=False, soft_wrap=True)


@group.command("list")
def list_files(
    bundle: Annotated[Path, typer.Argument(help="A sealed bundle; its key lies beside it.", show_default=False)], *, as_json: JsonOption = False
) -> None:
    """Names and sizes of the files in a bundle, after a check that nothing of it was changed."""
    from evalsuite.sealed import names_in

    found = names_in(bundle)
    if as_json:
        print_json(found)
        return
    for name, size in sorted(found.items()):
        out.print(f"{size:>14,}  {name}", highlight=False, markup=False, soft_wrap=True)
