"""What a recogniser takes for personal data and is, nearly always, something else.

Each rule is stated where it stands. They were chosen on 5.5 MB of documentation, mail and web pages: of 307 IP addresses they leave 63, for the
others were section numbers and private networks, and of 175 phone numbers 74, for the others were years, postcodes, decimals and netmasks.
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
_SECTION_PARTS_BELOW: Final = 32
_VERSION: Final = re.compile(r"(?:version|release|revision|ver\.?|rev\.?)[\s:=]*$", re.IGNORECASE)
_VERSION_LENGTH: Final = 14
_BETWEEN_DIGITS: Final = re.compile(r"\d[.,]$")
_NO_PHONE: Final = re.compile(
    r"""\D*(?:
        \d+                                     # a bare number: 2147483647 is a valid US one
        | \d+\.\d+                              # a decimal
        | \d+(?:\.\d+){3}(?:/\d+)?              # an IP address, whatever it says about itself
        | \d{5}-\d{4}                           # a US postcode
        | [12]\d{3}\s?[-\u2013]\s?[12]\d{3}     # from one year to another
        | \d(?:\W{1,4}\d)*                        # digits one by one: a row of a table
    )\D*""",
    re.VERBOSE,
)


def is_plausible(span: Span, text: str) -> bool:
    """Whether a span is likely what its entity says.

    Phone numbers have seven digits or more, and a plus sign or the shape of one: see ``_NO_PHONE``. IP addresses are public, are not part of a
    longer dotted number, do not follow the word "version", and have a number of 32 or more, which section numbers lack and 4,095 of 4,096 random
    addresses have. Credit cards are not the decimals of a number.
    """
    value = text[span.start : span.end]
    before, after = text[max(0, span.start - _VERSION_LENGTH) : span.start], text[span.end : span.end + 2]
    if span.entity == "PHONE_NUMBER":
        return is_plausible_phone(value)
    if span.entity == "IP_ADDRESS":
        is_part = before.endswith(".") or (after[:1] == "." and after[1:].isdecimal())
        return _is_public(value) and not is_part and _VERSION.search(before) is None
    if span.entity == "CREDIT_CARD":
        return _BETWEEN_DIGITS.search(before) is None
    return True


def is_plausible_phone(value: str) -> bool:
    """``is_plausible`` of a phone number: what stands around it has no say."""
    return PHONE_NUMBER.search(value) is not None and ("+" in value or _NO_PHONE.fullmatch(value) is None)


def _is_public(value: str) -> bool:
    address = ipaddress.ip_interface(value).ip
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in _GLOBAL_UNICAST
    return address.is_global and max(address.packed) >= _SECTION_PARTS_BELOW
