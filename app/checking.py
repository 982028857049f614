"""``assay verify``: every published file against its manifest."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pipelines.contract.errors import CorruptFile, InputError
from pipelines.contract.manifest import digest
from pipelines.contract.warehouse import file_sha256
from pipelines.steps.ngram_filter import kept_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.contract.manifest import Manifest
    from pipelines.contract.warehouse import Warehouse


def verify_warehouse(warehouse: Warehouse) -> dict[str, Any]:
    """Counts of what was read, and one hash of what the newest version holds.

    Files are counted by kind of step, all evaluations together, so that the report stays short however many there are.

    Raises:
        InputError: nothing was ever published there.
        CorruptFile: some files are missing or differ; the message counts them and names the first.
    """
    version = warehouse.version()
    if version is None:
        raise InputError(f"{warehouse.root}: nothing is published there, so there is nothing to verify; name a warehouse with -w or ASSAY_WAREHOUSE")
    manifests = warehouse.manifests(version)
    beside = kept_manifest(warehouse, manifests["publish"]) if "publish" in manifests else None  # a check would fail on it until somebody deletes it
    check_files(warehouse, [*manifests.values(), *([beside] if beside else [])])
    files = [(step.partition(":")[0], path, size) for step, manifest in manifests.items() for path, size, _ in _files(manifest)]
    return {
        "version": version.number,
        "num_files": len(files),
        "num_bytes": sum(size for _, _, size in files),
        "num_files_by_step": dict(sorted(Counter(step for step, _, _ in files).items())),
        "content_sha256": digest({step: manifest.content_sha256 for step, manifest in manifests.items()}),
    }


def check_files(warehouse: Warehouse, manifests: Iterable[Manifest]) -> None:
    """Reads every file that some manifests name and compares it with its size and hash.

    Raises:
        CorruptFile: as ``verify_warehouse``.
    """
    files = [(manifest, *file) for manifest in manifests for file in _files(manifest)]
    wrong = [(manifest, path) for manifest, path, size, sha256 in files if not _is_whole(warehouse, path, size, sha256)]
    if wrong:
        manifest, path = wrong[0]
        raise CorruptFile(
            f"{warehouse.root}: {len(wrong)} of {len(files)} files are missing or differ from their manifests; the first is {path}; "
            f"delete {warehouse.manifest_path(manifest.step, manifest.key)} and run the command that made it again: the step is done anew"
        )


def _is_whole(warehouse: Warehouse, path: str, size: int, sha256: str) -> bool:
    whole = warehouse.root / path
    return whole.is_file() and whole.stat().st_size == size and file_sha256(whole) == sha256


def _files(manifest: Manifest) -> Iterator[tuple[str, int, str]]:
    """Path, size and sha256 of each file once: a table that is handed on as it came names another step's."""
    found = {(file.path, file.num_bytes, file.sha256) for entry in manifest.tables.values() for file in entry.files}
    found |= {(artifact.path, artifact.num_bytes, artifact.sha256) for artifact in manifest.artifacts.values()}
    yield from sorted(found)
