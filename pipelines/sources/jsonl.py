"""JSON Lines: one object a line; plain, ``.gz`` or ``.zst``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.sources.base import Fault, Record, sources
from pipelines.sources.fields import Fields, Place
from pipelines.sources.listing import files_below, fingerprints, located
from pipelines.sources.unpacking import MAX_UNPACKED_RATIO, Line, Unreadable, blocks, codec_of, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATTERNS: Final = tuple(f"*.{name}{packed}" for name in ("jsonl", "ndjson", "json") for packed in ("", ".gz", ".zst"))
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@sources("jsonl")
@dataclass(frozen=True, kw_only=True)
class Jsonl(Fields):
    """Objects of the lines of a file, or of every ``.jsonl``, ``.ndjson`` or ``.json`` file below a folder.

    The offset of a record is that of its line in the unpacked file. Blank lines are no records. Memory holds one line of at most
    ``max_record_bytes``, whatever the file's size.
    """

    version: ClassVar[int] = 1
    path: Path  # a file, or a folder that is searched for files
    max_unpacked_ratio: int = MAX_UNPACKED_RATIO  # a file that unpacks to more than this many times its size is no document but a bomb

    def units(self) -> list[str]:
        """Files relative to the path, sorted."""
        return files_below(self.path, _PATTERNS)

    def fingerprint(self) -> dict[str, str]:
        """Size and time of change of each file."""
        return fingerprints(self.path, self.units())

    def read(self, unit: str) -> Iterator[Record | Fault]:
        """A record or a fault a line; after a break in the packed data, one fault for the rest."""
        codec, end = codec_of(unit), 0
        try:
            for line in lines(blocks(located(self.path, unit), codec, self.max_unpacked_ratio), self.max_record_bytes):
                end = line.offset + line.length
                if line.data is None or line.data.strip():
                    yield self._line(line, Place(unit, codec, line.offset, line.length, line.length))
        except Unreadable as broken:
            yield Fault(
                file=unit, error=broken.error, message=f"{broken.message}; whole lines were read up to byte {end} of the unpacked file", offset=end
            )

    def _line(self, line: Line, place: Place) -> Record | Fault:
        def fault(error: str, message: str) -> Fault:
            return Fault(file=place.file, error=error, message=message, offset=place.offset, num_bytes=place.num_bytes)

        if line.data is None:
            return fault("record_too_large", f"a line of {line.length:,} bytes; at most {self.max_record_bytes:,} are read (max_record_bytes)")
        try:
            row = json.loads(line.data.removeprefix(_BYTE_ORDER_MARK if line.offset == 0 else b"").decode())
        except UnicodeDecodeError as error:
            return fault("invalid_utf8", f"byte {line.offset + error.start} of the unpacked file is not UTF-8")
        except json.JSONDecodeError as error:
            return fault("not_json", f"not JSON at column {error.colno} of the line")
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, or arrays a thousand deep
            return fault("not_json", f"JSON that cannot be read ({type(error).__name__})")
        if not isinstance(row, dict):
            return fault("not_an_object", f"a JSON {type(row).__name__}; an object with the field {self.text!r} was expected")
        return self.read_row(row, place)
