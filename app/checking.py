"""``assay verify``: every published file against its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.contract.errors import CorruptFile, InputError
from pipelines.contract.warehouse import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.contract.manifest import Manifest
    from pipelines.contract.warehouse import Warehouse


def verify_warehouse(warehouse: Warehouse) -> dict[str, Any]:
    """Counts of what was read.

    Raises:
        InputError: nothing was ever published there.
        CorruptFile: some files are missing or differ; the message counts them and names the first.
    """
    if warehouse.version() is None:
        raise InputError(f"{warehouse.root}: nothing is published there, so there is nothing to verify; name a warehouse with -w or ASSAY_WAREHOUSE")
    manifests = warehouse.manifests()
    wrong, num_files, num_bytes = [], 0, 0
    for manifest in manifests.values():
        for path, size, sha256 in sorted(set(_files(manifest))):
            num_files += 1
            num_bytes += size
            whole = warehouse.root / path
            if not whole.is_file() or whole.stat().st_size != size or file_sha256(whole) != sha256:
                wrong.append((manifest, path))
    if wrong:
        manifest, path = wrong[0]
        raise CorruptFile(
            f"{warehouse.root}: {len(wrong)} of {num_files} files are missing or differ from their manifests; the first is {path}; "
            f"delete {warehouse.manifest_path(manifest.step, manifest.key)} and run the command that made it again: the step is done anew"
        )
    return {"num_files": num_files, "num_bytes": num_bytes, "manifests": {step: m.content_sha256 for step, m in manifests.items()}}


def _files(manifest: Manifest) -> Iterator[tuple[str, int, str]]:
    for entry in manifest.tables.values():
        yield from ((f.path, f.num_bytes, f.sha256) for f in entry.files)
    yield from ((a.path, a.num_bytes, a.sha256) for a in manifest.artifacts.values())
