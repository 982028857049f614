"""References to tables of other warehouses, so that a step may read what another corpus holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.contract.errors import InputError
from pipelines.contract.parts import Table
from pipelines.contract.warehouse import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A table of a published version of another warehouse; without ``version`` it is the newest one there when a run begins.

    A step that reads it has the content of the table in its key, and not the place, so a warehouse may be moved.
    """

    warehouse: Path
    table: str
    version: int | None = None

    def pinned(self) -> Ref:
        """The same with its version said.

        Raises:
            InputError: nothing is published there, or no longer that version.
        """
        there = Warehouse(self.warehouse).versions()
        number = self.version if self.version is not None else there[-1] if there else None
        if number is None or number not in there:
            wanted = "" if self.version is None else f" has no version {self.version} (it was removed, or never published);"
            said = f"there are {', '.join(map(str, there))}" if there else "nothing is published there"
            raise InputError(f"{self.warehouse}:{wanted} {said}; name a version that `assay history -w {self.warehouse}` lists")
        return replace(self, version=number)

    def read(self, schema: pa.Schema) -> Table:
        """The table, of all steps of the version that wrote one of this name; empty only if their tables are.

        Raises:
            InputError: the version is not there, no step of it wrote the table, or files of it were removed.
            CorruptFile: a manifest that the version names is gone.
        """
        place, pinned = Warehouse(self.warehouse), self.pinned()
        manifests = place.manifests(place.version(pinned.version))
        tables = [place.table(manifest, self.table, schema) for manifest in manifests.values() if self.table in manifest.tables]
        if not tables:
            raise InputError(f"{self.warehouse}: version {pinned.version} has no table {self.table!r}; name a warehouse that `assay run` filled")
        files = tuple(file for table in tables for file in table.files)
        gone = sum(not Path(file.path).is_file() for file in files)
        if gone:
            what = f"{gone} of {len(files)} files of {self.table!r} in version {pinned.version}"
            raise InputError(f"{self.warehouse}: {what} were removed; name a newer version")
        return Table(name=self.table, schema=schema, files=files)
