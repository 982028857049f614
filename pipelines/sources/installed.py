"""Text that is on this machine already: what the packages of a Python environment say about themselves."""

from __future__ import annotations

import ast
import csv
import hashlib
import inspect
import io
import json
import re
import sysconfig
import warnings
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, distributions
from itertools import chain, zip_longest
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contract.errors import InputError
from pipelines.sources.base import SPLIT_BYTES, Fault, Listing, Record, Skipped, Unit, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KINDS: Final = ("readme", "license", "doc", "docstring")
_LICENSE: Final = re.compile(r"(un)?licen[cs]e|copying|notice|copyright|authors", re.IGNORECASE)
_NOT_OURS: Final = frozenset({"test", "tests", "__pycache__"})  # test data is made to be odd, and test modules explain nothing
_BLOCKS: Final = ("body", "handlers", "orelse", "finalbody", "cases")
_LONGEST_LICENSE: Final = 100  # some packages put the whole text of a licence where its name belongs


@dataclass(frozen=True, slots=True)
class _File:
    """A file that may become a document; the path is relative to the folder of packages."""

    distribution: str
    path: str
    kind: str
    num_bytes: int

    @property
    def rank(self) -> bytes:
        """An order that spreads over distributions and is the same everywhere."""
        return hashlib.blake2b(f"{self.distribution}/{self.path}".encode(), digest_size=16).digest()


@sources("installed")
@dataclass(frozen=True, kw_only=True)
class Installed:
    """Descriptions, licences, bundled documentation and docstrings of installed packages, one unit a distribution.

    A module is one document: the docstrings of it, its classes and its functions in the order of the source. Files come from each
    distribution's RECORD; what has none, and editable installs (this project among them), are left out, as are folders of tests. The caps count
    files and their bytes, so that texts never take more; they are filled from the four kinds in turn, each in a fixed pseudo-random order, so that
    every kind and many packages appear. A module without docstrings counts, but gives no document.
    """

    version: ClassVar[int] = 2
    path: Path | None = None  # a folder of packages; without it, that of the running interpreter
    max_documents: int = 5000  # documents at most, filled from the four kinds in turn
    max_bytes: int = 48 << 20  # bytes of all files at most
    max_file_bytes: int = 64 << 10  # a larger file is left out
    exclude_distributions: tuple[str, ...] = ()  # packages that are left out

    def look(self, split_bytes: int = SPLIT_BYTES) -> Listing:  # noqa: ARG002 - a distribution is not cut
        """Names of distributions, normalised and sorted, each with a hash of its RECORD, which has the hash of every file.

        Raises:
            InputError: there is no such folder of packages.
        """
        sizes: dict[str, int] = {}
        for file in self._files():
            sizes[file.distribution] = sizes.get(file.distribution, 0) + file.num_bytes
        known = _distributions(*self._root())
        records = {name: known[name].read_text("RECORD") or "" for name in sorted(sizes)}
        return Listing(
            units=tuple(Unit(name=name, num_bytes=sizes[name]) for name in records),
            fingerprints={name: hashlib.sha256(record.encode()).hexdigest() for name, record in records.items()},
        )

    def takes(self) -> tuple[str, ...]:
        """No files of a folder: those that RECORDs name."""
        return ()

    def read(self, unit: Unit) -> Iterator[Record | Fault | Skipped]:
        """A record or a fault a file, sorted by path; a file that has no text of its own is passed by."""
        root, changed_ns = self._root()
        known = _distributions(root, changed_ns)
        if unit.name not in known:
            yield Fault(file=unit.name, error="unreadable_file", message="the distribution is not there any more")
            return
        license_name = _license_of(known[unit.name])
        for file in sorted((f for f in self._files() if f.distribution == unit.name), key=lambda f: f.path):
            met = _text_of(root, file)
            if isinstance(met, Fault):
                yield met
            elif met:
                yield Record(
                    key=f"{unit.name}:{file.path}", text=met, kind=file.kind, origin=unit.name, file=file.path, codec="plain",
                    offset=0, length=file.num_bytes, license=license_name,
                )  # fmt: skip
            else:
                yield Skipped(file=file.path, reason="without_text", num_records=1, num_bytes=file.num_bytes)

    def _root(self) -> tuple[Path, int]:
        """The folder of packages and its time of change, which moves when a package is installed: what was listed is kept until then."""
        root = self.path or Path(sysconfig.get_path("purelib"))
        if not root.is_dir():
            raise InputError(f"{root}: no such folder of packages; correct the source's path, or leave it out for the running interpreter's")
        return root, root.stat().st_mtime_ns

    def _files(self) -> tuple[_File, ...]:
        return _planned(self, *self._root())


@lru_cache(maxsize=8)
def _planned(source: Installed, root: Path, changed_ns: int) -> tuple[_File, ...]:
    """The files within the caps: the next one of each kind in turn, while there is room for it."""
    excluded = {_normal(name) for name in source.exclude_distributions}
    found = (file for name, one in _distributions(root, changed_ns).items() if name not in excluded for file in _candidates(name, one))
    small = [file for file in found if 0 < file.num_bytes <= source.max_file_bytes]
    queues = [sorted((f for f in small if f.kind == kind), key=lambda f: f.rank) for kind in KINDS]
    taken: list[_File] = []
    num_bytes = 0
    for file in filter(None, chain.from_iterable(zip_longest(*queues))):
        if len(taken) < source.max_documents and num_bytes + file.num_bytes <= source.max_bytes:
            taken.append(file)
            num_bytes += file.num_bytes
    return tuple(taken)


@lru_cache(maxsize=8)
def _distributions(root: Path, changed_ns: int) -> dict[str, Distribution]:
    """Distributions by normalised name, sorted; of two with one name the first stays, as in an import."""
    del changed_ns  # part of the cache's key only
    found: dict[str, Distribution] = {}
    for one in distributions(path=[str(root)]):
        if not _is_editable(one):
            found.setdefault(_normal(str(one.metadata.json.get("name", "unknown"))), one)
    return dict(sorted(found.items()))


def _is_editable(one: Distribution) -> bool:
    try:
        return bool(json.loads(one.read_text("direct_url.json") or "{}").get("dir_info", {}).get("editable"))
    except (ValueError, AttributeError):  # not what PEP 610 says: then it does not say that the install is editable
        return False


def _candidates(name: str, one: Distribution) -> Iterator[_File]:
    for row in csv.reader(io.StringIO(one.read_text("RECORD") or "")):
        path, size = row[0], row[2] if len(row) > 2 else ""  # noqa: PLR2004 - a RECORD line is path, hash, size
        kind = _kind_of(PurePosixPath(path))
        if kind and size.isdecimal():
            yield _File(name, path, kind, int(size))


def _kind_of(path: PurePosixPath) -> str | None:
    """What a file of a distribution is, by its path; None for what is no text of its own."""
    folders = path.parts[:-1]
    if ".." in folders or path.is_absolute() or not _NOT_OURS.isdisjoint(folders):
        return None
    in_metadata = any(part.endswith(".dist-info") for part in folders)
    if in_metadata and path.name == "METADATA":
        return "readme"
    if path.suffix == ".py":
        return None if in_metadata else "docstring"
    if _LICENSE.match(path.name) or (in_metadata and "licenses" in folders):
        return None if path.suffix in {".pyi", ".so", ".json"} else "license"
    return "doc" if path.suffix.lower() in {".rst", ".md", ".txt"} and not in_metadata else None


def _text_of(root: Path, file: _File) -> str | Fault:
    """The document in a file, "" where it has none."""

    def fault(error: str, message: str, offset: int | None = None) -> Fault:
        return Fault(file=file.path, error=error, message=message, offset=offset, num_bytes=file.num_bytes)

    try:
        data = (root / file.path).read_bytes()
        if file.kind == "docstring":
            return _docstrings(data)
        text = data.decode()
        return fault("binary", "a NUL byte: not a text", text.index("\0")) if "\0" in text else _description(text) if file.kind == "readme" else text
    except OSError as error:
        return fault("unreadable_file", f"in RECORD, but cannot be read ({type(error).__name__})")
    except UnicodeError:
        return fault("invalid_utf8", "not UTF-8, or half of a surrogate pair in a docstring")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return fault("not_python", f"a module that does not parse ({type(error).__name__})")


def _docstrings(source: bytes) -> str:
    if b'"""' not in source and b"'''" not in source:  # a docstring in single quotes is a line, and not worth parsing every module for
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's escapes
        tree = ast.parse(source)
    text = "\n\n".join(_in_order(tree))
    text.encode()
    return text


def _in_order(node: ast.AST) -> Iterable[str]:
    """Docstrings of a node and of all below it, as they follow each other in the source."""
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        found = ast.get_docstring(node, clean=False)
        if found and found.strip():
            yield inspect.cleandoc(found)
    for block in _BLOCKS:  # statements only: a walk over every expression takes as long as the parser
        for child in getattr(node, block, ()):
            if hasattr(child, "body"):
                yield from _in_order(child)


def _description(metadata: str) -> str:
    """The body of a METADATA file."""
    body = metadata.replace("\r\n", "\n").partition("\n\n")[2].strip("\n")
    return "" if body.strip() in {"", "UNKNOWN"} else body


def _license_of(one: Distribution) -> str | None:
    fields = one.metadata.json
    name = str(fields.get("license_expression") or fields.get("license") or "").strip()
    if name and "\n" not in name and len(name) <= _LONGEST_LICENSE:
        return name
    classified = [c.rpartition("::")[2].strip() for c in fields.get("classifier", ()) if c.startswith("License ::")]
    return " OR ".join(classified) or None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
