"""What is left of a value when it is made coarser: the policy ``generalise``. A value that a rule cannot read becomes a placeholder.

Mail addresses have no rule: a domain often is its owner's name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, ip_interface, ip_network
from typing import TYPE_CHECKING, Final

from pipelines.detectors.surrogates import faker_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_YEAR: Final = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
# 52.5163, or 52 degrees, 30 minutes and so many seconds.
_DEGREES: Final = re.compile(
    r"(?P<sign>[-\u2212]?)\+?(?P<whole>\d{1,3})(?:[.,](?P<tenth>\d)\d*|\s?[\u00b0\u00ba]\s?(?P<minutes>\d{1,2})\s?['\u2032\u2019\u00b4]\s?"
    r"(?:\d{1,2}(?:[.,]\d+)?\s?(?:[\"\u2033\u201d]|['\u2032\u2019\u00b4]{2}))?)"
)
_POSTCODE: Final = re.compile(r"(?P<outward>[A-Z]{1,2}\d[A-Z\d]?|[A-Z]\d[A-Z])\s?\d[A-Z]{1,2}\d?")
_SIDE: Final = re.compile(r"(?<![A-Za-z])[NSEWO](?![A-Za-z])")
_PAIR: Final = 2  # latitude and longitude
_IPV4_BITS: Final = 24
_IPV6_BITS: Final = 48
NEEDS_FAKER: Final = frozenset({"LOCATION"})


def generalised(entity: str, value: str) -> str | None:
    """The value made coarser; None where it cannot be read. ``entity`` is one of ``GENERALISED``.

    >>> generalised("IP_ADDRESS", "93.184.216.34"), generalised("DATE_TIME", "12 March 1980")
    ('93.184.216.0/24', '1980')
    """
    return _RULES[entity](value)


def _network(value: str) -> str | None:
    """The network of 256 addresses, or of 2^80 of version 6, that an address belongs to."""
    try:
        address = ip_interface(value).ip
    except ValueError:
        return None
    return str(ip_network((address, _IPV4_BITS if isinstance(address, IPv4Address) else _IPV6_BITS), strict=False))


def _year(value: str) -> str | None:
    """The year, where there is one and only one."""
    found = set(_YEAR.findall(value))
    return found.pop() if len(found) == 1 else None


def _country_code(value: str) -> str | None:
    """The country code of a number that begins with a plus sign."""
    from phonenumbers import NumberParseException, parse  # a few MB that only a run with phone numbers needs

    try:
        return f"+{parse(value).country_code}"
    except NumberParseException:
        return None


def _tenth_of_a_degree(value: str) -> str | None:
    """Latitude and longitude cut after one decimal: to 11 km, or less. South and west are minus; an O, which is east or west, is not read."""
    found, sides = list(_DEGREES.finditer(value)), _SIDE.findall(value)
    if len(found) != _PAIR or len(sides) not in {0, _PAIR} or "O" in sides:
        return None
    return ", ".join(_cut(place, side) for place, side in zip(found, sides or ["", ""], strict=True))


def _cut(place: re.Match[str], side: str) -> str:
    tenth = place["tenth"] or str(min(int(place["minutes"]), 59) // 6)
    return f"{'-' if place['sign'] or side in {'S', 'W'} else ''}{place['whole']}.{tenth}"


def _outward(value: str) -> str | None:
    """The first part of a postcode: of a British or Canadian one what stands before the gap, of one of digits the first two."""
    plain = value.strip().upper()
    if plain[:2].isdecimal():
        return plain[:2]
    match = _POSTCODE.fullmatch(plain)
    return match["outward"] if match else None


def _country(value: str) -> str | None:
    """The country of a city that faker knows, which are the capitals and a thousand more by their English names; a country stays as it is."""
    return _countries().get(value.strip().casefold())


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, str]:
    faker_version()
    from faker.providers.date_time import Provider as Times  # an extra; it keeps the countries with the time zones
    from faker.providers.geo import Provider as Places

    names = {country.alpha_2_code: country.name for country in Times.countries}
    found: dict[str, set[str]] = {}
    pairs = [(place[2], place[3]) for place in Places.land_coords] + [(country.capital, country.alpha_2_code) for country in Times.countries]
    for city, code in pairs:
        if code in names:
            found.setdefault(city.casefold(), set()).add(names[code])
    known = {city: of.pop() for city, of in found.items() if len(of) == 1}
    return known | {name.casefold(): name for name in names.values()}


_RULES: Final[Mapping[str, Callable[[str], str | None]]] = {
    "IP_ADDRESS": _network, "DATE_TIME": _year, "DATE_OF_BIRTH": _year, "PHONE_NUMBER": _country_code, "GEO_LOCATION": _tenth_of_a_degree,
    "GEO_COORDINATE": _tenth_of_a_degree, "UK_POSTCODE": _outward, "CA_POSTAL_CODE": _outward, "DE_PLZ": _outward, "LOCATION": _country,
}  # fmt: skip
GENERALISED: Final = tuple(sorted(_RULES))
