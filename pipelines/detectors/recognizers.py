"""Presidio's recognisers by the kind of personal data that they find.

Imported when a text is first looked at, not before: it loads presidio, which takes a second.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any, Final

from pipelines.detectors import windows
from pipelines.detectors.base import DetectorTimeout
from pipelines.detectors.finders import SURE
from pipelines.detectors.mails import SUFFIXES
from pipelines.detectors.phones import Matcher, regions_to_ask
from pipelines.text.lean_imports import without

with without("torch", "transformers"):  # presidio imports both if it can, for engines not used here: 12 s of CPU and 320 MB in every worker
    from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer
    from presidio_analyzer import predefined_recognizers as theirs
    from presidio_analyzer.pattern_recognizer import REGEX_TIMEOUT_SECONDS
    from presidio_analyzer.pattern_recognizer import re as their_re  # "regex", which knows other digits than Python's own

Finding = tuple[int, int, float, str]  # start, end, score, recogniser

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


class _OfflineEmailRecognizer(theirs.EmailRecognizer):  # type: ignore[misc]
    """Presidio's, with the list of public suffixes that is on this machine."""

    def validate_result(self, pattern_text: str) -> bool:
        return bool(SUFFIXES(pattern_text).fqdn)


class _QuickPhoneRecognizer(theirs.PhoneRecognizer):  # type: ignore[misc]
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


def _of_presidio(window: int, **classes: str) -> dict[str, Entity]:
    """Entities by the names of presidio's classes, which know how to make themselves."""
    return {entity: Entity(window, partial(_made, name)) for entity, name in classes.items()}


def _made(name: str, _: tuple[str, ...]) -> Any:
    return getattr(theirs, name)()


RECOGNIZERS: Final = {
    "EMAIL_ADDRESS": Entity(windows.EMAIL, lambda _: _OfflineEmailRecognizer(name="EmailRecognizer")),
    "PHONE_NUMBER": Entity(
        windows.PHONE_NUMBER, lambda regions: _QuickPhoneRecognizer(supported_regions=regions, name=theirs.PhoneRecognizer.__name__)
    ),
    "URL_CREDENTIALS": Entity(windows.URL_CREDENTIALS, lambda _: _url_credentials()),
    **_of_presidio(windows.CREDIT_CARD, CREDIT_CARD="CreditCardRecognizer"),
    **_of_presidio(windows.IP_ADDRESS, IP_ADDRESS="IpRecognizer"),
    **_of_presidio(windows.IBAN, IBAN_CODE="IbanRecognizer"),
    **_of_presidio(windows.US_SSN, US_SSN="UsSsnRecognizer"),
    **_of_presidio(windows.HEX, MAC_ADDRESS="MacAddressRecognizer", UUID="UuidRecognizer"),
    **_of_presidio(
        windows.WORD,
        CRYPTO="CryptoRecognizer",
        DE_ID_CARD="DeIdCardRecognizer",
        DE_PASSPORT="DePassportRecognizer",
        IN_GSTIN="InGstinRecognizer",
        IN_PAN="InPanRecognizer",
        IT_FISCAL_CODE="ItFiscalCodeRecognizer",
        SG_UEN="SgUenRecognizer",
    ),
    **_of_presidio(
        windows.NEAR_DIGIT,
        DATE_TIME="DateRecognizer",
        DE_HANDELSREGISTER="DeHandelsregisterRecognizer",
        IN_VEHICLE_REGISTRATION="InVehicleRegistrationRecognizer",
        NG_VEHICLE_REGISTRATION="NgVehicleRegistrationRecognizer",
        TR_LICENSE_PLATE="TrLicensePlateRecognizer",
        UK_VEHICLE_REGISTRATION="UkVehicleRegistrationRecognizer",
        US_MBI="UsMbiRecognizer",
        US_PRESCRIPTION_NUMBER="UsPrescriptionNumberRecognizer",
        ZA_LICENSE_PLATE="ZaLicensePlateRecognizer",
    ),
    **_of_presidio(
        windows.NUMBER,
        ABA_ROUTING_NUMBER="AbaRoutingRecognizer",
        AU_ABN="AuAbnRecognizer",
        AU_ACN="AuAcnRecognizer",
        AU_MEDICARE="AuMedicareRecognizer",
        AU_TFN="AuTfnRecognizer",
        CA_SIN="CaSinRecognizer",
        DE_BSNR="DeBsnrRecognizer",
        DE_HEALTH_INSURANCE="DeHealthInsuranceRecognizer",
        DE_LANR="DeLanrRecognizer",
        DE_SOCIAL_SECURITY="DeSocialSecurityRecognizer",
        DE_TAX_ID="DeTaxIdRecognizer",
        DE_TAX_NUMBER="DeTaxNumberRecognizer",
        DE_VAT_ID="DeVatIdRecognizer",
        ES_NIE="EsNieRecognizer",
        ES_NIF="EsNifRecognizer",
        FI_PERSONAL_IDENTITY_CODE="FiPersonalIdentityCodeRecognizer",
        IN_AADHAAR="InAadhaarRecognizer",
        IN_VOTER="InVoterRecognizer",
        IT_VAT_CODE="ItVatCodeRecognizer",
        KR_BRN="KrBrnRecognizer",
        KR_DRIVER_LICENSE="KrDriverLicenseRecognizer",
        KR_FRN="KrFrnRecognizer",
        KR_RRN="KrRrnRecognizer",
        MEDICAL_LICENSE="MedicalLicenseRecognizer",
        NG_NIN="NgNinRecognizer",
        PH_UMID="PhUmidRecognizer",
        PL_PESEL="PlPeselRecognizer",
        SE_ORGANISATIONSNUMMER="SeOrganisationsnummerRecognizer",
        SE_PERSONNUMMER="SePersonnummerRecognizer",
        SG_NRIC_FIN="SgFinRecognizer",
        TH_TNIN="ThTninRecognizer",
        TR_NATIONAL_ID="TrNationalIdRecognizer",
        UK_DRIVING_LICENCE="UkDrivingLicenceRecognizer",
        UK_NHS="NhsRecognizer",
        UK_NINO="UkNinoRecognizer",
        US_ITIN="UsItinRecognizer",
        US_NPI="UsNpiRecognizer",
        ZA_COMPANY_REGISTRATION="ZaCompanyRegistrationRecognizer",
        ZA_DRIVER_LICENSE="ZaDriverLicenseRecognizer",
        ZA_ID_NUMBER="ZaIdNumberRecognizer",
        ZA_INCOME_TAX_NUMBER="ZaIncomeTaxNumberRecognizer",
        ZA_PASSPORT="ZaPassportRecognizer",
        ZA_TRAFFIC_REGISTER_NUMBER="ZaTrafficRegisterNumberRecognizer",
        ZA_VAT_NUMBER="ZaVatNumberRecognizer",
    ),
}


def judged(entity: str, piece: str, regions: tuple[str, ...]) -> tuple[Finding, ...]:
    """What presidio finds in a piece of a text; of phone numbers, at least those that are plausible.

    Raises:
        DetectorTimeout: a pattern took longer than REGEX_TIMEOUT_SECONDS.
    """
    gate = _gate(entity)
    if gate and not any(pattern.search(piece) for pattern in gate):
        return ()
    return (_remembered if len(piece) <= _LONGEST_REMEMBERED else _judged)(entity, piece, regions if entity == "PHONE_NUMBER" else ())


def _judged(entity: str, piece: str, regions: tuple[str, ...]) -> tuple[Finding, ...]:
    recognizer = _recognizer(entity, regions)
    try:
        results = recognizer.analyze(piece, [entity], None)
    except (IndexError, KeyError, ValueError):  # some checksums know no digits of other scripts; what has only those of ASCII is still found
        results = recognizer.analyze(_NOT_ASCII.sub("\N{REPLACEMENT CHARACTER}", piece), [entity], None)
    return tuple((r.start, r.end, float(r.score), r.recognition_metadata["recognizer_name"]) for r in results)


# The same piece comes again: in a mail's answer, in a log, in the next round of scrub, in the last gate. At most 20 MB.
_remembered: Final = lru_cache(maxsize=1 << 15)(_judged)
_LONGEST_REMEMBERED: Final = 200
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_SHARED: Final = {windows.NUMBER, windows.WORD, windows.NEAR_DIGIT, windows.HEX}


@cache
def _gate(entity: str) -> tuple[Any, ...]:
    """The patterns of an entity whose windows many share. Where none has a match presidio is not asked: its own loop takes six times longer.

    Only those that could be sure enough: as they stand, or once their checksum holds.
    """
    if RECOGNIZERS[entity].window not in _SHARED:
        return ()
    recognizer = _recognizer(entity, ())
    is_checked = type(recognizer).validate_result is not PatternRecognizer.validate_result
    sure = (pattern for pattern in recognizer.patterns if is_checked or pattern.score >= SURE)
    return tuple(their_re.compile(pattern.regex, recognizer.global_regex_flags) for pattern in sure)


@lru_cache(maxsize=512)
def _recognizer(entity: str, regions: tuple[str, ...]) -> Any:
    return RECOGNIZERS[entity].make(regions)


def is_iban(value: str) -> bool:
    """Whether a number in any case and grouping is an IBAN of a country, with its check digits."""
    return bool(_recognizer("IBAN_CODE", ()).validate_result(value.upper()))
