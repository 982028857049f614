"""The dataset card: what is in a corpus, and what was done to it, from the tables themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.shards.small_groups import NOT_TOLD, withheld

_ROWS = 20  # groups that a table of the card shows before it sums up the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """Everything the card tells; counts come from queries, policies from the run file."""

    title: str
    num_documents: Mapping[str, int]  # by split
    num_bytes: Mapping[str, int]  # by split
    groups: Mapping[str, Sequence[Mapping[str, Any]]]  # "source", "language", "license" -> rows of value, num_documents, num_bytes
    drops: Sequence[Mapping[str, Any]]  # step, reason, num_documents
    entities: Sequence[Mapping[str, Any]]  # entity, policy, num_spans, num_documents
    contamination: Sequence[Mapping[str, Any]]  # benchmark, action, num_items, num_documents
    policy: Mapping[str, str]  # rules, pii, contamination, ... in a sentence each
    manifests: Mapping[str, str]  # step -> content_sha256
    min_group: int = 0  # groups of fewer documents are not told; see ``pipelines.shards.small_groups``


def card(facts: CardFacts) -> str:
    """Markdown with the YAML head that ``datasets.load_dataset(folder)`` reads. Values of the corpus are quoted as code, never as markup."""
    parts = [_head(facts), f"# {facts.title}", "", _sizes(facts)]
    if facts.min_group:
        parts += [f"Groups of fewer than {facts.min_group:,} documents have no figures, nor has what these could be reckoned from.", ""]
    for name in ("source", "language", "license"):
        parts += [f"## By {name}", "", _group_table(name, facts.groups[name], facts.min_group)]
    drops = _told(facts.drops, facts.min_group, have_total=True)
    parts += ["## What was dropped", "", _table(("step", "reason", "num_documents"), drops)]
    entities = _told(facts.entities, facts.min_group, have_total=False)  # a document may have several kinds
    parts += ["## Personal data", "", facts.policy["pii"], "", _table(("entity", "policy", "num_spans", "num_documents"), entities)]
    parts += ["## Contamination", "", facts.policy["contamination"], ""]
    parts += [_table(("benchmark", "action", "num_items", "num_documents"), facts.contamination)]
    parts += ["## Rules", "", facts.policy["rules"], "", "## Where it comes from", "", _table(("step", "content_sha256"), _manifest_rows(facts))]
    return "\n".join(parts) + "\n"


def _head(facts: CardFacts) -> str:
    files = "".join(f"  - split: {split}\n    path: data/{split}-*.parquet\n" for split, count in sorted(facts.num_documents.items()) if count)
    return f"---\npretty_name: {json.dumps(facts.title)}\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n"


def _sizes(facts: CardFacts) -> str:
    rows = [{"split": s, "num_documents": n, "num_bytes": facts.num_bytes.get(s, 0)} for s, n in sorted(facts.num_documents.items())]
    return _table(("split", "num_documents", "num_bytes"), rows)


def _manifest_rows(facts: CardFacts) -> list[dict[str, str]]:
    return [{"step": step, "content_sha256": content} for step, content in facts.manifests.items()]


def _group_table(name: str, rows: Sequence[Mapping[str, Any]], min_group: int) -> str:
    largest = sorted(rows, key=lambda r: (-int(r["num_bytes"]), str(r["value"])))
    told = [{name: r["value"], **r} for r in _told(largest, min_group, have_total=True)]
    shown, rest = told[:_ROWS], largest[_ROWS:]
    if rest:
        totals: dict[str, Any] = {column: sum(int(r[column]) for r in rest) for column in ("num_documents", "num_bytes")}
        if any(isinstance(row["num_documents"], _Words) for row in shown):  # with the sum of the rest, what is withheld above could be reckoned
            totals = dict.fromkeys(totals, _Words(NOT_TOLD))
        shown.append({name: f"({len(rest)} more)", **totals})
    return _table((name, "num_documents", "num_bytes"), shown)


class _Words(str):
    """Words of the card in the place of a figure."""

    __slots__ = ()


def _told(rows: Sequence[Mapping[str, Any]], min_group: int, *, have_total: bool) -> list[Mapping[str, Any]]:
    """Groups of documents, those that are too small without their figures."""
    instead = withheld([int(row["num_documents"]) for row in rows], min_group, have_total=have_total)
    return [row if words is None else _withheld(row, words) for row, words in zip(rows, instead, strict=True)]


def _withheld(row: Mapping[str, Any], words: str) -> Mapping[str, Any]:
    figures = {name: _Words(NOT_TOLD) for name, value in row.items() if isinstance(value, int)}
    return {**row, **figures, "num_documents": _Words(words)}


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "none\n"
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(row[c]) for c in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, _Words):
        return value
    plain = "".join(c if c.isprintable() and c not in "`|" else " " for c in str(value if value is not None else "not stated"))
    return f"`{plain[:80].strip() or ' '}`"
