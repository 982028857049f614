"""The text of a document that ended before personal data was looked for: looked through when somebody asks, with the run's own detectors.

What is shown is masked as every other text is. Detectors are made of what the manifest of ``scrub`` says; where this installation has another
version of one, or another file behind it, nothing is shown: what would be hidden is not what the run would have hidden.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from app.masking import masked
from pipelines.contract.config import encode, part
from pipelines.contract.errors import AssayError, ConfigError, CorruptFile
from pipelines.contract.schema import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.contract.manifest import Manifest
    from pipelines.contract.warehouse import Warehouse
    from pipelines.detectors.scrub import Scrub


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A clean text with the personal data in it hidden, and what looked; or why there is none."""

    text: str | None
    detectors: tuple[str, ...]
    num_hidden: int
    why_not: str | None = None

    def facts(self) -> dict[str, Any]:
        """All but the text."""
        return {"detectors": list(self.detectors), "num_hidden": self.num_hidden, "why_not": self.why_not}


_COLUMNS: Final = pa.schema(
    [("doc_id", pa.string()), ("source", pa.string()), ("text", pa.string()), ("language", pa.string()), ("cuts", pa.list_(pa.int64()))]
)
_CHECKED: Final = pads.ParquetFileFormat(default_fragment_scan_options=pads.ParquetFragmentScanOptions(page_checksum_verification=True))


def scanned(warehouse: Warehouse, manifests: Mapping[str, Manifest], doc_id: str) -> Scanned | None:
    """A document's clean text, looked through now; None where it has none, or where no step of the run looks for personal data.

    Raises:
        CorruptFile: a file of the texts cannot be read.
    """
    recorded = manifests["scrub"].params.get("detectors") if "scrub" in manifests else None
    found = _text(warehouse, manifests.values(), doc_id) if recorded else None
    if not recorded or found is None:
        return None
    text, language = found
    names = tuple(recorded)
    try:
        scrub = _scrub(json.dumps(recorded, sort_keys=True))
        made = scrub(
            pa.RecordBatch.from_pydict({"doc_id": [doc_id], "source": [None], "text": [text], "language": [language], "cuts": [None]}, _COLUMNS)
        )
    except AssayError as error:  # a detector that is another one here, or one that met the clock
        return Scanned(text=None, detectors=names, num_hidden=0, why_not=str(error))
    if made["quarantine"].num_rows:
        return Scanned(text=None, detectors=names, num_hidden=0, why_not="the search for personal data came to no end")
    spans = list(zip(*(made["pii_spans"].column(name).to_pylist() for name in ("start", "end")), strict=True))
    return Scanned(text=masked(text, spans), detectors=names, num_hidden=len(spans))


def _text(warehouse: Warehouse, manifests: Iterable[Manifest], doc_id: str) -> tuple[str, str | None] | None:
    """Text and language."""
    paths = [path for m in manifests if TEXTS.name in m.tables for path in warehouse.table(m, TEXTS.name, TEXTS.schema).paths]
    if not paths:
        return None
    try:
        for fragment in pads.dataset(paths, schema=TEXTS.schema, format=_CHECKED).get_fragments():
            for group in fragment.split_by_row_group():  # ids first: the texts of one group are read, and not those of the whole corpus
                if pc.index(group.to_table(columns=["doc_id"]).column("doc_id"), doc_id).as_py() >= 0:
                    row = group.to_table(columns=["text", "language"], filter=pads.field("doc_id") == doc_id).to_pylist()[0]
                    return row["text"], row["language"]
    except (OSError, pa.ArrowException) as error:
        raise CorruptFile(f"{warehouse.root}: the clean texts cannot be read ({type(error).__name__}); `assay verify` names the file") from None
    return None


@lru_cache(maxsize=4)
def _scrub(recorded: str) -> Scrub:
    """The scrubbing that a manifest speaks of.

    Raises:
        ConfigError: a detector cannot be made as it was.
    """
    from pipelines.detectors.base import detectors
    from pipelines.detectors.scrub import Scrub

    made = {}
    for name, table in json.loads(recorded).items():
        fields = {key: value for key, value in table.items() if key not in {"version", "from", "data"}}
        _, made[name] = part(detectors, fields, f"detector {name}")
        if json.loads(json.dumps(encode(made[name]))) != table:
            raise ConfigError(f"the detector {name} is another here than the one of the run; run the run file again")
    return Scrub(detectors=made)
