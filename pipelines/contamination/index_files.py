"""An index as files that all workers of all machines map into memory, where one page serves them all.

The driver builds an index once into a folder named by all that it is made of: arrays as ``.npy``, names and texts of the parts as an Arrow file. To
another process an index is the name of that folder; a process that does not find it there builds it again. A folder appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipelines.contamination.grams import Filter, Grams
from pipelines.contamination.inexact import InexactRule
from pipelines.contamination.ngrams import NgramIndex
from pipelines.contamination.parts import PartRule
from pipelines.contract.errors import explained
from pipelines.contract.parts import Table, read_table
from pipelines.text.words import NormalForm

_LAYOUT: Final = 1  # of the files, and of what words and hashes are: goes up with either
_ORDER: Final = ("benchmark", "item_id", "part")
_ARRAYS: Final = ("numbers", "first", "part_of", "lengths", "shared", "passed_over", "answered", "wanted")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSource:
    """What an index is made of, and the folder that it is kept in, which every worker can read."""

    items: Table
    rule: PartRule
    folder: Path
    inexact: InexactRule | None = None
    normal_form: NormalForm = "assay"

    @property
    def key(self) -> str:
        """Of the index among all that the folder holds."""
        inexact = None if self.inexact is None else asdict(self.inexact)
        made_of = [_LAYOUT, self.items.content_sha256, asdict(self.rule), inexact, self.normal_form]
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def shared_index(source: IndexSource) -> NgramIndex:
    """The index of registered items, in the order of benchmark, item and part, mapped from its files, which are made where they are not there yet.

    Raises:
        PartError: the parts have more words than an index holds.
        WarehouseError: the disk is full, or the folder cannot be written.
    """
    folder = source.folder / source.key
    if not folder.is_dir():
        items = read_table(source.items)
        items = items.filter(source.rule.looked_for(items)).sort_by([(name, "ascending") for name in _ORDER])
        built = NgramIndex.build(items, source.rule.ngram_words, source.rule.min_words, inexact=source.inexact, normal_form=source.normal_form)
        try:
            _publish(built, folder)
        except OSError as error:
            raise explained(error, folder) from error
    return replace(_opened(folder), made_by=partial(shared_index, source))


def _publish(index: NgramIndex, folder: Path) -> None:
    """Writes an index beside its place and moves it there; whoever comes second keeps what the first one made."""
    fresh = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    fresh.mkdir(parents=True)
    try:
        _write(index, fresh)
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write(index: NgramIndex, folder: Path) -> None:
    for name in _ARRAYS:
        array: np.ndarray[Any, Any] = getattr(index, name)
        np.save(folder / f"{name}.npy", array)
    facts: dict[str, Any] = {"foreign": index.foreign, "ngram_words": index.ngram_words, "normal_form": index.normal_form}
    facts["inexact"] = None if index.inexact is None else asdict(index.inexact)
    for name, grams in {"grams": index.grams, "seeds": index.seeds}.items():
        if grams is not None:
            facts[name] = [its.length for its in grams.filters]
            for kind, its in grams.arrays().items():
                np.save(folder / f"{name}_{kind}.npy", its)
    with pa.OSFile(str(folder / "items.arrow"), "wb") as sink, pa.ipc.new_file(sink, index.items.schema) as writer:
        writer.write_table(index.items)
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _opened(folder: Path) -> NgramIndex:
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return NgramIndex(
        items=pa.ipc.open_file(pa.memory_map(str(folder / "items.arrow"))).read_all(),
        inexact=None if facts["inexact"] is None else InexactRule(**facts["inexact"]),
        foreign=facts["foreign"],
        ngram_words=facts["ngram_words"],
        normal_form=facts["normal_form"],
        **{name: _mapped(folder / f"{name}.npy") for name in _ARRAYS},
        grams=_grams(folder, "grams", facts["grams"]),
        seeds=_grams(folder, "seeds", facts["seeds"]) if "seeds" in facts else None,
    )


def _grams(folder: Path, name: str, lengths: list[int]) -> Grams:
    return Grams(
        borders=_mapped(folder / f"{name}_borders.npy"),
        places=_mapped(folder / f"{name}_places.npy"),
        filters=tuple(Filter(length=length, bits=_mapped(folder / f"{name}_filter_{length}.npy")) for length in lengths),
    )


def _mapped(path: Path) -> Any:
    """A file's array, read-only; a plain array to numba, as the kernels know it."""
    return np.asarray(np.load(path, mmap_mode="r"))
