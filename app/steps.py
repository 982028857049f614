"""A step outside the runner, such as a training or an evaluation: found by its key or made, and added to the version that it was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.checking import check_files
from pipelines.contract.errors import InputError
from pipelines.contract.manifest import Manifest
from pipelines.contract.warehouse import Version, Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest version and the manifests that a step is made from."""

    warehouse: Warehouse
    version: Version
    manifests: Mapping[str, Manifest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A step that is not known to be done: its manifest without tables, and what makes it and publishes that manifest."""

    manifest: Manifest
    make: Callable[[Manifest], Manifest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A step that is done, now or long ago."""

    manifest: Manifest
    was_done: bool
    newest: Newest


def finished(warehouse: Warehouse, reads: Mapping[str, str], plan: Callable[[Newest], Planned], *, note: str, must_verify: bool = False) -> Finished:
    """Finds a step or makes it, and adds it to the newest version.

    ``reads`` names the steps that it is made from, each with the command that makes it. Version, key, work and publication lie under one lock,
    so that the version to which the step is added is the one that it was made from.

    Raises:
        InputError: one of ``reads`` is not published.
        CorruptFile: with ``must_verify``, a file of the step differs from its manifest; it is not added to the version.
        WarehouseBusy: another writer holds the warehouse.
    """
    newest_of(warehouse, reads)  # what is missing is said before there is a lock, or a folder to put one in
    with warehouse.writing():
        newest = newest_of(warehouse, reads)
        planned = plan(newest)
        found = warehouse.find(planned.manifest.step, planned.manifest.key)
        manifest = found or planned.make(planned.manifest)
        if must_verify:
            check_files(warehouse, [manifest])
        made_from = {step: read.key for step, read in newest.manifests.items()}
        warehouse.add_to_version({manifest.step: manifest.key}, note, made_from=made_from)
    return Finished(manifest=manifest, was_done=found is not None, newest=newest)


def newest_of(warehouse: Warehouse, reads: Mapping[str, str]) -> Newest:
    """The newest version with the manifests of some of its steps.

    Raises:
        InputError: it lacks one; the message says which command makes it.
    """
    version = warehouse.version() or Version(number=0, steps={})
    manifests = warehouse.manifests(version, steps=set(reads))
    for step, command in reads.items():
        if step not in manifests:
            raise InputError(f"{warehouse.root}: the step {step!r} is not published here; first: {command}")
    return Newest(warehouse=warehouse, version=version, manifests=manifests)
