"""``assay pii evaluate``: what a run's scrubbing finds in labelled texts, and what it leaves standing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from app.pii_names import mapping, renamed
from app.pii_scoring import ALL, EVERY, NOTHING, Agreement, Found, Share, confusions
from app.visible import visible
from pipelines.contract.errors import ConfigError
from pipelines.steps.scrub import scrub_body
from pipelines.steps.settings import Curation
from pipelines.steps.settings import Scrub as ScrubSettings
from pipelines.text.language import detect_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from app.pii_labels import Labelled
    from pipelines.detectors.scrub import Scrub

BATCH_TEXTS: Final = 64
_SHOWN: Final = 12  # confusions and errors on the terminal; --json has all
_LEFT_STANDING: Final = "flag"  # the policy that tells of a finding and leaves it
_COLUMNS: Final = pa.schema(
    [("doc_id", pa.string()), ("source", pa.string()), ("text", pa.string()), ("language", pa.string()), ("cuts", pa.list_(pa.int64()))]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """How the scrubbing of personal data did on labelled texts."""

    detectors: dict[str, tuple[str, ...]]  # the kinds that each claims
    names: dict[str, str]  # what the labels' kinds stand for
    agreement: Agreement
    by_language: dict[str, Agreement]
    num_unpublished: int  # texts that a run would set aside, since a detector gave up, or drop

    @property
    def not_looked_for(self) -> list[str]:
        """Kinds of the labels that no detector claims."""
        return sorted(set(self.names.values()) - self.agreement.looked_for)

    def facts(self) -> dict[str, Any]:
        """Everything as JSON types."""
        told = {"overall": self.agreement, **{f"language {name}": one for name, one in sorted(self.by_language.items())}}
        return {
            "num_texts": self.agreement.num_texts,
            "num_unpublished": self.num_unpublished,
            "detectors": {name: list(kinds) for name, kinds in self.detectors.items()},
            "names": self.names,
            "not_looked_for": self.not_looked_for,
            "scores": {name: [asdict(s) for s in one.scores()] for name, one in told.items()},
            "confusions": confusions(self.agreement),
            "errors": [asdict(e) for e in self.agreement.errors],
        }


def evaluate(
    texts: Sequence[Labelled], settings: ScrubSettings, names: Sequence[str] = (), console: Console | None = None, language: str | None = None
) -> Evaluated:
    """Scrubs the texts as a run with these settings would, and holds what was found against the labels.

    A text whose language the labels do not say is in ``language``, or without one in the language that a run would find.

    Raises:
        ConfigError: nothing is looked for, or an entry of ``names`` is wrong; see ``app.pii_names.mapping``.
        DetectorTimeout: the clock ran out on a text.
    """
    scrub = scrub_body(Curation(name="pii evaluate", sources=(), scrub=settings))
    if not scrub.detectors:
        raise ConfigError("scrub.detectors: nothing is looked for, so there is nothing to evaluate; `assay parts detectors` names the detectors")
    claims = {name: tuple(made.entities) for name, made in scrub.detectors.items()}
    claimed = {kind for kinds in claims.values() for kind in kinds}
    renames = mapping({label.entity for text in texts for label in text.labels}, names, claimed)
    overall, by_language, num_unpublished = Agreement(claimed), dict[str, Agreement](), 0
    with Progress(console=console, transient=True, disable=console is None or not console.is_terminal) as progress:
        task = progress.add_task("looking for personal data", total=len(texts))
        for text, (found, is_published) in zip(renamed(texts, renames), found_in(scrub, texts, language), strict=True):
            languages = [by_language.setdefault(text.language, Agreement(claimed))] if text.language else []
            for agreement in (overall, *languages):
                agreement.add(text.labels, found, is_published=is_published)
            num_unpublished += not is_published
            progress.advance(task)
    return Evaluated(detectors=claims, names=renames, agreement=overall, by_language=by_language, num_unpublished=num_unpublished)


def found_in(scrub: Scrub, texts: Sequence[Labelled], language: str | None = None) -> Iterator[tuple[list[Found], bool]]:
    """For each text what the scrubbing finds, in code points, and whether the text would be published at all."""
    for first in range(0, len(texts), BATCH_TEXTS):
        some = texts[first : first + BATCH_TEXTS]
        ids = [f"record {first + number}" for number, _ in enumerate(some, 1)]
        rows = {"doc_id": ids, "source": ["labels"] * len(some), "text": [t.text for t in some], "cuts": [None] * len(some)}
        made = scrub(pa.RecordBatch.from_pydict({**rows, "language": _languages(some, language)}, _COLUMNS))
        published = set(made["finals"].column("doc_id").to_pylist())
        spans: dict[str, list[dict[str, Any]]] = {doc_id: [] for doc_id in ids}
        for span in made["pii_spans"].to_pylist():
            spans[span["doc_id"]].append(span)
        for doc_id, text in zip(ids, some, strict=True):
            yield _in_code_points(text.text, spans[doc_id]), doc_id in published


def _languages(texts: Sequence[Labelled], language: str | None) -> list[str]:
    """Of each text as ISO 639 codes: what the labels say (de, de-AT, de_CH), else what is given, else what a run would find."""
    detected = detect_all(pa.array([t.text for t in texts], pa.string()))[0].to_pylist()
    said = [(t.language or language or "").replace("_", "-").partition("-")[0].lower() for t in texts]
    return [own or found for own, found in zip(said, detected, strict=True)]


def _in_code_points(text: str, spans: Sequence[dict[str, Any]]) -> list[Found]:
    utf8, places = text.encode(), sorted({place for span in spans for place in (span["start"], span["end"])})
    characters = dict(zip(places, accumulate(len(utf8[a:b].decode()) for a, b in pairwise([0, *places])), strict=True))
    return [Found(characters[s["start"]], characters[s["end"]], s["entity"], is_taken_out=s["policy"] != _LEFT_STANDING) for s in spans]


def show(told: Evaluated, console: Console, num_errors: int) -> None:
    """The tables that a person reads, with the places of so many errors."""
    console.print(_scores("all texts", told.agreement))
    for language, agreement in sorted(told.by_language.items()):
        console.print(_scores(f"language {language}", agreement))
    _line(console, f"{told.agreement.num_texts:,} texts; {told.num_unpublished:,} of them a run would set aside or drop as a whole.")
    _line(
        console,
        "In per cent, with 95% intervals. leaked: labelled characters that still stand, whatever was found there.",
    )
    if told.not_looked_for:
        counts = {score.entity: score.num_labels for score in told.agreement.scores()}
        kinds = ", ".join(f"{kind} {counts[kind]:,}" for kind in told.not_looked_for)
        _line(console, f"Labelled, and no detector looks for it (--map THEIRS=OURS where it has another name): {kinds}")
    others = [row for row in confusions(told.agreement) if row["label"] != row["found"] and not _is_expected(told, row)]
    if others:
        console.print(_confused(others[:_SHOWN]))
    if num_errors:
        console.print(_errors(told, num_errors))


def _line(console: Console, text: str) -> None:
    console.print(visible(text), highlight=False, markup=False, soft_wrap=True)


def _plain(text: str) -> Text:
    """A file's own words in a table: what looks like markup is none."""
    return Text(visible(text))


def _is_expected(told: Evaluated, row: dict[str, Any]) -> bool:
    return row["found"] == NOTHING and row["label"] in told.not_looked_for


def _scores(title: str, agreement: Agreement) -> Table:
    table = Table(title=_plain(title), title_justify="left", box=None, pad_edge=False)
    for heading in ("kind", "labels", "found", "precision", "recall", "F1", "leaked"):
        table.add_column(heading, justify="left" if heading == "kind" else "right", no_wrap=True)
    for score in agreement.scores():
        if score.entity in agreement.looked_for or score.entity in {ALL, EVERY}:
            every = score.entity == EVERY  # what nobody looks for has a leak rate, and no precision or recall worth a number
            agreed = ["-"] * 3 if every else [_cell(score.precision), _cell(score.recall), _bare(score.f1)]
            counts = (f"{score.num_labels:,}", "-" if every else f"{score.num_found:,}")
            table.add_row(_plain(score.entity), *counts, *agreed, _cell(score.leaked_characters))
    return table


def _cell(share: Share) -> str:
    if share.low is None or share.high is None:
        return "-"
    return f"{_bare(share)} ({share.low * 100:.0f}-{share.high * 100:.0f})"


def _bare(share: Share) -> str:
    return "-" if share.value is None else f"{share.value * 100:.0f}"


def _confused(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table("labelled as", "found as", "spans", title="where labels and findings differ", title_justify="left", box=None, pad_edge=False)
    for row in rows:
        table.add_row(_plain(row["label"]), _plain(row["found"]), f"{row['num_spans']:,}")
    return table


def _errors(told: Evaluated, most: int) -> Table:
    errors = told.agreement.errors
    title = f"{min(most, len(errors)):,} of {len(errors):,} differences, by place (characters)"
    table = Table("record", "start", "end", "what", "labelled", "found", title=title, title_justify="left", box=None, pad_edge=False)
    for one in errors[:most]:
        table.add_row(f"{one.record}", f"{one.start}", f"{one.end}", one.kind, _plain(one.label or "-"), _plain(one.found or "-"))
    return table
