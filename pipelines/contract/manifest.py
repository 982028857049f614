"""Manifests: what a step made, of what, with what. A step is done when, and only when, its manifest exists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.contract.errors import CorruptFile
from pipelines.contract.hashing import digest as digest  # noqa: PLC0414 - models and evaluation take it from here
from pipelines.contract.parts import PartFile, Table

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 2  # 2: rows are hashed as `hashing` says, not as one release of Python prints them


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEntry:
    """A table of a manifest; file paths are relative to the warehouse."""

    num_rows: int
    content_sha256: str
    files: tuple[PartFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that is no table: a tokenizer, a checkpoint. The path is relative to the warehouse."""

    path: str
    num_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a step made. ``key`` decides whether a step is done; the engine has no part in it."""

    step: str
    key: str
    params: Mapping[str, Any]
    parts: Mapping[str, int]
    inputs: Mapping[str, str]
    tables: Mapping[str, TableEntry]
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)  # engine, times, machine: never compared

    @property
    def content_sha256(self) -> str:
        """Hash of the content of all tables and artifacts: equal for equal results on any engine."""
        facts = {
            "tables": {name: entry.content_sha256 for name, entry in self.tables.items()},
            "artifacts": {name: artifact.sha256 for name, artifact in self.artifacts.items()},
        }
        return digest(facts)

    def table(self, name: str, schema: pa.Schema, root: str) -> Table:
        """A table with absolute paths, or an empty one of that name."""
        entry = self.tables.get(name)
        files = () if entry is None else tuple(_moved(f, f"{root}/{f.path}") for f in entry.files)
        return Table(name=name, schema=schema, files=files)

    def to_json(self) -> str:
        """Text with sorted keys."""
        return json.dumps({"format": FORMAT, "content_sha256": self.content_sha256, **asdict(self)}, sort_keys=True, indent=1)

    @classmethod
    def from_json(cls, text: str, where: str) -> Manifest:
        """Reads a manifest; fields that a newer version added are left out.

        Raises:
            CorruptFile: the text is no manifest, or one of a format that this version cannot read.
        """
        try:
            raw = json.loads(text)
            if raw["format"] > FORMAT:
                raise CorruptFile(f"{where}: written by a newer assay (format {raw['format']}, this one reads {FORMAT})")
            return cls(
                step=raw["step"], key=raw["key"], params=raw["params"], parts=raw["parts"], inputs=raw["inputs"], about=raw["about"],
                tables={
                    name: TableEntry(num_rows=t["num_rows"], content_sha256=t["content_sha256"], files=tuple(PartFile(**f) for f in t["files"]))
                    for name, t in raw["tables"].items()
                },
                artifacts={name: Artifact(**a) for name, a in raw["artifacts"].items()},
            )  # fmt: skip
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptFile(f"{where}: not a manifest ({type(error).__name__}); delete it and run the step again") from None


def entry_of(table: Table, root: str) -> TableEntry:
    """A table as a manifest holds it."""
    files = tuple(_moved(f, f.path.removeprefix(root).lstrip("/")) for f in table.files)
    return TableEntry(num_rows=table.num_rows, content_sha256=table.content_sha256, files=files)


def step_key(step: str, params: Mapping[str, Any], parts: Mapping[str, int], inputs: Mapping[str, str]) -> str:
    """Key of a step: what it is, the configuration it reads, the versions of its parts, the content it is given.

    The format is in it, so that a warehouse never holds one table under hashes of two kinds: what an older assay made stays readable and is
    made again by the next run.
    """
    return digest({"format": FORMAT, "step": step, "params": params, "parts": parts, "inputs": inputs})


def _moved(file: PartFile, path: str) -> PartFile:
    return PartFile(**{**asdict(file), "path": path})
