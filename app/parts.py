"""``assay parts``: what there is to choose from, assay's own and what other installed packages offer."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from evalsuite.base import metrics, models, tasks
from pipelines.cleaners.base import cleaners
from pipelines.contamination.definitions.base import definitions
from pipelines.contract.errors import AssayError, ConfigError
from pipelines.contract.registry import OWN, did_you_mean
from pipelines.detectors.base import detectors
from pipelines.signals.base import signals
from pipelines.sources.base import sources
from pipelines.sources.extractors.base import extractors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pipelines.contract.registry import Registry

# By the word that the group of entry points has after "assay.".
KINDS: Final[dict[str, Registry[Any]]] = {
    "sources": sources, "extractors": extractors, "cleaners": cleaners, "signals": signals,
    "definitions": definitions, "detectors": detectors, "tasks": tasks, "metrics": metrics, "models": models,
}  # fmt: skip
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A part. ``version`` is None and ``fault`` says why where it is offered but cannot be used here."""

    kind: str
    name: str
    version: int | None
    distribution: str
    distribution_version: str
    says: str
    fault: str = ""


def parts_of(kind: str | None = None) -> list[Listed]:
    """Every part of a kind, or of all, by kind and name.

    Raises:
        ConfigError: there is no such kind.
    """
    if kind is not None and kind not in KINDS:
        raise ConfigError(f"parts {kind}: no such kind; {did_you_mean(kind, KINDS)}")
    return [_listed(one, name) for one in KINDS if kind in (None, one) for name in KINDS[one].names()]


def own_parts(registry: Registry[Any]) -> list[str]:
    """Names of the parts that come with assay."""
    return [name for name in registry.names() if registry.origin(name)[0] == OWN]


def show_parts(console: Console, kind: str | None = None) -> None:
    """Prints the parts, a table a kind."""
    found = parts_of(kind)
    for one in KINDS if kind is None else (kind,):
        _show(console, one, [part for part in found if part.kind == one])


def parts_as_json(kind: str | None = None) -> list[dict[str, Any]]:
    """What ``--json`` prints."""
    return [asdict(part) for part in parts_of(kind)]


def summary(part: type) -> str:
    """The first paragraph of a part's docstring, or of its module's, on one line."""
    text = inspect.getdoc(part) if part.__doc__ else inspect.getdoc(sys.modules[part.__module__])
    return (text or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")


def first_sentence(text: str) -> str:
    """Up to the first full stop that a sentence follows.

    >>> first_sentence("Mathematics (Cobbe et al. 2021). It is hard.")
    'Mathematics (Cobbe et al. 2021).'
    """
    return _SENTENCE.split(text, maxsplit=1)[0]


def _listed(kind: str, name: str) -> Listed:
    registry = KINDS[kind]
    facts: dict[str, Any] = {"kind": kind, "name": name}
    facts["distribution"], facts["distribution_version"] = registry.origin(name)
    try:
        part = registry[name]
    except (AssayError, ImportError) as error:  # one part that cannot be used here must not hide the others
        fault = str(error) if isinstance(error, AssayError) else f"cannot be imported here: {error}"
        return Listed(version=None, says="", fault=fault, **facts)
    return Listed(version=part.version, says=first_sentence(summary(part)), **facts)


def _show(console: Console, kind: str, found: Sequence[Listed]) -> None:
    table = Table("name", "version", "from", "what it is", box=None, title=kind, title_justify="left", title_style="bold", pad_edge=False)
    for part in found:
        version = "-" if part.version is None else str(part.version)
        said = Text(part.fault, style="red") if part.fault else Text(part.says)
        table.add_row(Text(part.name), version, Text(f"{part.distribution} {part.distribution_version}"), said)
    console.print(table)
    console.print()
