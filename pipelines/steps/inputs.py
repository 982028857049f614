"""What is said of the inputs as a whole: that there are some, that they were read, that they stayed as they were, and what was passed by."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.errors import InputError
from pipelines.contract.parts import read_table
from pipelines.contract.schema import SKIPPED
from pipelines.sources.base import Listing, Source, sources
from pipelines.sources.listing import OTHER_NAME, Files, matcher
from pipelines.sources.unpacking import bare_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.contract.manifest import Manifest
    from pipelines.contract.warehouse import Warehouse

_SHOWN: Final = 6


def files_sha256(listing: Listing) -> str:
    """One hash of how a source's files look, those that are passed by among them."""
    digest = hashlib.sha256()
    for name, fingerprint in listing.fingerprints.items():
        digest.update(f"{name}\0{fingerprint}\0".encode())
    for one in listing.skipped:
        digest.update(f"{one.file}\0{one.reason}\0{one.num_bytes}\0".encode())
    return digest.hexdigest()


def check_listings(run: str, made: Mapping[str, Source], listings: Mapping[str, Listing]) -> None:
    """Raises InputError where a source finds nothing to read; says what is there instead, and which source would take it."""
    for name, listing in listings.items():
        if not listing.units:
            where = getattr(made[name], "path", None)
            wanted = ", ".join(made[name].takes())
            said = f"no file to read{f' (their names would be {wanted})' if wanted else ''}; {_what_is_there(listing)}"
            hint = _hint([one.file for one in listing.skipped if one.reason == OTHER_NAME], made[name])
            raise InputError(f"{run}: source {name!r}: {where}: {said}{hint}")


def _what_is_there(listing: Listing) -> str:
    names = [one.file for one in listing.skipped if one.reason == OTHER_NAME]
    others = Counter(one.reason for one in listing.skipped if one.reason != OTHER_NAME)
    aside = ", ".join(f"{count:,} {reason}" for reason, count in sorted(others.items()))
    told = ([f"there is {_kinds(names)}"] if names else []) + ([f"not looked at: {aside}"] if aside else [])
    return "; ".join(told) or "nothing is there"


def barren(read: Sequence[Mapping[str, Any]], listings: Mapping[str, Listing]) -> list[str]:
    """Names of sources whose files gave no document at all."""
    given = {row["source"]: row["num_documents"] for row in read}
    return [name for name in listings if not given.get(name)]


def gave_nothing(run: str, name: str, listing: Listing, faults: Sequence[Mapping[str, Any]]) -> InputError:
    """The error of a source without a document; ``faults`` are classes of fault with their number and the first of each."""
    met = sorted((row for row in faults if row["source"] == name), key=lambda row: (-row["num_faults"], row["error"]))
    why = "no record of theirs is a document"
    if met:
        counts = ", ".join(f"{row['num_faults']:,} {row['error']}" for row in met[:_SHOWN])
        why = f"every record is at fault ({counts}); the first is in {met[0]['origin_file']}: {met[0]['message']}"
    kinds = _kinds({unit.name for unit in listing.units})
    return InputError(f"{run}: source {name!r} gave no document ({kinds} read): {why}; correct its path, its kind (use = ...) or its fields")


def check_unchanged(run: str, before: Mapping[str, Listing], after: Mapping[str, Listing]) -> None:
    """Raises InputError where a file does not look as it did when the key was made of it."""
    for name, listing in before.items():
        now = after[name].fingerprints
        changed = [file for file, fingerprint in listing.fingerprints.items() if now.get(file) != fingerprint]
        if changed:
            more = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
            what = "changed" if changed[0] in now else "vanished"
            raise InputError(f"{run}: source {name!r}: {changed[0]}{more} {what} while it was read; nothing of it was published: run again")


def passed_by(warehouse: Warehouse, manifest: Manifest) -> dict[str, dict[str, int]]:
    """What ingest passed by: the number of ``files`` that were not opened and of ``records`` that are no documents, by reason."""
    counts: dict[str, Counter[str]] = {"files": Counter(), "records": Counter()}
    if "skipped" in manifest.tables:
        table = read_table(warehouse.table(manifest, "skipped", SKIPPED.schema), ["reason", "num_records"])
        for reason, number in zip(*(table.column(n).to_pylist() for n in ("reason", "num_records")), strict=True):
            counts["files" if number is None else "records"][reason] += number or 1
    return {kind: dict(sorted(found.items())) for kind, found in counts.items()}


def _kinds(files: Iterable[str]) -> str:
    """The endings of some names with their counts, the most frequent first."""
    found = sorted(Counter(_ending(file) for file in files).items(), key=lambda pair: (-pair[1], pair[0]))
    first = ", ".join(f"{count:,} {ending}" for ending, count in found[:_SHOWN])
    return first + (f" and {len(found) - _SHOWN} other kinds" if len(found) > _SHOWN else "")


def _ending(file: str) -> str:
    name = file.rpartition("/")[2]
    stem, dot, ending = bare_name(name).rpartition(".")
    return f"*.{ending.lower()[:20]}" if dot and stem else "a folder" if not name else "without an ending"


def _hint(files: list[str], source: Source) -> str:
    """Which source would take most of the files."""
    if any(file.endswith(".arrow") for file in files):  # its .json files are facts about the data set, not documents
        return "; a folder of save_to_disk is read after Dataset.to_parquet"
    kinds: dict[str, type[Any]] = {name: sources[name] for name in sources}
    others = {name: kind for name, kind in kinds.items() if issubclass(kind, Files) and not isinstance(source, kind)}
    takes = {name: matcher(kind.own_patterns, reads_packed=kind.reads_packed) for name, kind in others.items()}
    counts = {name: sum(map(fits, files)) for name, fits in takes.items()}
    best = max(counts, key=lambda name: counts[name], default="")
    if best and counts[best]:
        return f"; use = {best!r} would take {counts[best]:,} of them"
    return "; name them in the source's patterns, or choose another source"
