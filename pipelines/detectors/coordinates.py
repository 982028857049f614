"""Coordinates of a place, to some ten metres: degrees with four decimals, or with minutes and seconds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.detectors import windows
from pipelines.detectors.base import Span
from pipelines.detectors.finders import Finder

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCORE: Final = 0.8
_LAST_LATITUDE, _LAST_LONGITUDE = 90, 180
_NUMBER: Final = r"[-+\u2212]?\d{1,3}\.\d{4,20}"
# Two numbers alone are two numbers; what makes a place of them is a sign of degrees, a word, or a link to a map.
_PAIR: Final = re.compile(
    rf"(?<![\w.])(?P<latitude>{_NUMBER})(?P<north>\s?\u00b0?\s?[NS]?\b|\u00b0)\s?[,;/| ]\s{{0,2}}"
    rf"(?P<longitude>{_NUMBER})(?P<east>\s?\u00b0?\s?[EWO]?\b|\u00b0)(?!\.?\d|\s?[,;]\s?[-+]?\d+\.\d)"
)
_NAMED: Final = re.compile(
    r"\b(?:lat|latitude)\b[\"'\]]?\s?[:=]?\s?[\"']?(?P<latitude>" + _NUMBER + r")[\"']?\s?\u00b0?\s?[NS]?[\s,;&}]{0,4}[\"'\[]?"
    r"(?:and\s)?(?:lon|lng|long|longitude)\b[\"'\]]?\s?[:=]?\s?[\"']?(?P<longitude>" + _NUMBER + r")(?!\d)",
    re.IGNORECASE,
)
_LINK: Final = re.compile(
    r"(?:\bgeo:|/@|[?&](?:ll|sll|cbll|center|q|query|daddr|saddr|mlat)=(?:loc:)?)(?P<latitude>[-+]?\d{1,3}\.\d{2,20})(?:,|%2C|&mlon=)"
    r"(?P<longitude>[-+]?\d{1,3}\.\d{2,20})(?!\d)"
)
_BEFORE: Final = re.compile(
    r"(?:\b(?:lat\w*|lon\w*|lng|latlng|coord\w*|gps|geo\w*|locat\w*|position|koordinat\w*|ubicaci\w+|standort)\b|\u5750\u6807|\u043a\u043e\u043e\u0440\u0434\u0438\u043d\u0430\u0442\w*)"
    r"[^\n\d]{0,24}$",
    re.IGNORECASE,
)
_CONTEXT: Final = 60
_PART: Final = (
    r"\d{1,3}\s?[\u00b0\u00ba]\s?\d{1,2}\s?['\u2032\u2019\u00b4]\s?"
    r"\d{1,2}(?:[.,]\d{1,6})?\s?(?:[\"\u2033\u201d]|['\u2032\u2019\u00b4]{2})"
)
_SIXTIETHS: Final = re.compile(
    rf"(?<![\w.])(?:{_PART}\s?[NS]\b[\s,;/]{{0,3}}{_PART}\s?[EWO]\b|\b[NS]\s?{_PART}[\s,;/]{{0,3}}[EWO]\s?{_PART})", re.IGNORECASE
)


def _find(text: str, _low: int, _high: int) -> Iterator[Span]:
    for match in _PAIR.finditer(text):
        is_marked = bool(match["north"].strip() and match["east"].strip())
        if _on_earth(match) and (is_marked or _BEFORE.search(text, max(0, match.start() - _CONTEXT), match.start())):
            yield _span(match, match.start(), "geo_location.degrees" if is_marked else "geo_location.after_word")
    for pattern, rule in ((_NAMED, "geo_location.named"), (_LINK, "geo_location.link")):
        for match in pattern.finditer(text):
            if _on_earth(match):
                yield _span(match, match.start("latitude"), rule)
    for match in _SIXTIETHS.finditer(text):
        yield _span(match, match.start(), "geo_location.minutes_and_seconds")


def _on_earth(match: re.Match[str]) -> bool:
    latitude, longitude = (abs(float(match[name].replace("\u2212", "-"))) for name in ("latitude", "longitude"))
    return latitude <= _LAST_LATITUDE and longitude <= _LAST_LONGITUDE


def _span(match: re.Match[str], start: int, rule: str) -> Span:
    return Span(start=start, end=match.end(), entity="GEO_LOCATION", score=_SCORE, recognizer="Coordinates", rule=rule)


FINDERS: Final = (Finder((windows.DEGREES,), frozenset({"GEO_LOCATION"}), _SCORE, _find),)
