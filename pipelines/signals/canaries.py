"""Canary strings: what authors of tests put into their files so that nobody trains on them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract.columns import column
from pipelines.contract.errors import ConfigError
from pipelines.signals.base import signals

if TYPE_CHECKING:
    from pipelines.text.batch import DocumentBatch

# The canary of BIG-bench (Srivastava et al. 2022), whose form other tests took over, each with an identifier of its own, and the sentence before it.
_IDENTIFIER: Final = r"canary[\s:_-]{0,4}(?:guid|uuid|string)[\s:=`'\"_-]{0,8}[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SENTENCE: Final = r"benchmark\s+data\s+should\s+never\s+appear\s+in\s+training\s+corpora"
_CANARY: Final = re.compile(f"{_IDENTIFIER}|{_SENTENCE}", re.IGNORECASE)
# One of these words is in every text that can hold one. A look for plain words costs a tenth of a look for the patterns.
_HINTS: Final = ("canary", "corpora")
_SHORTEST: Final = 8  # characters of a string of yours: shorter ones stand in texts that have nothing to do with a test


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


@signals("canaries")
@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """Canary strings in a document: ``canary GUID`` with an identifier, the sentence that stands before it, and strings of a list of yours.

    The list is a text file with a string a line; lines that begin with ``#`` are comments. Case does not matter; white space does.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[pa.Schema] = pa.schema([column("canary_strings", pa.int64(), "canary strings of tests in the text")])

    file: Path | None = None  # a list with strings that count as canaries too, one on each line

    def data(self) -> dict[str, str]:
        """Hash of the list, if there is one.

        Raises:
            ConfigError: there is no such file, or it cannot be read.
        """
        return {} if self.file is None else {"file": hashlib.sha256(_bytes(self.file)).hexdigest()}

    def measure(self, batch: DocumentBatch) -> pa.RecordBatch:
        """See ``SignalFamily``."""
        given = [] if self.file is None else [line.text for line in _lines(self.file)]
        found = [0] * len(batch.texts)
        for number in _suspects(batch.texts, [*_HINTS, *given]):
            found[number] = _count(batch.texts[number].as_py(), given)
        return pa.RecordBatch.from_arrays([pa.array(found, pa.int64())], names=self.columns.names)


def _suspects(texts: pa.Array, hints: list[str]) -> list[int]:
    """Numbers of the texts in which one of the hints stands."""
    met = pa.array([False] * len(texts), pa.bool_())
    for hint in hints:
        met = pc.or_(met, pc.match_substring(texts, hint, ignore_case=True))
    numbers: list[int] = pc.indices_nonzero(met).to_pylist()
    return numbers


def _count(text: str, given: list[str]) -> int:
    folded = text.casefold()
    return sum(1 for _ in _CANARY.finditer(text)) + sum(folded.count(string.casefold()) for string in given)


def _lines(file: Path) -> list[_Line]:
    try:
        text = _bytes(file).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"canaries: {file}: not UTF-8; expected a text file with a string a line") from None
    lines = [_Line(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    kept = [line for line in lines if line.text and not line.text.startswith("#")]
    for line in kept:
        if len(line.text) < _SHORTEST:
            raise ConfigError(f"canaries: {file}, line {line.number}: {len(line.text)} characters; a canary has at least {_SHORTEST}")
    return kept


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"canaries: the file {str(file)!r} cannot be read ({error.strerror}); give the path of a list with a string a line"
        ) from None
