"""Files below a root: each is taken, or passed by for a reason that is named."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contract.errors import InputError
from pipelines.sources.base import SPLIT_BYTES, Listing, Skipped, Unit
from pipelines.sources.unpacking import bare_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


OTHER_NAME: Final = "other_name"  # the reason of a file that fits no pattern


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a source takes; ``name`` is relative to the root, with ``/``."""

    name: str
    num_bytes: int
    changed_ns: int


@dataclass(frozen=True, kw_only=True)
class Files:
    """The base of sources that read a file, or the files below a folder whose names fit a pattern, whatever their case and however they are packed.

    ``patterns`` stand for the source's own where they are given; a root that is a file is read whatever its name.
    """

    own_patterns: ClassVar[tuple[str, ...]]
    reads_packed: ClassVar[bool] = True

    path: Path  # a file, or a folder that is searched for files
    patterns: tuple[
        str, ...
    ] = ()  # names of the files that are read, whatever their case and however they are packed; the source's own if there are none

    def look(self, split_bytes: int = SPLIT_BYTES) -> Listing:
        """Units and what is passed by, sorted; each file is looked at once.

        Raises:
            InputError: the root does not exist or cannot be listed.
        """
        files, skipped = files_below(self.path, self.takes(), reads_packed=self.reads_packed)
        units = tuple(unit for file in files for unit in self.cut(file, split_bytes))
        return Listing(units=units, skipped=tuple(skipped), fingerprints={f.name: f"{f.num_bytes}-{f.changed_ns}" for f in files})

    def cut(self, file: FoundFile, split_bytes: int) -> Iterator[Unit]:  # noqa: ARG002 - sources whose files can be cut look at it
        """The units of a file: one, where its format cannot be entered in the middle."""
        yield Unit(name=file.name, num_bytes=file.num_bytes)

    def takes(self) -> tuple[str, ...]:
        """The patterns that count."""
        return self.patterns or self.own_patterns

    def located(self, unit: Unit) -> Path:
        """Where a unit lies."""
        return self.path if self.path.is_file() else self.path / unit.name


def files_below(root: Path, patterns: Sequence[str], *, reads_packed: bool) -> tuple[list[FoundFile], list[Skipped]]:
    """The files to read and what is passed by, both sorted by name; names of folders that are passed by whole end with a slash.

    Hidden files and folders are not read. Links to files below the root are followed; links to folders are not, since what lies there is met where
    it stands.

    Raises:
        InputError: the root does not exist or cannot be listed.
    """
    try:
        if root.is_file():
            found = root.stat()
            return [FoundFile(root.name, found.st_size, found.st_mtime_ns)], []
        if not root.is_dir():
            raise InputError(f"{root}: no such file or folder; correct the source's path")
        walk = _Walk(root, patterns, reads_packed=reads_packed)
        walk.run()
    except OSError as error:
        raise InputError(f"{root}: cannot be listed ({type(error).__name__}); check its permissions") from None
    return sorted(walk.files, key=lambda f: f.name), sorted(walk.skipped, key=lambda s: s.file)


class _Walk:
    def __init__(self, root: Path, patterns: Sequence[str], *, reads_packed: bool) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._fits = matcher(patterns, reads_packed=reads_packed)
        self.files: list[FoundFile] = []
        self.skipped: list[Skipped] = []

    def run(self) -> None:
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(self._root / folder) as entries:
                    waiting += [name for entry in entries if (name := self._met(folder, entry)) is not None]
            except OSError:
                if not folder:
                    raise
                self._skip(folder, "unreadable_folder")

    def _met(self, folder: str, entry: os.DirEntry[str]) -> str | None:
        """Puts an entry where it belongs; the name of a folder to go into, with its slash."""
        name = folder + entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if not _is_utf8(entry.name):
            self._skip(printable(name) + "/" * is_folder, "name_not_utf8")
        elif entry.name.startswith("."):
            self._skip(name + "/" * is_folder, "hidden")
        elif is_folder:
            return name + "/"
        else:
            self._met_file(name, entry)
        return None

    def _met_file(self, name: str, entry: os.DirEntry[str]) -> None:
        if entry.is_symlink() and (fault := self._fault_of_link(entry)):
            self._skip(name, fault)
            return
        try:
            found = entry.stat()
        except OSError:
            self._skip(name, "unreadable_file")
            return
        if not stat.S_ISREG(found.st_mode):
            self._skip(name, "not_a_file")
        elif not self._fits(name):
            self._skip(name, OTHER_NAME, found.st_size)
        else:
            self.files.append(FoundFile(name, found.st_size, found.st_mtime_ns))

    def _fault_of_link(self, entry: os.DirEntry[str]) -> str | None:
        try:
            target = os.path.realpath(entry.path, strict=True)
        except OSError:  # it leads nowhere, or in a circle
            return "broken_link"
        if os.path.commonpath([target, self._real_root]) != self._real_root:
            return "link_out_of_folder"
        return "link_to_folder" if Path(target).is_dir() else None

    def _skip(self, name: str, reason: str, num_bytes: int | None = None) -> None:
        self.skipped.append(Skipped(file=name, reason=reason, num_bytes=num_bytes))


def matcher(patterns: Sequence[str], *, reads_packed: bool) -> Callable[[str], bool]:
    """Says whether a name fits one of the patterns, whatever its case; a pattern with a slash looks at the path, others at the file's name.

    >>> matcher(["*.jsonl"], reads_packed=True)("a/B.JSONL.GZ")
    True
    """
    joined = re.compile("|".join(fnmatch.translate(f"*/{pattern.lower().lstrip('/')}") for pattern in patterns))

    def fits(name: str) -> bool:
        low = f"/{name.lower()}"
        return bool(joined.match(low) or (reads_packed and joined.match(bare_name(low))))

    return fits


def printable(name: str) -> str:
    r"""A name whose bytes are not UTF-8 in a form that every terminal and table can hold.

    >>> printable("caf\udce9")
    'caf\\xe9'
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
