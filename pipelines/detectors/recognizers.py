"""Presidio's recognisers by the kind of personal data that they find.

Imported when a text is first looked at, not before: it loads presidio, which takes a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tldextract import TLDExtract

from pipelines.detectors import windows
from pipelines.detectors.base import DetectorTimeout
from pipelines.text.lean_imports import without

with without("torch", "transformers"):  # presidio imports both if it can, for engines not used here: 12 s of CPU and 320 MB in every worker
    from presidio_analyzer import Pattern, PatternRecognizer
    from presidio_analyzer.pattern_recognizer import REGEX_TIMEOUT_SECONDS
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IbanRecognizer,
        IpRecognizer,
        PhoneRecognizer,
        UsSsnRecognizer,
    )

_SUFFIXES: Final = TLDExtract(suffix_list_urls=(), cache_dir=None)  # the snapshot in the package: no network, no cache on disk
_URL_USER: Final = r"(?<=://)[^\s/?#@:<>\"'{}]+:[^\s/?#@<>\"'{}]+@[^\s/?#@<>\"'{}]+"


class _FailClosed(logging.Filter):
    """Turns presidio's warning that a pattern timed out into an error, and keeps its other warnings, which may quote the text, from all logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        if "timed out" in str(record.msg):
            raise DetectorTimeout(
                f"presidio: a pattern took over {REGEX_TIMEOUT_SECONDS} s for what takes a tenth of a second elsewhere; "
                "run again when the machine has time, or raise REGEX_TIMEOUT_SECONDS in the environment"
            )
        return False


logging.getLogger("presidio-analyzer").addFilter(_FailClosed())


class _OfflineEmailRecognizer(EmailRecognizer):  # type: ignore[misc]
    """Presidio's, with the list of public suffixes that is on this machine."""

    def validate_result(self, pattern_text: str) -> bool:
        return bool(_SUFFIXES(pattern_text).fqdn)


def _url_credentials() -> PatternRecognizer:
    pattern = Pattern("user and password in a URL", _URL_USER, 0.9)
    return PatternRecognizer(supported_entity="URL_CREDENTIALS", name="UrlCredentialsRecognizer", patterns=[pattern])


@dataclass(frozen=True, slots=True)
class _Entity:
    windows: windows.Windows
    make: Callable[[tuple[str, ...]], Any]  # takes the regions of phone numbers


RECOGNIZERS: Final = {
    "EMAIL_ADDRESS": _Entity(windows.email, lambda _: _OfflineEmailRecognizer(name="EmailRecognizer")),
    "PHONE_NUMBER": _Entity(windows.phone_number, lambda regions: PhoneRecognizer(supported_regions=regions)),
    "CREDIT_CARD": _Entity(windows.credit_card, lambda _: CreditCardRecognizer()),
    "IP_ADDRESS": _Entity(windows.ip_address, lambda _: IpRecognizer()),
    "IBAN_CODE": _Entity(windows.iban, lambda _: IbanRecognizer()),
    "US_SSN": _Entity(windows.us_ssn, lambda _: UsSsnRecognizer()),
    "URL_CREDENTIALS": _Entity(windows.url_credentials, lambda _: _url_credentials()),
}


@lru_cache(maxsize=64)
def recognizer(entity: str, phone_regions: tuple[str, ...]) -> Any:
    """The recogniser of an entity; made once a process."""
    return RECOGNIZERS[entity].make(phone_regions)
