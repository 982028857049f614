"""Presidio's pattern recognisers, without a language model: what has a shape or a checksum, not names.

The recognisers are called one by one on the places where they could find something at all, which gives what presidio's engine gives without an
NLP model (a test compares the two) at a fraction of the time. Where presidio fails open, this does not: a pattern that times out ends the run.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.detectors.base import Span, detectors
from pipelines.detectors.plausible import is_plausible

if TYPE_CHECKING:
    from collections.abc import Iterator

# Said here, and held to what presidio and phonenumbers say by a test: to import those takes more than a second, and a run that finds its steps done
# only wants to know what the detector's parameters are.
ENTITIES: Final = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IP_ADDRESS", "IBAN_CODE", "US_SSN", "URL_CREDENTIALS")
DEFAULT_REGIONS: Final = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
REGIONS: Final = frozenset(
    """
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM
    CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY
    HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF
    MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE
    RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ
    VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """.split()  # noqa: SIM905 - a list literal would take 60 lines
)

# Code points that a recogniser sees at once, where a window is longer. What bounds the work is this and ``windows.REACH``, never the clock: the
# slowest piece that could be made up keeps a pattern busy for 0.1 s, and the timeout of 60 s only ends a run whose machine stands still. A number
# matcher, too, stops in silence after 65,535 candidates: at 104,000 characters a text of nothing but digits and blanks got there, and the number
# behind them was missed. It takes less than one candidate a character.
CHUNK_LENGTH: Final = 10_000
OVERLAP_LENGTH: Final = 2_000  # longer than any match that is personal data: an address has at most 320 characters, a number far fewer
_LOGGER: Final = logging.getLogger("presidio-analyzer")


@detectors("presidio")
@dataclass(frozen=True, kw_only=True)
class Presidio:
    """E-mail addresses, phone numbers, credit cards, IP addresses, IBANs, US social security numbers, and passwords in URLs.

    Numbers with a checksum must pass it. ``pipelines.detectors.plausible`` says what is left out because it is far more often something else:
    IP addresses that are not public, phone numbers that are years, postcodes or decimals. Addresses such as jane@example.com count: nobody can
    tell an example from a person by its name.
    """

    version: ClassVar[int] = 2
    entities: tuple[str, ...] = ENTITIES  # kinds of personal data that are looked for
    min_score: float = 0.4  # a finding of which presidio is less sure is left out, from 0 to 1
    phone_regions: tuple[str, ...] = DEFAULT_REGIONS  # countries whose numbers count without a country code

    def __post_init__(self) -> None:
        """Rejects entities and regions that are not known.

        Raises:
            ConfigError: with the nearest known one.
        """
        for kind, given, known in (("entity", self.entities, ENTITIES), ("region", self.phone_regions, REGIONS)):
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
        from pipelines.detectors.recognizers import RECOGNIZERS  # loads presidio

        for start, end in RECOGNIZERS[entity].windows(text):
            for low, high, after, upto in _chunks(start, end):
                for span in self.found_in(entity, text, low, high):
                    if after < span.end <= upto and span.score >= self.min_score and is_plausible(span, text):
                        yield span

    def found_in(self, entity: str, text: str, low: int, high: int) -> Iterator[Span]:
        """What presidio finds in a part of a text, in the coordinates of the whole."""
        from pipelines.detectors.recognizers import recognizer

        for result in recognizer(entity, self.phone_regions).analyze(text[low:high], [entity], None):
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
