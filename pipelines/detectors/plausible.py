"""What a recogniser takes for personal data and is, nearly always, something else: rules, each with a name that stands in ``pii_passed_over``.

They were chosen on 5.5 MB of documentation, mail and web pages: of 307 IP addresses they leave 63, for the others were section numbers and private
networks, and of 175 phone numbers 74, for the others were years, postcodes, decimals and netmasks.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipelines.detectors.base import Span

# Seven digits with at most four of libphonenumber's punctuation characters between two: its own pattern for a number, and its shortest length here.
PHONE_NUMBER_PUNCTUATION: Final = (
    r"[-x\u2010-\u2015\u2212\u30fc\uff0d-\uff0f \u00a0\u00ad\u200b\u2060\u3000()\uff08\uff09\uff3b\uff3d.\[\]/~\u2053\u223c\uff5e]"
)
PHONE_NUMBER: Final = re.compile(rf"\d(?:{PHONE_NUMBER_PUNCTUATION}{{0,4}}\d){{6}}", re.IGNORECASE)
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")  # all that has been given out of IPv6 so far
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")  # the last four bytes are an IPv4 address (RFC 6052)
_SECTION_PARTS_BELOW: Final = 32
_VERSION: Final = re.compile(r"(?:version|release|revision|\bver\.?|\brev\.?)[\s:=]*$", re.IGNORECASE)
# What says that four small numbers are an address and no section: a word of the trade before them, a scheme, or a port or network behind them.
_ADDRESSED: Final = re.compile(
    r"(?:://|@|(?:\b(?:ip|ipv4|dns|resolvers?|nameservers?|servers?|hosts?|address(?:es)?|ping|traceroute|dig|nslookup|ssh|gateway|router|clients?|from)"
    r"[\s:=(\[\"'`]{1,3}(?:is\s|at\s|address\s)?))$",
    re.IGNORECASE,
)
_PORT: Final = re.compile(r":\d{2,5}\b")
_CONTEXT_LENGTH: Final = 40
_POINT_BEFORE: Final = re.compile(r"\d\.$")
_POINT_AFTER: Final = re.compile(r"\.\d")
_BETWEEN_DIGITS: Final = re.compile(r"\d[.,]$")
_SHAPES: Final = {
    "decimal": r"\d+\.\d+",
    "decimals": r"\d+\.\d+(?:\W{1,8}\d+\.\d+)+",  # a row of a table
    "ip_address": r"\d+(?:\.\d+){3}(?:/\d+)?",  # whatever it says about itself
    "date": r"(?:19|20)\d{2}[-./]\d{1,2}[-./]\d{1,2}",
    "us_postcode": r"\d{5}-\d{4}",
    "years": r"[12]\d{3}\s?[-\u2013]\s?[12]\d{3}",  # from one to another
    "digits_one_by_one": r"\d(?:\W{1,4}\d)*",  # a row of a table
}
NO_PHONE_SHAPE: Final = re.compile(rf"\D*(?:{'|'.join(_SHAPES.values())})\D*")
_NO_PHONE: Final = re.compile(
    r"\D*(?:(?P<bare_number>\d+)|" + "|".join(f"(?P<{name}>{shape})" for name, shape in _SHAPES.items()) + r")\D*"  # 2147483647 is a valid one
)


def passed_over(span: Span, text: str) -> str | None:
    """The name of the rule by which a span is likely not what its entity says, or None.

    Phone numbers have seven digits or more, and a plus sign or the shape of one: see ``_NO_PHONE``. IP addresses are public, are not part of a
    longer dotted number, do not follow the word "version", and have a number of 32 or more, which section numbers lack and 4,095 of 4,096 random
    addresses have, or stand where only an address does. Credit cards are not the decimals of a number.
    """
    value = text[span.start : span.end]
    before, after = text[max(0, span.start - _CONTEXT_LENGTH) : span.start], text[span.end : span.end + 6]
    if span.entity == "PHONE_NUMBER":
        return _no_phone(value) or ("phone_number.part_of_decimals" if _is_part_of_decimals(value, before, after) else None)
    if span.entity == "IP_ADDRESS":
        return _no_address(value, before, after)
    if span.entity == "CREDIT_CARD" and _BETWEEN_DIGITS.search(before) is not None:
        return "credit_card.decimals"
    return None


def is_plausible(span: Span, text: str) -> bool:
    """Whether no rule passes a span over."""
    return passed_over(span, text) is None


def is_plausible_phone(value: str) -> bool:
    """Whether a phone number could be plausible: what stands around it has no say here."""
    return _no_phone(value) is None


def _no_phone(value: str) -> str | None:
    if PHONE_NUMBER.search(value) is None:
        return "phone_number.too_short"
    shape = None if "+" in value else _NO_PHONE.fullmatch(value)
    return f"phone_number.{shape.lastgroup}" if shape else None


def _is_part_of_decimals(value: str, before: str, after: str) -> bool:
    """Whether a number begins behind a decimal point or ends at one: from the decimals of one number into the next."""
    return "+" not in value and ((value[0].isdecimal() and _POINT_BEFORE.search(before) is not None) or _POINT_AFTER.match(after) is not None)


def _no_address(value: str, before: str, after: str) -> str | None:
    if before.endswith(".") or (after[:1] == "." and after[1:2].isdecimal()):
        return "ip_address.part_of_longer"
    if _VERSION.search(before) is not None:
        return "ip_address.version"
    address = ipaddress.ip_interface(value).ip
    inner = _inner(address) if isinstance(address, ipaddress.IPv6Address) else address
    if not (inner or address).is_global:
        return "ip_address.not_public"
    if inner is None:
        return None if address in _GLOBAL_UNICAST else "ip_address.not_allocated"
    is_alone = inner is address and "/" not in value and not _PORT.match(after) and not _ADDRESSED.search(before)
    return "ip_address.section_number" if is_alone and max(address.packed) < _SECTION_PARTS_BELOW else None


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that one of IPv6 stands for."""
    translated = ipaddress.IPv4Address(address.packed[-4:]) if address in _TRANSLATED else None
    return address.ipv4_mapped or address.sixtofour or translated
