"""Addresses of houses: a number, a street by a word that says so, and what follows of flat, postcode and place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.detectors import windows
from pipelines.detectors.base import Span
from pipelines.detectors.finders import Finder

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCORE: Final = 0.6
_GAP: Final = r"[ \t]*,?[ \t]*\n?[ \t>]*"
_NAME: Final = r"[^\W\d_a-z][\w'\u2019.-]*"  # begins with a capital, or with a letter of a script that has none
_FLAT: Final = rf"(?:{_GAP}(?:Suite|Ste\.?|Apt\.?|Apartment|Unit|Floor|Fl\.?|Room|Rm\.?|Flat|#)[ \t]?#?\w{{1,6}}\b)?"
_PLACE: Final = rf"(?:{_GAP}{_NAME}(?:[ ]{_NAME}){{0,3}})"
_ENGLISH_CODE: Final = r"(?:[A-Z]{2,3},?[ \t]+\d{4,5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2}|[A-Z]{2}[ ][A-Z]\d[A-Z][ ]?\d[A-Z]\d)\b"
_ENGLISH_END: Final = rf"(?:{_FLAT}(?:{_PLACE}{{0,2}}{_GAP}{_ENGLISH_CODE})?)"
_POSTCODE: Final = r"(?:[A-Z]{1,2}-)?\d{4,5}(?:[ ]?[A-Z]{2}\b)?"
_OTHER_END: Final = rf"(?:{_FLAT}(?:{_GAP}{_POSTCODE}[ ]{_NAME}(?:[ -]{_NAME}){{0,2}})?)"
_NUMBER_AHEAD: Final = r"(?<![\w.,/$\u00a3\u20ac-])\d{1,5}(?:[ ]?[A-Za-z]|-\d{1,4}|[ ]\d{1,5})?"
_NUMBER_BEHIND: Final = r"\d{1,5}(?:[ ]?[a-zA-Z]|-\d{1,4})?(?![\w%]|[.,:]\d)"
_WHOLE_TYPES: Final = (
    "Street|Avenue|Road|Boulevard|Lane|Drive|Court|Place|Square|Terrace|Parkway|Highway|Close|Crescent|Gardens|Grove|Circle|Trail|Mews|"
    "Turnpike|Freeway|Expressway|Alley|Causeway|Esplanade"
)
_SHORT_TYPES: Final = "St|Ave|Rd|Blvd|Ln|Dr|Ct|Pl|Sq|Ter|Pkwy|Hwy|Cres|Cir|Way"  # an end must follow: "5 St Mary" is none
_DIRECTION: Final = r"(?:(?:[NSEW]|[NS][EW]|North|South|East|West)\.?[ ])?"
_ARTICLES: Final = r"(?:(?:de|du|des|del|della|delle|dei|di|da|do|dos|das|la|las|le|les|los|el|al)[ ]|l['\u2019]|d['\u2019])*"

# Words of which one stands in every match, and ends of words: a window without any is not looked at.
_WORD: Final = re.compile(r"[^\W\d_]+")
_WORDS: Final = frozenset(
    f"{_WHOLE_TYPES}|{_SHORT_TYPES}|Box|BOX|APO|DPO|FPO|Suite|Ste|Apt|Apartment|Flat|address|Address|ADDRESS|lives|lived|living|"
    "Living|resides|residing|located|Located|office|offices|"
    "Postfach|Postbus|Stra\u00dfe|Strasse|Str|str|Weg|Platz|Allee|Gasse|Damm|Ufer|rue|Rue|avenue|av|Av|boulevard|"
    "bd|Bd|place|chemin|Chemin|route|Route|all\u00e9e|All\u00e9e|impasse|Impasse|quai|Quai|cours|Cours|Calle|C|Avenida|Avda|Plaza|Paseo|Carrer|Via|"
    "Viale|Piazza|Corso|Rua|Pra\u00e7a|Travessa|ul|ulica|al|\u0443\u043b|\u0443\u043b\u0438\u0446\u0430|\u043f\u0440|u|utca|\u00fat|krt".split("|")
)
_ENDS: Final = frozenset(
    "a\u00dfe sse str weg atz lee amm fer aat aan ein cht ade ijk tan ata gen vej ien atu tie uja".split()  # noqa: SIM905
)
# The addresses that stand in the licences of free software.
_LICENCE: Final = re.compile(r"(?:59 Temple Pl|51 Franklin St|675 Mass|31 Milk St)")
_FOUNDATION: Final = re.compile(r"Foundation,?\s[^\w]*(?:Inc)?[^\w]*$")
_FOUNDATION_LENGTH: Final = 48

_SHAPES: Final = {
    "street_address.english": re.compile(
        rf"{_NUMBER_AHEAD}[ ]{_DIRECTION}(?:{_NAME}[ ]){{1,4}}(?:(?:{_WHOLE_TYPES})\b|(?:{_SHORT_TYPES})"
        rf"(?:\.|(?=[ \t]*(?:[,\n;)]|$|[NSEW]{{1,2}}\b|#|Suite|Apt|[ ][a-z]))))(?:[ ](?:[NSEW]|[NS][EW])\b)?{_ENGLISH_END}"
    ),
    "street_address.post_box": re.compile(rf"\b(?:P\.?[ ]?O\.?[ ]?Box|Postfach|Postbus)[ ]\d{{1,6}}\b(?:{_ENGLISH_END})"),
    "street_address.military": re.compile(
        rf"(?:\b(?:PSC|CMR|Unit|UNIT)[ ]\d{{3,5}},?[ ](?:Box|BOX)[ ]\d{{1,6}}{_GAP})?\b[ADF]PO,?[ ]A[AEP],?[ ]\d{{5}}(?:-\d{{4}})?\b"
    ),
    "street_address.flat": re.compile(
        rf"(?:{_NUMBER_AHEAD}[ ])?(?<![\w-]){_NAME}(?:[ ]{_NAME}){{0,3}}[ ]\d{{1,5}}{_GAP}(?:Suite|Ste\.?|Apt\.?|Apartment|Flat)[ ]\d{{1,5}}\b"
        rf"(?:{_ENGLISH_END})"
    ),
    "street_address.after_word": re.compile(
        r"(?:\b(?:[Aa]ddress(?:[ ]is|:)|ADDRESS:|[Ll]i(?:ves|ved|ving)[ ]at|[Rr]esid(?:es|ing)[ ]at|[Ll]ocated[ ]at|"
        r"[Oo]ffices?[ ](?:is[ ]|are[ ])?at)\s{1,6})"
        rf"(?P<address>(?:\d{{1,6}}[ ])?{_NAME}(?:[ ]{_NAME}){{0,4}}[ ]{_NUMBER_BEHIND}{_OTHER_END})"
    ),
    "street_address.german": re.compile(
        r"(?<![\w-])(?:[^\W\d_a-z][\w-]*(?:stra\u00dfe|strasse|str\.|weg|platz|allee|gasse|damm|ufer)"
        rf"|{_NAME}[ -](?:Stra\u00dfe|Strasse|Str\.|Weg|Platz|Allee|Gasse|Damm|Ufer))[ ]{_NUMBER_BEHIND}{_OTHER_END}"
    ),
    "street_address.northern": re.compile(
        r"(?<![\w-])[^\W\d_a-z][\w-]+(?:straat|laan|plein|gracht|[ns]kade|dijk|gatan|gata|v\u00e4gen|vej|(?<!ri)gade|veien|katu|ntie|kuja)"
        rf"[ ]{_NUMBER_BEHIND}{_OTHER_END}"
    ),
    "street_address.french": re.compile(
        rf"{_NUMBER_AHEAD}(?:[ ](?:bis|ter|quater))?,?[ ](?:[Rr]ue|[Aa]venue|[Aa]v\.|[Bb]oulevard|[Bb]d\.?|[Pp]lace|[Cc]hemin|[Rr]oute|[Aa]ll\u00e9e|"
        rf"[Ii]mpasse|[Qq]uai|[Cc]ours)[ ]{_ARTICLES}{_NAME}(?:[ -]{_ARTICLES}{_NAME}){{0,4}}{_OTHER_END}"
    ),
    "street_address.southern": re.compile(
        rf"(?<!\w)(?:Calle|C/|Avenida|Avda\.?|Plaza|Paseo|Carrer|Via|Viale|Piazza|Corso|Rua|Pra\u00e7a|Travessa)[ ]{_ARTICLES}{_NAME}"
        rf"(?:[ ]{_ARTICLES}{_NAME}){{0,4}}(?:,[ ]?|[ ])(?:n[.\u00ba\u00b0o]{{0,2}}[ ]?)?{_NUMBER_BEHIND}{_OTHER_END}"
    ),
    "street_address.eastern": re.compile(
        rf"(?<!\w)(?:(?:ul\.|ulica|al\.|\u0443\u043b\.|\u0443\u043b\u0438\u0446\u0430|\u043f\u0440\.)[ ]"
        rf"{_NAME}(?:[ ]{_NAME}){{0,2}},?[ ](?:\u0434\.[ ]?)?{_NUMBER_BEHIND}"
        rf"|{_NAME}(?:[ ]{_NAME}){{0,2}}[ ](?:u\.|utca|\u00fat|krt\.)[ ]{_NUMBER_BEHIND}){_OTHER_END}"
    ),
}


def _find(text: str, _low: int, _high: int) -> Iterator[Span]:
    words = _WORD.findall(text)
    if _WORDS.isdisjoint(words) and _ENDS.isdisjoint([word[-3:] for word in words]):
        return
    for rule, shape in _SHAPES.items():
        for match in shape.finditer(text):
            place = _LICENCE.match(match[0]) and _FOUNDATION.search(text, max(0, match.start() - _FOUNDATION_LENGTH), match.start())
            yield Span(
                start=match.start(match.lastgroup or 0),
                end=match.end(),
                entity="STREET_ADDRESS",
                score=_SCORE,
                recognizer="StreetAddresses",
                rule=rule,
                passed_over="street_address.of_a_licence" if place else None,
            )


FINDERS: Final = (Finder((windows.STREET,), frozenset({"STREET_ADDRESS"}), _SCORE, _find),)
