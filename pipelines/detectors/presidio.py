"""Presidio's pattern recognisers, without a language model: what has a shape or a checksum, not names.

The recognisers are called one by one on the places where they could find something at all, which gives what presidio's engine gives without an
NLP model (a test compares the two) at a fraction of the time. Where presidio fails open, this does not: a pattern that times out ends the run.

This module is what a run file says of the detector. The work is done in ``search``, with ``windows``, ``recognizers``, ``phones`` and ``plausible``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar, Final

import pyarrow as pa

from pipelines.contract.errors import ConfigError
from pipelines.contract.registry import did_you_mean
from pipelines.detectors.base import Span, detectors
from pipelines.detectors.finders import SURE

# Said here, and held to what presidio and phonenumbers say by a test: to import those takes more than a second, and a run that finds its steps done
# only wants to know what the detector's parameters are.
ENTITIES: Final = (
    *("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IP_ADDRESS", "IBAN_CODE", "US_SSN", "URL_CREDENTIALS", "CRYPTO", "MAC_ADDRESS"),
    *("PASSPORT", "DRIVER_LICENSE", "NATIONAL_ID", "BANK_ACCOUNT", "VEHICLE_ID", "DEVICE_ID"),  # by rules of ours alone
    *("GEO_LOCATION", "STREET_ADDRESS"),
)
ON_DEMAND: Final = ("UUID", "DATE_TIME")  # not personal by themselves
# What presidio has for one country, but for what it is never sure of without a language model: numbers that only a word before them tells.
PACKS: Final = {
    "au": ("AU_ABN", "AU_ACN", "AU_MEDICARE", "AU_TFN"),
    "ca": ("CA_SIN",),
    "de": (
        *("DE_BSNR", "DE_HANDELSREGISTER", "DE_HEALTH_INSURANCE", "DE_ID_CARD", "DE_LANR", "DE_PASSPORT"),
        *("DE_SOCIAL_SECURITY", "DE_TAX_ID", "DE_TAX_NUMBER", "DE_VAT_ID"),
    ),
    "es": ("ES_NIE", "ES_NIF"),
    "fi": ("FI_PERSONAL_IDENTITY_CODE",),
    "in": ("IN_AADHAAR", "IN_GSTIN", "IN_PAN", "IN_VEHICLE_REGISTRATION", "IN_VOTER"),
    "it": ("IT_FISCAL_CODE", "IT_VAT_CODE"),
    "kr": ("KR_BRN", "KR_DRIVER_LICENSE", "KR_FRN", "KR_RRN"),
    "ng": ("NG_NIN", "NG_VEHICLE_REGISTRATION"),
    "ph": ("PH_UMID",),
    "pl": ("PL_PESEL",),
    "se": ("SE_ORGANISATIONSNUMMER", "SE_PERSONNUMMER"),
    "sg": ("SG_NRIC_FIN", "SG_UEN"),
    "th": ("TH_TNIN",),
    "tr": ("TR_LICENSE_PLATE", "TR_NATIONAL_ID"),
    "uk": ("UK_DRIVING_LICENCE", "UK_NHS", "UK_NINO", "UK_VEHICLE_REGISTRATION"),
    "us": ("ABA_ROUTING_NUMBER", "MEDICAL_LICENSE", "US_ITIN", "US_MBI", "US_NPI", "US_PRESCRIPTION_NUMBER", "US_SSN"),
    "za": (
        *("ZA_COMPANY_REGISTRATION", "ZA_DRIVER_LICENSE", "ZA_ID_NUMBER", "ZA_INCOME_TAX_NUMBER"),
        *("ZA_LICENSE_PLATE", "ZA_PASSPORT", "ZA_TRAFFIC_REGISTER_NUMBER", "ZA_VAT_NUMBER"),
    ),
}
_KNOWN: Final = tuple(dict.fromkeys([*ENTITIES, *ON_DEMAND, *(entity for pack in PACKS.values() for entity in pack)]))
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

_LOGGER: Final = logging.getLogger("presidio-analyzer")


@detectors("presidio")
@dataclass(frozen=True, kw_only=True)
class Presidio:
    """E-mail addresses, phone numbers, credit cards, IP addresses, IBANs, US social security numbers, and passwords in URLs.

    Numbers with a checksum must pass it. ``pipelines.detectors.plausible`` says what is left out because it is far more often something else:
    IP addresses that are not public, phone numbers that are years, postcodes or decimals. Addresses such as jane@example.com count: nobody can
    tell an example from a person by its name.
    """

    version: ClassVar[int] = 5
    entities: tuple[str, ...] = ENTITIES  # kinds of personal data that are looked for; those of locales are added
    locales: tuple[str, ...] = ()  # countries whose national numbers, licences and plates are looked for too, such as "de" or "uk"
    min_score: float = SURE  # a finding of which presidio is less sure is left out, from 0.4 to 1; from 0 where there are no locales
    phone_regions: tuple[str, ...] = DEFAULT_REGIONS  # countries whose numbers count without a country code

    def __post_init__(self) -> None:
        """Adds the entities of the locales, and rejects what is not known.

        Raises:
            ConfigError: with the nearest known one.
        """
        given = (("entity", self.entities, _KNOWN), ("locale", self.locales, tuple(PACKS)), ("region", self.phone_regions, REGIONS))
        for kind, names, known in given:
            for name in names:
                if name not in known:
                    raise ConfigError(f"presidio: no {kind} is named {name!r}; {did_you_mean(name, known)}")
        packed = (entity for locale in self.locales for entity in PACKS[locale])
        object.__setattr__(self, "entities", tuple(dict.fromkeys([*self.entities, *packed])))
        if not 0 <= self.min_score <= 1:
            raise ConfigError(f"presidio: min_score {self.min_score}; from 0 to 1, or nothing is found")
        if self.min_score < SURE and not set(self.entities) <= set(ENTITIES):
            raise ConfigError(f"presidio: min_score {self.min_score} with national numbers; {SURE} or more, or they are any few digits")

    def find(self, text: str) -> list[Span]:
        """Spans by start, then end, then entity.

        Raises:
            DetectorTimeout: a pattern took longer than REGEX_TIMEOUT_SECONDS, presidio's environment variable (60).
            ConfigError: logging is set so that presidio could not say so.
        """
        return self.find_batch(pa.array([text], pa.string()))[0]

    def find_batch(self, texts: pa.Array) -> list[list[Span]]:
        """``find`` of each text. Of a text in which nothing can be, no string is made.

        Raises:
            DetectorTimeout: as ``find``.
            ConfigError: as ``find``.
        """
        from pipelines.detectors.search import search  # loads presidio

        if not _LOGGER.isEnabledFor(logging.WARNING):
            raise ConfigError("presidio: warnings of the logger 'presidio-analyzer' are off, so a timeout would go unseen; turn them on")
        return search(texts, self.entities, self.min_score, self.phone_regions)
