"""Realistic values that are nobody's, in the place of personal data: the policy ``surrogate``.

What is drawn depends on the key, the entity and the normalised value alone, so that a value has one surrogate in every document. Where there is a
range that nobody has, it is taken: mail at the domains of RFC 2606, addresses of RFC 5737 and RFC 3849, phone numbers that regulators keep for films,
cards that fail their check, IBANs with check digits that no account has. Names and places are drawn by ``faker`` in the value's script; a name may be
somebody's, as any name may. Whatever else there is keeps its shape: digits for digits, letters for letters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any, Final

from pipelines.contract.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipelines.detectors.draws import Draw

_DOMAINS: Final = ("example.com", "example.net", "example.org")  # RFC 2606
_TEST_NETWORKS: Final = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737
_DOCUMENTATION: Final = int(IPv6Address("2001:db8::"))  # RFC 3849
# Numbers that regulators keep for films and books, by country code: what follows the code, an x for each digit that is free, an n
# for each that is so from 2 on. 1: North American
# Numbering Plan Administrator, 555 line numbers. 33: Arcep, decision 2018-0881. 44: Ofcom, numbers for drama. 49: Bundesnetzagentur, Drehnummern.
# 61: ACMA, numbers for creative works. 353: ComReg, numbering conditions. 46: PTS, numbers for use in books and films.
_FICTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "1": tuple(f"n{second}x55501xx" for second in "02345678"),
    "33": ("19900xxxx", "26191xxxx", "35301xxxx", "46571xxxx", "53649xxxx", "63998xxxx"),
    "44": ("1632960xxx", "2079460xxx", "7700900xxx", "1214960xxx", "1614960xxx"),
    "46": ("3139060xx", "4062800xx", "8465004xx"),
    "49": ("3023125xxx", "6990009xxx", "4066969xxx", "2214710xxx", "8999998xxx"),
    "61": ("255501xxx", "355501xxx", "755501xxx", "855501xxx"),
    "353": ("20912xxxx", "20913xxxx", "20914xxxx"),
}
_BEGIN_WITH_ZERO: Final = frozenset({"39", "225", "241", "242", "378"})  # all other plans have no number with a zero behind the country code
_COUNTRY_CODE_DIGITS: Final = (1, 2, 3)
_NATIONAL_AMERICAN: Final = 10  # digits of a number of the North American plan
# The script of a value decides in which language a name is drawn: the document's language may not, for a value has one surrogate in all of them.
_LOCALES: Final[Mapping[str, str]] = {
    "CYRILLIC": "ru_RU", "CJK": "zh_CN", "HIRAGANA": "ja_JP", "KATAKANA": "ja_JP", "HANGUL": "ko_KR", "ARABIC": "ar_AA", "GREEK": "el_GR",
    "HEBREW": "he_IL", "DEVANAGARI": "hi_IN", "THAI": "th_TH", "ARMENIAN": "hy_AM", "GEORGIAN": "ka_GE", "BENGALI": "bn_BD", "TAMIL": "ta_IN",
}  # fmt: skip
_LATIN: Final = "en_US"
_MIN_YEAR: Final = 1930
_YEARS: Final = 75
_CARD_CHECK: Final = 10
_EXTENSION: Final = re.compile(r"(?<![^\W\d_])(?:ext(?:ension|n)?|tel|fax|x)(?![^\W\d_])", re.IGNORECASE)
_NETWORK_SIZE: Final = re.compile(r"[0-9]{1,3}")


def faker_version() -> str:
    """The release of faker that draws names and places: another one may draw others, so it is part of the step's key.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return version("faker")
    except PackageNotFoundError:
        raise ConfigError("scrub: surrogates need the package faker; install it with: pip install 'assay[surrogates]'") from None


def surrogate(entity: str, value: str, draw: Draw) -> str:
    """A value of the entity's kind."""
    return _KINDS.get(entity, _alike)(value, draw)


def _alike(value: str, draw: Draw) -> str:
    return draw.like(value)


def _email(_value: str, draw: Draw) -> str:
    fake = _fake(_LATIN, draw)
    return f"{fake.first_name()}.{fake.last_name()}{draw.digits(4)}@{draw.of(_DOMAINS)}".lower().replace(" ", "")


def _ip(value: str, draw: Draw) -> str:
    """An address of the same version; the size of a network behind a slash stays, for it says nothing of anyone."""
    address, _, behind = value.partition("/")
    size = f"/{behind}" if _NETWORK_SIZE.fullmatch(behind) else ""
    if ":" in address:
        return str(IPv6Address(_DOCUMENTATION + (draw.below(1 << 48) << 48) + draw.below(1 << 48))) + size
    return f"{draw.of(_TEST_NETWORKS)}.{1 + draw.below(254)}{size}"


def _phone(value: str, draw: Draw) -> str:
    """A number in the value's layout: from the range for films of its country, else one that begins as no number of the country does."""
    digits = [c for c in value if c.isdecimal()]
    number = "".join(str(unicodedata.decimal(c)) for c in digits)
    value = _shape(value, draw, kept=_EXTENSION)
    if "+" in value or number.startswith("00"):
        zeros = "" if "+" in value else "00"
        code = _country_code(number[len(zeros) :])
        own = number[len(zeros) + len(code) :]
        unused = "1" if code in _BEGIN_WITH_ZERO else "0"
        fictional = _fictional(code, draw) if code in _FICTIONAL else unused + draw.digits(max(0, len(own) - 1))
        return _laid_out(value, zeros + code + fictional)
    if len(number) == _NATIONAL_AMERICAN and not number.startswith(("0", "1")):
        return _laid_out(value, _fictional("1", draw))
    zeros = number[: len(number) - len(number.lstrip("0"))] or "0"
    return _laid_out(value, (zeros + _fictional("44", draw))[: max(len(number), len(zeros) + 1)])


def _country_code(number: str) -> str:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # a few MB that only a run with phone numbers needs

    known = (
        number[:length] for length in _COUNTRY_CODE_DIGITS if number[:length].isdecimal() and int(number[:length]) in COUNTRY_CODE_TO_REGION_CODE
    )
    return next(known, number[:1])


def _fictional(code: str, draw: Draw) -> str:
    free = {"x": "0123456789", "n": "23456789"}
    return "".join(draw.of(free[c]) if c in free else c for c in draw.of(_FICTIONAL[code]))


def _shape(value: str, draw: Draw, kept: re.Pattern[str] | None = None) -> str:
    """A value of which only digits, marks and certain words stay as they are.

    A span of digits that overlapped another finding covers both: a name beside a number is no part of the number's layout.
    """
    words = [match.span() for match in kept.finditer(value)] if kept else []
    return "".join(c if c.isdecimal() or any(start <= place < end for start, end in words) else draw.like(c) for place, c in enumerate(value))


def _laid_out(value: str, digits: str) -> str:
    """Digits in the places of the value's; those that are over stand at the end, and places that are over are left out."""
    left, made = list(digits), []
    for character in value:
        if not character.isdecimal():
            made.append(character)
        elif left:
            made.append(left.pop(0))
    return "".join([*made, *left]).rstrip(" -./(")


def _card(value: str, draw: Draw) -> str:
    """Digits in the card's layout that fail the check of ISO/IEC 7812-1, so that no bank can have given them out; the first one stays."""
    digits = [c for c in value if c.isdecimal()]
    number = digits[0] + draw.digits(len(digits) - 1) if digits else ""
    if number and _luhn(number) % _CARD_CHECK == 0:
        number = number[:-1] + str((int(number[-1]) + 1 + draw.below(8)) % _CARD_CHECK)
    return _laid_out(_shape(value, draw), number)


def _luhn(number: str) -> int:
    doubled = (int(c) * 2 if place % 2 else int(c) for place, c in enumerate(reversed(number)))
    return sum(n - 9 if n >= _CARD_CHECK else n for n in doubled)


def _iban(value: str, draw: Draw) -> str:
    """The country stays; check digits 00 are those of no account (ISO 13616-1 gives out 02 to 98)."""
    return value[:2] + "00" + draw.like(value[4:])


def _ssn(value: str, draw: Draw) -> str:
    """Area 666, which was never given out."""
    return _laid_out(_shape(value, draw), "666" + draw.digits(6))


def _mac(value: str, draw: Draw) -> str:
    """An address of the range that administrators give out themselves (IEEE 802), in the value's layout."""
    hexes = iter("02" + "".join(draw.of("0123456789abcdef") for _ in value))
    return "".join(next(hexes) if c.isalnum() else c for c in value)


def _person(value: str, draw: Draw) -> str:
    locale = _locale(value)
    fake = _fake(locale, draw)
    if locale != _LATIN:
        return str(fake.name())
    return _cased(value, str(fake.first_name() if len(value.split()) == 1 else f"{fake.first_name()} {fake.last_name()}"))


def _place(value: str, draw: Draw) -> str:
    return _cased(value, str(_fake(_locale(value), draw).city()))


def _organization(value: str, draw: Draw) -> str:
    return _cased(value, str(_fake(_locale(value), draw).company()))


def _street(value: str, draw: Draw) -> str:
    return _cased(value, " ".join(str(_fake(_locale(value), draw).street_address()).split()))


def _date(_value: str, draw: Draw) -> str:
    return f"{_MIN_YEAR + draw.below(_YEARS)}-{1 + draw.below(12):02d}-{1 + draw.below(28):02d}"


def _point(_value: str, draw: Draw) -> str:
    return f"{draw.below(180) - 90}.{draw.digits(4)}, {draw.below(360) - 180}.{draw.digits(4)}"


def _cased(value: str, made: str) -> str:
    return made.upper() if value.isupper() else made.lower() if value.islower() else made


def _locale(value: str) -> str:
    """The language of the first letter's script; kana before Han, since Japanese names have both."""
    scripts = [unicodedata.name(c, "").partition(" ")[0] for c in value if c.isalpha()]
    for script in ("HIRAGANA", "KATAKANA"):
        if script in scripts:
            return _LOCALES[script]
    return _LOCALES.get(scripts[0], _LATIN) if scripts else _LATIN


def _fake(locale: str, draw: Draw) -> Any:
    fake = _faker(locale)
    fake.seed_instance(draw.below(1 << 62))
    return fake


@lru_cache(maxsize=len(_LOCALES) + 1)
def _faker(locale: str) -> Any:
    faker_version()
    from faker import Faker  # an extra

    return Faker(locale)


_KINDS: Final[Mapping[str, Callable[[str, Draw], str]]] = {
    "EMAIL_ADDRESS": _email, "IP_ADDRESS": _ip, "PHONE_NUMBER": _phone, "CREDIT_CARD": _card, "IBAN_CODE": _iban, "US_SSN": _ssn,
    "MAC_ADDRESS": _mac, "PERSON": _person, "LOCATION": _place, "ORGANIZATION": _organization, "STREET_ADDRESS": _street,
    "POSTAL_ADDRESS": _street, "DATE_TIME": _date, "DATE_OF_BIRTH": _date, "GEO_LOCATION": _point, "GEO_COORDINATE": _point,
}  # fmt: skip
