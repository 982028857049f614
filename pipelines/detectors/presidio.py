"""Presidio's pattern recognisers, without a language model: what has a shape or a checksum, not names.

The recognisers are called one by one on the places where they could find something at all, which gives what presidio's engine gives without an
NLP model (a test compares the two) at a fraction of the time. Where presidio fails open, this does not: a pattern that times out ends the run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from phonenumbers import SUPPORTED_REGIONS
from tldextract import TLDExtract

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.detectors import windows
from pipelines.detectors.base import DetectorTimeout, Span, detectors
from pipelines.detectors.plausible import is_plausible
from pipelines.text.lean_imports import without

if TYPE_CHECKING:
    from collections.abc import Iterator


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

# Code points that a recogniser sees at once, where a window is longer. What bounds the work is this and ``windows.REACH``, never the clock: the
# slowest piece that could be made up keeps a pattern busy for 0.1 s, and the timeout of 60 s only ends a run whose machine stands still. A number
# matcher, too, stops in silence after 65,535 candidates: at 104,000 characters a text of nothing but digits and blanks got there, and the number
# behind them was missed. It takes less than one candidate a character.
CHUNK_LENGTH: Final = 10_000
OVERLAP_LENGTH: Final = 2_000  # longer than any match that is personal data: an address has at most 320 characters, a number far fewer
_LOGGER: Final = logging.getLogger("presidio-analyzer")
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


_LOGGER.addFilter(_FailClosed())


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


ENTITIES: Final = {
    "EMAIL_ADDRESS": _Entity(windows.email, lambda _: _OfflineEmailRecognizer(name="EmailRecognizer")),
    "PHONE_NUMBER": _Entity(windows.phone_number, lambda regions: PhoneRecognizer(supported_regions=regions)),
    "CREDIT_CARD": _Entity(windows.credit_card, lambda _: CreditCardRecognizer()),
    "IP_ADDRESS": _Entity(windows.ip_address, lambda _: IpRecognizer()),
    "IBAN_CODE": _Entity(windows.iban, lambda _: IbanRecognizer()),
    "US_SSN": _Entity(windows.us_ssn, lambda _: UsSsnRecognizer()),
    "URL_CREDENTIALS": _Entity(windows.url_credentials, lambda _: _url_credentials()),
}


@detectors("presidio")
@dataclass(frozen=True, kw_only=True)
class Presidio:
    """E-mail addresses, phone numbers, credit cards, IP addresses, IBANs, US social security numbers, and passwords in URLs.

    Numbers with a checksum must pass it. ``pipelines.detectors.plausible`` says what is left out because it is far more often something else:
    IP addresses that are not public, phone numbers that are years, postcodes or decimals. Addresses such as jane@example.com count: nobody can
    tell an example from a person by its name.
    """

    version: ClassVar[int] = 2
    entities: tuple[str, ...] = tuple(ENTITIES)  # kinds of personal data that are looked for
    min_score: float = 0.4  # a finding of which presidio is less sure is left out, from 0 to 1
    phone_regions: tuple[str, ...] = PhoneRecognizer.DEFAULT_SUPPORTED_REGIONS  # countries whose numbers count without a country code

    def __post_init__(self) -> None:
        """Rejects entities and regions that are not known.

        Raises:
            ConfigError: with the nearest known one.
        """
        for kind, given, known in (("entity", self.entities, ENTITIES), ("region", self.phone_regions, SUPPORTED_REGIONS)):
            for name in given:
                if name not in known:
                    raise ConfigError(f"presidio: no {kind} is named {name!r}; {did_you_mean(name, known)}")

    def find(self, text: str) -> list[Span]:
        """Spans by start, then end, then entity.

        Raises:
            DetectorTimeout: a pattern took longer than REGEX_TIMEOUT_SECONDS, presidio's environment variable (60).
            ConfigError: logging is set so that presidio could not say so.
        """
        if not _LOGGER.isEnabledFor(logging.WARNING):
            raise ConfigError("presidio: warnings of the logger 'presidio-analyzer' are off, so a timeout would go unseen; turn them on")
        found = {span for entity in self.entities for span in self._of(entity, text)}
        return sorted(found, key=lambda s: (s.start, s.end, s.entity, -s.score, s.recognizer))

    def _of(self, entity: str, text: str) -> Iterator[Span]:
        for start, end in ENTITIES[entity].windows(text):
            for low, high, after, upto in _chunks(start, end):
                for span in self.found_in(entity, text, low, high):
                    if after < span.end <= upto and span.score >= self.min_score and is_plausible(span, text):
                        yield span

    def found_in(self, entity: str, text: str, low: int, high: int) -> Iterator[Span]:
        """What presidio finds in a part of a text, in the coordinates of the whole."""
        for result in _recognizer(entity, self.phone_regions).analyze(text[low:high], [entity], None):
            name = result.recognition_metadata["recognizer_name"]
            yield Span(start=low + result.start, end=low + result.end, entity=entity, score=float(result.score), recognizer=name)


def _chunks(start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """A window in pieces (low, high, after, upto) that a recogniser can take; spans that end in (after, upto] belong to the piece.

    Each piece sees the overlap on both sides of what belongs to it, so a span is found whole and once, and one that is longer than the overlap is
    still found in part. Borders depend on the window alone: a text gives the same spans whatever stands around it.
    """
    after = start
    while end - after > CHUNK_LENGTH:
        yield max(start, after - OVERLAP_LENGTH), after + CHUNK_LENGTH + OVERLAP_LENGTH, after, after + CHUNK_LENGTH
        after += CHUNK_LENGTH
    yield max(start, after - OVERLAP_LENGTH), end, after, end


@lru_cache(maxsize=64)
def _recognizer(entity: str, phone_regions: tuple[str, ...]) -> Any:
    return ENTITIES[entity].make(phone_regions)
