"""A warehouse: a folder of immutable part files, manifests that name them, and numbered versions that name manifests.

data/STEP/ATTEMPT/TABLE/part-*.parquet    written by workers, seen by nobody until a manifest names them
manifests/STEP/KEY.json                   put once, by an exclusive link; its existence means that the step is done
versions/00000001.json                    put once; step -> key. Readers take the highest, so they see all of it or none
runs/RUN_ID/started.json, ended.json      who ran what
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from pipelines.contract.errors import CorruptFile, WarehouseBusy, WarehouseError
from pipelines.contract.errors import explained as explained  # noqa: PLC0414 - who writes beside a warehouse takes them from here
from pipelines.contract.hashing import file_sha256 as file_sha256  # noqa: PLC0414 - same
from pipelines.contract.manifest import Artifact, Manifest, entry_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pyarrow as pa

    from pipelines.contract.parts import Table

_RUN: Final = ", run "
_PATIENCE_S: Final = 1.0  # how long a writer asks for the lock before it says that another one holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published state: for each step, the manifest that counts."""

    number: int
    steps: Mapping[str, str]
    created_at: str = ""
    note: str = ""


class Warehouse:
    """A folder as described above. Readers need no lock; one writer at a time holds ``writing()``."""

    def __init__(self, root: Path | str) -> None:
        """Names the folder; nothing is created.

        Raises:
            WarehouseError: the place is an object store, which this version cannot publish to atomically.
        """
        if "://" in str(root):
            scheme = str(root).split("://", 1)[0]
            raise WarehouseError(f"{root}: {scheme} is not supported as a warehouse yet; name a folder on a local or shared POSIX disk")
        self.root = Path(root).absolute()
        self._lock: TextIO | None = None

    # -- reading -----------------------------------------------------------------------------------------------------------------

    def find(self, step: str, key: str) -> Manifest | None:
        """The manifest of a finished step, if it is finished."""
        path = self.manifest_path(step, key)
        try:
            return Manifest.from_json(path.read_text(encoding="utf-8"), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise WarehouseError(f"{path}: cannot be read: {error.strerror}") from None

    def versions(self) -> list[int]:
        """Numbers of the published versions, oldest first."""
        folder = self.root / "versions"
        return sorted(int(p.stem) for p in folder.glob("*.json")) if folder.is_dir() else []

    def version(self, number: int | None = None) -> Version | None:
        """A published version, the newest by default; None if there is none."""
        numbers = self.versions()
        if not numbers or (number is not None and number not in numbers):
            return None
        path = self.root / "versions" / f"{number or numbers[-1]:08d}.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return Version(number=raw["number"], steps=raw["steps"], created_at=raw["created_at"], note=raw["note"])
        except (OSError, ValueError, KeyError) as error:
            raise CorruptFile(f"{path}: not a version ({type(error).__name__})") from None

    def manifests(self, version: Version | None = None, steps: Collection[str] | None = None) -> dict[str, Manifest]:
        """The manifests of a version by step, the newest by default, of some steps only if they are named; empty if nothing was published.

        Raises:
            CorruptFile: one that the version names is gone.
        """
        chosen = version or self.version()
        found: dict[str, Manifest] = {}
        for step, key in (chosen.steps if chosen else {}).items():
            manifest = self.find(step, key) if steps is None or step in steps else None
            if manifest is not None:
                found[step] = manifest
            elif steps is None or step in steps:
                raise CorruptFile(
                    f"{self.manifest_path(step, key)}: version {chosen.number if chosen else 0} names it, but it is gone; "
                    "run the command that made it again, or `assay rollback` to a version without it"
                )
        return found

    def table(self, manifest: Manifest, name: str, schema: pa.Schema) -> Table:
        """A manifest's table with absolute paths; empty if the manifest has none of that name."""
        return manifest.table(name, schema, str(self.root))

    # -- writing -----------------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the warehouse for one writer; the kernel lets go if the writer dies.

        Raises:
            WarehouseBusy: another writer holds it.
            WarehouseError: the folder cannot be made or written.
        """
        with self._explained():
            for name in ("data", "manifests", "versions", "runs"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            lock = (self.root / "lock").open("a+", encoding="utf-8")
        with lock:
            self._take(lock)
            self._lock = lock
            try:
                self._sign()
                yield
            finally:
                self._lock = None

    def attempt(self, step: str) -> Path:
        """A fresh folder name for one attempt at a step."""
        return self.root / "data" / step.replace(":", "_") / uuid.uuid4().hex

    def publish(self, manifest: Manifest, tables: Mapping[str, Table], artifacts: Mapping[str, Artifact] | None = None) -> Manifest:
        """Makes a step done. If another writer was first, theirs counts and is returned."""
        entries = {name: entry_of(table, str(self.root)) for name, table in tables.items()}
        full = replace(manifest, tables=entries, artifacts=dict(artifacts or {}))
        with self._explained():
            if self._put(self.manifest_path(full.step, full.key), full.to_json()):
                return full
        existing = self.find(full.step, full.key)
        return existing or full

    def set_version(self, steps: Mapping[str, str], note: str = "") -> Version:
        """Publishes a version; a no-op if the newest one is the same."""
        newest = self.version()
        if newest and dict(newest.steps) == dict(steps):
            return newest
        number = (newest.number if newest else 0) + 1
        while True:
            version = Version(number=number, steps=dict(steps), created_at=_now(), note=note)
            text = json.dumps({"number": number, "steps": version.steps, "created_at": version.created_at, "note": note}, sort_keys=True, indent=1)
            with self._explained():
                if self._put(self.root / "versions" / f"{number:08d}.json", text):
                    return version
            number += 1

    def add_to_version(self, steps: Mapping[str, str], note: str = "", *, made_from: Mapping[str, str]) -> Version:
        """Publishes the newest version with some steps replaced or added.

        ``made_from`` holds the keys of the steps that these were made from: a model belongs to the corpus that it was trained on, and to no other.

        Raises:
            WarehouseError: the newest version holds others of them.
        """
        newest = self.version()
        others = [step for step, key in made_from.items() if newest is None or newest.steps.get(step) != key]
        if others:
            raise WarehouseError(
                f"{self.root}: {', '.join(steps)}: made from another {', '.join(others)} than version {newest.number if newest else 0} holds, "
                "so it is not added to it; run the same command again"
            )
        return self.set_version({**(newest.steps if newest else {}), **steps}, note)

    def note_run(self, run_id: str, event: str, facts: Mapping[str, Any]) -> None:
        """Records that a run ``started`` or ``ended``; the lock says which run its holder does."""
        if self._lock is not None:
            self._sign(run_id if event == "started" else "")
        with self._explained():
            self._put(self.root / "runs" / run_id / f"{event}.json", json.dumps({"at": _now(), **facts}, sort_keys=True))

    def runs(self) -> list[dict[str, Any]]:
        """All runs, oldest first, as rows of the table ``runs``; one that neither ended nor is named by a lock that is held was killed."""
        folder = self.root / "runs"
        living = self._holders_run()
        rows = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            started, ended = (_read_json(path / f"{event}.json") for event in ("started", "ended"))
            if started is None:
                continue
            state = ended["state"] if ended else ("running" if path.name == living else "killed")
            rows.append({
                "run_id": path.name, "engine": started["engine"], "config_sha256": started["config_sha256"], "code_version": started["code_version"],
                "started_at": datetime.fromisoformat(started["at"]), "finished_at": datetime.fromisoformat(ended["at"]) if ended else None,
                "state": state, "error": ended.get("error") if ended else None,
            })  # fmt: skip
        return rows

    def finished_steps(self, run_id: str) -> dict[str, str]:
        """The steps that a run finished or found finished, with their keys; empty if it did not live to say so."""
        ended = _read_json(self.root / "runs" / run_id / "ended.json") or {}
        return dict(ended.get("steps", {}))

    def sweep(self, older_than_s: float = 0.0) -> int:
        """Deletes attempts that no manifest names; call it only while holding ``writing()``. Returns how many."""
        named = set()
        for path in (self.root / "manifests").glob("*/*.json"):
            manifest = Manifest.from_json(path.read_text(encoding="utf-8"), str(path))
            files = [f.path for entry in manifest.tables.values() for f in entry.files] + [a.path for a in manifest.artifacts.values()]
            named |= {"/".join(Path(f).parts[:3]) for f in files}
        removed = 0
        for attempt in (self.root / "data").glob("*/*"):
            age = time.time() - attempt.stat().st_mtime
            if str(attempt.relative_to(self.root)) not in named and age >= older_than_s:
                shutil.rmtree(attempt, ignore_errors=True)
                removed += 1
        return removed

    def artifact(self, path: Path) -> Artifact:
        """A finished file inside an attempt's folder, hashed."""
        return Artifact(path=str(path.absolute().relative_to(self.root)), num_bytes=path.stat().st_size, sha256=file_sha256(path))

    # -- inside ------------------------------------------------------------------------------------------------------------------

    def manifest_path(self, step: str, key: str) -> Path:
        """Where a step's manifest is, or would be."""
        return self.root / "manifests" / step.replace(":", "_") / f"{key}.json"

    def _take(self, lock: TextIO) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # a reader that asks whether there is a writer holds it for an instant
                if time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                lock.seek(0)
                holder = lock.read().strip() or "an unknown process"
                raise WarehouseBusy(f"{self.root}: held by {holder}; wait for it, or name another warehouse") from None
            return

    def _sign(self, run_id: str = "") -> None:
        """Writes into the lock who holds it."""
        lock = self._lock
        with self._explained():
            if lock is not None:
                lock.truncate(0)
                lock.write(f"process {os.getpid()} since {_now()}" + (f"{_RUN}{run_id}" if run_id else ""))
                lock.flush()

    def _holders_run(self) -> str | None:
        """The run of the writer that holds the warehouse now; None if nobody does, or does no run."""
        try:
            with (self.root / "lock").open("r", encoding="utf-8") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: readers do not take each other for a writer
                except OSError:
                    return lock.read().partition(_RUN)[2] or None
        except OSError:
            return None
        return None

    def _put(self, path: Path, text: str) -> bool:
        """Puts a file whole, if none of that name is there. False if one is."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.parent / f".{path.name}.{uuid.uuid4().hex}"
        try:
            with scratch.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.link(scratch, path)
        except FileExistsError:
            return False
        finally:
            scratch.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return True

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise explained(error, self.root) from None


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
