"""Structured identifiers: a shape, a check where one exists, and the label that stands nearest.

A shape alone is trusted where nothing else looks like it. Where order numbers and part codes do,
the check digit must fit, or the nearest label must name the identifier."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sadari.data.redact.checksums import (
    is_birth_date,
    is_business_number,
    is_card_number,
    is_corporate_number,
    is_resident_number,
)
from sadari.data.redact.labels import Labels
from sadari.data.redact.span import Kind, Span

_GAP = r"(?: ?[-.] ?| )"  # between the groups of a number
_D = r"[0-9*]"
_STRUNG = re.compile(r"(?<![A-Za-z0-9_*])(?:[0-9](?: ?[-.] ?| )){8,15}[0-9](?![A-Za-z0-9_*])")
_START = r"(?<![A-Za-z0-9_*])(?<![0-9][-.])"
_END = r"(?![A-Za-z0-9_*])(?!-[0-9*])(?!\.[0-9])"

_ENOUGH_DIGITS = re.compile(r"[0-9*](?:[-. )(]{0,3}[0-9*]){6}|[MSRGDmsrgd] ?[0-9*]{3}")
_PERSON = re.compile(rf"{_START}[0-9]{{2}}[0-9*]{{4}}{_GAP}?{_D}[0-9*xX]{{6}}{_END}")
_LICENCE = re.compile(
    rf"{_START}(?:[0-9]{{2}}{_GAP}?|(?:서울|부산|대구|인천|광주|대전|울산|경기|강원|충북|충남|전북"
    rf"|전남|경북|경남|제주) ?){_D}{{2}}{_GAP}?{_D}{{6}}{_GAP}?{_D}{{2}}{_END}"
)
_CARD = re.compile(
    rf"{_START}(?:{_D}{{4}}(?:{_GAP}?{_D}{{4}}){{3}}"
    rf"|3[47]{_D}{{2}}{_GAP}?{_D}{{6}}{_GAP}?{_D}{{5}})"
    rf"{_END}"
)
_BUSINESS = re.compile(rf"{_START}[0-9]{{3}}{_GAP}?{_D}{{2}}{_GAP}?{_D}{{5}}{_END}")
_MOBILE = re.compile(
    rf"(?:{_START}0|\+82{_GAP}?\(?0?\)?)1[016789]{_GAP}?{_D}{{3,4}}{_GAP}?{_D}{{4}}{_END}"
)
_LANDLINE = re.compile(
    rf"(?:{_START}\(?0|\+82{_GAP}?)(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50[0-9])(?:\) ?|{_GAP})?"
    rf"{_D}{{3,4}}{_GAP}?{_D}{{4}}{_END}"
)
_PASSPORT = re.compile(
    rf"(?<![A-Za-z0-9_])[MSRGDmsrgd] ?(?:{_D}{{3}}[A-Za-z]{_D}{{4}}|{_D}{{4}} ?{_D}{{4}}){_END}"
)
_TRAVEL = re.compile(r"여권|비자|사증|항공권|출국|면세|로밍|ESTA|passport", re.IGNORECASE)
_ACCOUNT = re.compile(
    rf"{_START}(?!(?:19|20)[0-9]{{2}}-[01][0-9]-[0-3][0-9](?![0-9]))"
    rf"{_D}{{2,16}}(?:{_GAP}{_D}{{1,8}}){{0,4}}{_END}(?! ?(?:원|개|대|:|,[0-9]))"
)
_MAIL = re.compile(
    r"(?:(?<![^\s(\[<:;,\"'])[가-힣]{2,20}"
    r"|[A-Za-z0-9_*](?:[A-Za-z0-9_.+&'*%~-]{0,62}[A-Za-z0-9_*])?)"
    r" ?@ ?(?:[A-Za-z0-9가-힣*](?:[A-Za-z0-9가-힣*-]{0,61}[A-Za-z0-9가-힣*])?\.){1,8}"
    r"(?:[A-Za-z]{2,24}|한국)(?![A-Za-z0-9])"
)
_ISSUERS = "34569"  # first digits of the cards in use here
_REGIONS = {f"{code}" for code in range(11, 29)}  # of driver's licences
_TRAVEL_REACH = 60
_AROUND = 100  # characters in which a label may stand

Judge = Callable[[re.Match[str], str, Labels], Kind | None]


def find_numbers(text: str) -> Iterator[Span]:
    """Identifiers, phones, accounts, cards and e-mail addresses in folded text. Where two shapes
    fit the same place, the more telling one comes first."""
    if "@" in text:
        yield from (Span(m.start(), m.end(), "email") for m in _MAIL.finditer(text))
    if not _ENOUGH_DIGITS.search(text):
        return
    yield from _shaped(text)
    for match in _STRUNG.finditer(text):  # 0 1 0 - 1 2 3 4 - 5 6 7 8
        joined = re.sub("[^0-9]", "", match[0])
        before = text[max(0, match.start() - _AROUND) : match.start()]
        place = (len(before), len(before) + len(joined))
        closed_up = before + joined + text[match.end() : match.end() + _AROUND]
        kinds = (s.kind for s in _shaped(closed_up) if (s.start, s.end) == place)
        if kind := next(kinds, None):
            yield Span(match.start(), match.end(), kind)


def _shaped(text: str) -> Iterator[Span]:
    labels = Labels(text)
    for shape, judge in _SHAPES:
        for match in shape.finditer(text):
            digits = re.sub(r"[^0-9*]", "", match[0].replace("x", "*").replace("X", "*"))
            kind = judge(match, digits, labels)
            if kind is not None:
                yield Span(match.start(), match.end(), kind)


def _person(match: re.Match[str], digits: str, labels: Labels) -> Kind | None:
    """Six digits and seven: a resident's, a foreigner's or a company's number."""
    label = labels.of(*match.span())
    whole = "*" not in digits
    joined = "-" in match[0]
    if label == "other" and not joined:
        return None
    born = digits[2:6].isdigit() is False or is_birth_date(
        digits[:6], digits[6] if digits[6] != "*" else "1"
    )
    fits = whole and is_resident_number(digits)
    if whole and label == "corporate_number":
        return "corporate_number"
    if whole and is_corporate_number(digits) and not (born and fits):
        if joined or label in ("business_number", "resident_number"):
            return "corporate_number"
        return None
    said = label in ("resident_number", "foreigner_number")
    if born and (fits or said or joined):
        return "foreigner_number" if digits[6] in "5678" else "resident_number"
    return None


def _licence(match: re.Match[str], digits: str, labels: Labels) -> Kind | None:
    if labels.speaks_of("driver_licence", *match.span()):
        return "driver_licence"
    parted = match[0].count("-") == 3
    return "driver_licence" if parted and digits[:2] in _REGIONS else None


def _card(match: re.Match[str], digits: str, labels: Labels) -> Kind | None:
    label = labels.of(*match.span())
    parted = len(match[0]) > len(digits)
    if label in ("other", "account") and not parted:
        return None
    if "*" in digits:
        return "card" if parted and sum(d != "*" for d in digits) >= 4 else None
    if digits[0] in _ISSUERS and is_card_number(digits):
        return "card"
    return "card" if label == "card" and digits[0] != "0" else None


def _business(match: re.Match[str], digits: str, labels: Labels) -> Kind | None:
    label = labels.of(*match.span())
    if label == "business_number":
        return "business_number"
    if "*" in digits or label in ("other", "account", "phone"):
        return None
    said = match[0].count("-") == 2 or label in ("resident_number", "corporate_number")
    return "business_number" if said and is_business_number(digits) else None


def _phone(match: re.Match[str], digits: str, labels: Labels) -> Kind | None:
    spaced = " " in match[0].strip()
    if spaced and re.match(r" [0-9]", match.string[match.end() : match.end() + 2]):
        return None  # a series of numbers
    parted = len(match[0]) > len(digits)
    if not parted and labels.of(*match.span()) in ("other", "account"):
        return None
    return "phone"


def _passport(match: re.Match[str], digits: str, labels: Labels) -> Kind | None:
    start, end = match.start() - _TRAVEL_REACH, match.end() + _TRAVEL_REACH
    return "passport" if _TRAVEL.search(match.string, max(0, start), end) else None


def _account(match: re.Match[str], digits: str, labels: Labels) -> Kind | None:
    if not 10 <= len(digits) <= 16 or sum(d != "*" for d in digits) < 6:
        return None
    return "account" if labels.of(*match.span()) == "account" else None


_SHAPES: tuple[tuple[re.Pattern[str], Judge], ...] = (
    (_PERSON, _person),
    (_LICENCE, _licence),
    (_CARD, _card),
    (_MOBILE, _phone),
    (_BUSINESS, _business),
    (_LANDLINE, _phone),
    (_PASSPORT, _passport),
    (_ACCOUNT, _account),
)
