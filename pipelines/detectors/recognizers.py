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
from pipelines.detectors.phones import Matcher, regions_to_ask
from pipelines.text.lean_imports import without

with without("torch", "transformers"):  # presidio imports both if it can, for engines not used here: 12 s of CPU and 320 MB in every worker
    from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer
    from presidio_analyzer.pattern_recognizer import REGEX_TIMEOUT_SECONDS
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IbanRecognizer,
        IpRecognizer,
        PhoneRecognizer,
        UsSsnRecognizer,
    )

Finding = tuple[int, int, float, str]  # start, end, score, recogniser

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


class _QuickPhoneRecognizer(PhoneRecognizer):  # type: ignore[misc]
    """Presidio's, which asks only the regions that could have a number; what it does not find is not plausible."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:  # noqa: ARG002
        regions = tuple(self.supported_regions)
        found = ((match, region) for region in regions_to_ask(text, regions) for match in Matcher(text, region, regions))
        return list(EntityRecognizer.remove_duplicates([self._get_recognizer_result(m, text, region, nlp_artifacts) for m, region in found]))


def _url_credentials() -> PatternRecognizer:
    pattern = Pattern("user and password in a URL", _URL_USER, 0.9)
    return PatternRecognizer(supported_entity="URL_CREDENTIALS", name="UrlCredentialsRecognizer", patterns=[pattern])


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of personal data.

    Attributes:
        window: the kind of the places where it can stand.
        make: its recogniser, for regions of phone numbers.
    """

    window: int
    make: Callable[[tuple[str, ...]], Any]


RECOGNIZERS: Final = {
    "EMAIL_ADDRESS": Entity(windows.EMAIL, lambda _: _OfflineEmailRecognizer(name="EmailRecognizer")),
    "PHONE_NUMBER": Entity(windows.PHONE_NUMBER, lambda regions: _QuickPhoneRecognizer(supported_regions=regions, name=PhoneRecognizer.__name__)),
    "CREDIT_CARD": Entity(windows.CREDIT_CARD, lambda _: CreditCardRecognizer()),
    "IP_ADDRESS": Entity(windows.IP_ADDRESS, lambda _: IpRecognizer()),
    "IBAN_CODE": Entity(windows.IBAN, lambda _: IbanRecognizer()),
    "US_SSN": Entity(windows.US_SSN, lambda _: UsSsnRecognizer()),
    "URL_CREDENTIALS": Entity(windows.URL_CREDENTIALS, lambda _: _url_credentials()),
}


def judged(entity: str, piece: str, regions: tuple[str, ...]) -> tuple[Finding, ...]:
    """What presidio finds in a piece of a text; of phone numbers, at least those that are plausible.

    Raises:
        DetectorTimeout: a pattern took longer than REGEX_TIMEOUT_SECONDS.
    """
    return (_remembered if len(piece) <= _LONGEST_REMEMBERED else _judged)(entity, piece, regions if entity == "PHONE_NUMBER" else ())


def _judged(entity: str, piece: str, regions: tuple[str, ...]) -> tuple[Finding, ...]:
    results = _recognizer(entity, regions).analyze(piece, [entity], None)
    return tuple((r.start, r.end, float(r.score), r.recognition_metadata["recognizer_name"]) for r in results)


# The same piece comes again: in a mail's answer, in a log, in the next round of scrub, in the last gate. At most 20 MB.
_remembered: Final = lru_cache(maxsize=1 << 15)(_judged)
_LONGEST_REMEMBERED: Final = 200


@lru_cache(maxsize=512)
def _recognizer(entity: str, regions: tuple[str, ...]) -> Any:
    return RECOGNIZERS[entity].make(regions)
