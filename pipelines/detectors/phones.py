"""Which regions' phone numbers a piece of text can hold: a cheap question that spares the dear one.

Presidio has libphonenumber's matcher go over a text once for each region, and parsing what the matcher tries is two thirds of the time that all
patterns take. But what it tries does not depend on the region until a try is accepted. So a matcher that accepts nothing lists the tries of all
regions at once, and a region of which none can be a number need not be asked: its matcher would accept nothing either.

Nor is a region asked that could accept nothing but whole candidates which are not plausible: after a whole candidate a matcher goes on where it goes
on after a rejected one, so that all it finds is what would be thrown away. And nobody is asked of a row of decimals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberMatch, PhoneNumberMatcher

from pipelines.contract.errors import PartError
from pipelines.detectors.plausible import is_plausible_phone

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS: Final = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line", "mobile",
)  # fmt: skip
# Digits and punctuation that means nothing: what a parser makes of such a number is decided by its digits. A plus sign, an "x", a tilde (they may
# begin an extension), and digits of other scripts are left to the parser.
_PLAIN: Final = re.compile("[0-9 .()/\\[\\]\u00a0\u2010-\u2015-]*")
# Nothing but decimals, without a plus sign or a letter between: whatever a matcher takes of them begins or ends at a decimal point, or is one or
# more of them whole. ``plausible`` passes over each of these.
_TABLE: Final = re.compile(r"[^\d+\uff0b]*(?:(?<![\d.])\d{1,17}\.\d{1,17}(?![\d.])(?:[^\w+\uff0b]+|(?=[^\d+\uff0b]*$)))+[^\d+\uff0b]*")
_LONGEST: Final = 20  # digits that a matcher takes for one block
_NOT_A_DIGIT: Final = re.compile("[^0-9]")


def regions_to_ask(piece: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """The regions of which a piece may hold a plausible number, in the order given. It holds none of the others'.

    >>> regions_to_ask("call (650) 253-0000", ("DE", "US", "FR")), regions_to_ask("on 2002-09-12", ("US", "FR"))
    (('US',), ())
    """
    _check()
    if _TABLE.fullmatch(piece):
        return ()
    asked = {region for text, is_whole in _tries(piece) if not is_whole or is_plausible_phone(text) for region in _regions_of(text, regions)}
    return tuple(region for region in regions if region in asked)


class _Tries(PhoneNumberMatcher):
    """A matcher that accepts nothing and keeps what it tries, and whether that was all of a candidate."""

    def __init__(self, text: str) -> None:
        super().__init__(text, None)
        self.met: set[tuple[str, bool]] = set()
        self._whole = ""

    def _extract_match(self, candidate: str, offset: int) -> Any:
        self._whole = candidate
        return super()._extract_match(candidate, offset)

    def _parse_and_verify(self, candidate: str, offset: int) -> None:  # noqa: ARG002
        self.met.add((candidate, candidate == self._whole))


class Matcher(PhoneNumberMatcher):
    """Libphonenumber's matcher of a region, which rejects by memory most of what it would reject by parsing.

    ``regions`` are all that are asked: what is remembered of a number is of which of them it is one.
    """

    def __init__(self, text: str, region: str, regions: tuple[str, ...]) -> None:
        super().__init__(text, region)
        self._region, self._regions = region, regions

    def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
        return super()._parse_and_verify(candidate, offset) if self._region in _regions_of(candidate, self._regions) else None


def _tries(piece: str) -> set[tuple[str, bool]]:
    tries = _Tries(piece)
    tries.has_next()
    return tries.met


@cache
def _check() -> None:
    """Fails where a matcher does not call what ``_Tries`` puts in the place of its own: it would be a silent miss of every number."""
    if ("(650) 253-0000", True) not in _tries("(650) 253-0000"):
        version = phonenumbers.__version__
        raise PartError(f"phonenumbers {version}: its matcher works otherwise than assay expects; install the version in requirements/lock.txt")


def _regions_of(text: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """The regions of which a text can be a number."""
    return _regions_of_digits(_NOT_A_DIGIT.sub("", text), regions) if _PLAIN.fullmatch(text) else regions


@lru_cache(maxsize=1 << 15)
def _regions_of_digits(digits: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """The plan says no at little cost; where it does not, the matcher itself says what it makes of the digits."""
    may = [region for region in regions if _plan(region).may_hold(digits)]
    return tuple(r for r in may if len(digits) > _LONGEST or PhoneNumberMatcher(digits, r).has_next())


@dataclass(frozen=True, slots=True)
class _Plan:
    """What can be a number of a region, more rather than less.

    Attributes:
        international: what is dialled before the number of another country; it may be a number of any.
        rewritten: national prefixes in the place of which the region's rules put something else.
        number: country code and national prefixes, each there or not, and a number of a region that shares the country code.
    """

    international: re.Pattern[str] | None
    rewritten: tuple[re.Pattern[str], ...]
    number: re.Pattern[str]

    def may_hold(self, digits: str) -> bool:
        """Whether digits can be a number of the region."""
        if self.number.fullmatch(digits) or (self.international and self.international.match(digits)):
            return True
        return any(match.groups()[-1] is not None for pattern in self.rewritten if (match := pattern.match(digits)))


@lru_cache(maxsize=256)
def _plan(region: str) -> _Plan:
    code = phonenumbers.country_code_for_region(region)
    sharing = [_metadata(other) for other in phonenumbers.region_codes_for_country_code(code)]
    parsing = [m for m in (_metadata(region), sharing[0]) if m.national_prefix_for_parsing]  # its own rules, and those of the code's main region
    prefixes = "|".join(f"(?:{m.national_prefix_for_parsing})" for m in parsing)
    numbers = "|".join(f"(?:{pattern})" for metadata in sharing for pattern in _patterns(metadata))
    before = rf"(?:{prefixes}){{0,2}}" if prefixes else ""
    international = _metadata(region).international_prefix
    return _Plan(
        international=re.compile(international) if international else None,
        rewritten=tuple(re.compile(rf"(?:{code})?{m.national_prefix_for_parsing}") for m in parsing if m.national_prefix_transform_rule),
        number=re.compile(rf"(?:{code})?{before}(?:{numbers})"),
    )


def _metadata(region: str) -> Any:
    return PhoneMetadata.metadata_for_region(region)


def _patterns(metadata: Any) -> Iterator[str]:
    for kind in _KINDS:
        desc = getattr(metadata, kind)
        if desc is not None and desc.national_number_pattern:
            yield desc.national_number_pattern
