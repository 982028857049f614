"""JSON Lines: one object a line, plain or packed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pipelines.sources.base import Fault, Record, Unit, sources
from pipelines.sources.fields import Fields, Place, Unusable
from pipelines.sources.listing import Files, FoundFile
from pipelines.sources.unpacking import MAX_UNPACKED_RATIO, Line, Unreadable, blocks, check_bounds, codec_of, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_MOST_DIGITS: Final = 300


@sources("jsonl")
@dataclass(frozen=True, kw_only=True)
class Jsonl(Files, Fields):
    """Objects of the lines of a file, or of every ``.jsonl``, ``.ndjson``, ``.jl`` or ``.json`` file below a folder.

    The offset of a record is that of its line in the unpacked file. Blank lines are no records. Memory holds one line of at most
    ``max_record_bytes``, whatever the file's size. Large plain files are cut into ranges; a line belongs to the range in which it begins.
    """

    version: ClassVar[int] = 2
    own_patterns: ClassVar[tuple[str, ...]] = ("*.jsonl", "*.ndjson", "*.jl", "*.json")
    max_unpacked_ratio: int = MAX_UNPACKED_RATIO  # a file that unpacks to more than this many times its size is no document but a bomb

    def __post_init__(self) -> None:
        """Rejects texts that are no names, and bounds below 1."""
        super().__post_init__()
        check_bounds(max_unpacked_ratio=self.max_unpacked_ratio)

    def cut(self, file: FoundFile, split_bytes: int) -> Iterator[Unit]:
        """Ranges of bytes of a plain file; one unit for a packed one."""
        size = file.num_bytes
        step = split_bytes if codec_of(file.name) == "plain" and size > split_bytes else max(size, 1)
        starts = range(0, max(size, 1), step)
        for start in starts:
            end = start + step if start + step < size else None
            yield Unit(name=file.name, start=start, end=end, num_bytes=min(step, size - start))

    def read(self, unit: Unit) -> Iterator[Record | Fault]:
        """A record or a fault a line; after a break in the packed data, one fault for the rest."""
        codec, end = codec_of(unit.name), 0
        try:
            for line in self._lines(unit, codec):
                end = line.offset + line.length
                if line.data is None or line.data.strip():
                    yield self._line(line, Place(unit.name, codec, line.offset, line.length, line.length))
        except Unreadable as broken:
            message = f"{broken.message}; whole lines were read up to byte {end} of the unpacked file"
            if broken.place is not None:
                message += "; the rest of the file was not read"
            left = 0 if broken.place is None else max(0, unit.num_bytes - broken.place)
            yield Fault(file=unit.name, error=broken.error, message=message, offset=end, num_bytes=left)

    def _lines(self, unit: Unit, codec: str) -> Iterator[Line]:
        """The lines that begin in the unit. The byte before it is read too: only that tells whether a line begins at its first."""
        before = max(unit.start - 1, 0)
        found = lines(blocks(self.located(unit), codec, self.max_unpacked_ratio, before), self.max_record_bytes, before)
        if unit.start:
            next(found, None)
        for line in found:
            if unit.end is not None and line.offset >= unit.end:
                return
            yield line

    def _line(self, line: Line, place: Place) -> Record | Fault:
        try:
            row = self._object(line)
        except Unusable as fault:
            return Fault(file=place.file, error=fault.error, message=fault.message, offset=place.offset, num_bytes=place.num_bytes)
        return self.read_row(row, place)

    def _object(self, line: Line) -> dict[str, Any]:
        """The object of a line.

        Raises:
            Unusable: there is none.
        """
        if line.data is None:
            message = f"a line of {line.length:,} bytes; at most {self.max_record_bytes:,} are read (max_record_bytes)"
            raise Unusable("record_too_large", message)
        try:
            row = _parsed(line.data.removeprefix(_BYTE_ORDER_MARK if line.offset == 0 else b"").decode())
        except UnicodeDecodeError as error:
            raise Unusable("invalid_utf8", f"byte {line.offset + error.start} of the unpacked file is not UTF-8") from None
        except json.JSONDecodeError as error:
            raise Unusable("not_json", f"not JSON at column {error.colno} of the line") from None
        except (ValueError, RecursionError) as error:  # arrays a thousand deep
            raise Unusable("not_json", f"JSON that cannot be read ({type(error).__name__})") from None
        if not isinstance(row, dict):
            raise Unusable("not_an_object", f"a JSON {type(row).__name__}; an object with the field {self.texts[0]!r} was expected")
        return row


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unusable("repeated_field", "an object of the line has a field twice: which of the two is meant, nobody can say")
    return found


def _whole_number(digits: str) -> int | Decimal:
    """An integer of any length: Python's own are read in quadratic time, and refused from 4,300 digits on."""
    return int(digits) if len(digits) <= _MOST_DIGITS else Decimal(digits)


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_object)
_WITH_LONG_NUMBERS: Final = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole_number)  # slower: a call a number


def _parsed(line: str) -> Any:
    try:
        return _STRICT.decode(line)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of thousands of digits
        return _WITH_LONG_NUMBERS.decode(line)
