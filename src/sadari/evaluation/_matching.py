"""Finding what a key asks for in a reading: strings in any inflection, quantities in any unit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from sadari.domain.question import AnyOf, Number
from sadari.evaluation._reading import Reading, Span
from sadari.text import normalise
from sadari.text.quantity import Quantity, quantities, quantity
from sadari.text.units import FOLD, scale_of

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PARTICLE = re.compile(r"(?<=[가-힣])(?:에서|으로|이|가|은|는|을|를|의|에|로|와|과|도)$")
_OPENED = dict(zip("한된진린든긴킨친낀튄둔샌준낸", "하되지리드기키치끼튀두새주내", strict=True))
# An open stem and what it becomes before 어: 커지/커져, 쏘/쏴, 나누/나눠, 되/돼, 하/해, 끄/꺼
_FUSED = {"ᅵ": "ᅵᅧ", "ᅩ": "ᅩᅪ", "ᅮ": "ᅮᅯ", "ᅬ": "ᅬᅫ", "ᅳ": "ᅳᅥ"}
_GAP = "[ᄀ-ᇿ]{0,9}?"  # a particle, or a short adverb: 벽에 (오래) 붙
_DENIAL_IN_GAP = re.compile("안|못|않|없|덜|아니")
_COUNTS = {"item", "sheet", "person"}


@dataclass(frozen=True)
class Match:
    """Where an alternative stands in a reading's text, and the quantity that it is, if any."""

    start: int
    end: int
    alternative: str | Number
    quantity: Quantity | None = None


def matches(item: AnyOf, reading: Reading, question: str = "") -> list[Match]:
    """Every place in `reading` that holds an alternative of `item`, asserted or not."""
    found: list[Match] = []
    for alternative in item:
        if isinstance(alternative, Number):
            found.extend(_numbers(alternative, reading, question))
            continue
        wanted = as_quantity(alternative, item)
        taken: list[Span] = []
        if wanted is not None:
            for q in reading.quantities:
                if q.dimension == wanted.dimension:
                    taken.append((q.start, q.end))
                    if _equal(q, wanted, 0.0):
                        found.append(Match(q.start, q.end, alternative, q))
        found.extend(
            Match(start, end, alternative)
            for start, end in places(alternative, reading)
            if not any(start < e and s < end for s, e in taken)
        )
    return found


def places(alternative: str, reading: Reading) -> list[Span]:
    """Where a string stands in a text, forgiving spaces, particles, endings and a word between."""
    pattern, bounded = _pattern(alternative)
    spans = []
    for match in pattern.finditer(reading.jamo):
        if any(_DENIAL_IN_GAP.search(unicodedata.normalize("NFC", g)) for g in match.groups() if g):
            continue
        start = reading.at[match.start()]
        end = reading.at[match.end() - 1] + 1
        if _free(reading.text, start, end, bounded):
            spans.append((start, end))
    return spans


def as_quantity(alternative: str, item: AnyOf = ()) -> Quantity | None:
    """The quantity that a string of the key is (6개월, 사흘, 오후 3시), else None. An hour without
    its half of the day takes the half that another alternative of the item says."""
    found = _whole_quantity(alternative)
    if found is not None and found.vague:
        for other in item:
            clear = _whole_quantity(other) if isinstance(other, str) else None
            if (
                clear
                and clear.dimension == "clock"
                and not clear.vague
                and clear.base % 12 == found.base % 12
            ):
                return clear
    return found


def means(number: Number, q: Quantity) -> bool:
    """Whether a quantity of a text is `number`, within its tolerance."""
    return _equal(q, quantity(number.value, number.unit), number.tolerance)


@lru_cache(maxsize=8192)
def _whole_quantity(text: str) -> Quantity | None:
    found = quantities(normalise(text).translate(FOLD))
    whole = (
        len(found) == 1
        and found[0].dimension
        and not re.sub(
            r"\s", "", normalise(text)[: found[0].start] + normalise(text)[found[0].end :]
        )
    )
    return found[0] if whole else None


def _numbers(number: Number, reading: Reading, question: str) -> list[Match]:
    wanted = quantity(number.value, number.unit)
    found = []
    for q in reading.quantities:
        same = _equal(q, wanted, number.tolerance)
        if not same and not q.dimension:
            named = number.unit and _named(number.unit, question)
            unit = re.sub(r"\s", "", number.unit.lower())
            after = re.sub(r"\s", "", reading.text[q.end : q.end + len(unit) + 2])
            bare = not re.match(r"[a-z]", after)
            if (named and bare) or not number.unit or after.startswith(unit):
                same = abs(q.value - number.value) <= number.tolerance + 1e-9 * abs(number.value)
        elif not same and not number.unit and "/" not in q.dimension:
            same = abs(q.value - number.value) <= number.tolerance + 1e-9 * abs(number.value)
        if same:
            found.append(Match(q.start, q.end, number, q))
    return found


def _named(unit: str, question: str) -> bool:
    """Whether the question names the unit (몇 초, 몇 도), so that the answer need not."""
    asked = re.findall(r"몇\s?([가-힣%a-zA-Z°µ/]+)", question)
    dimension = scale_of(unit).dimension
    return any(
        scale_of(word[:size]) == scale_of(unit)
        for word in asked
        for size in range(len(word), 0, -1)
        if scale_of(word[:size]).dimension == dimension
    )


def _equal(q: Quantity, wanted: Quantity, tolerance: float) -> bool:
    kin = q.dimension == wanted.dimension or {q.dimension, wanted.dimension} <= _COUNTS
    if not kin or not q.dimension:
        return False
    near = tolerance * scale_of(wanted.unit).factor * (1 + 1e-9) + 1e-6 * abs(wanted.base) + 1e-12
    halves = (0.0, 12.0) if q.vague or wanted.vague else (0.0,)
    return any(abs(abs(q.base - wanted.base) - half) <= near for half in halves)


@lru_cache(maxsize=8192)
def _pattern(alternative: str) -> tuple[re.Pattern[str], bool]:
    """The pattern of a string over jamo, and whether it must begin a word."""
    text = _THOUSANDS.sub("", normalise(alternative).translate(FOLD))
    if len(text) > 2 and re.search(r"[가-힣]다$", text):
        text = text[:-1].removesuffix("니")
        if text[-1] in "입":
            text = text[:-1]
    *before, last = text.split() or [text]
    parts = []
    for word in before:
        bare = _PARTICLE.sub("", word) if len(word) > 1 else word
        parts.append(re.escape(unicodedata.normalize("NFD", bare)) + f"({_GAP})")
    short = len(text) == 1
    parts.append(_stem(last, short))
    return re.compile("".join(parts)), short or (len(text) == 2 and alternative.endswith("다"))


def _stem(word: str, short: bool) -> str:
    """A last word over jamo: it may go on in any ending, and fuse with one."""
    if not "가" <= word[-1] <= "힣":
        return re.escape(unicodedata.normalize("NFD", word))
    if short:
        closed = (ord(word) - 0xAC00) % 28
        return unicodedata.normalize("NFD", word) + ("" if closed else "(?![ᆨ-ᇂ])")
    word = word[:-1] + _OPENED.get(word[-1], word[-1])
    jamo = unicodedata.normalize("NFD", word)
    if word[-1] == "하":
        return jamo[:-1] + "[ᅡᅢ]"
    return jamo[:-1] + f"[{_FUSED[jamo[-1]]}]" if jamo[-1] in _FUSED else jamo


def _free(text: str, start: int, end: int, bounded: bool) -> bool:
    """Whether the ends of a match do not cut a number or a code, or a one-syllable word."""
    before, after = text[start - 1 : start], text[end : end + 2]
    first, last = text[start], text[end - 1]
    if first.isdigit() and (before.isdigit() or before in (".", ",") or re.match("[a-z]", before)):
        return False
    if first.isascii() and first.isalpha() and re.match("[a-z0-9]", before):
        return False
    if last.isdigit() and re.match(r"\d|[.]\d", after):
        return False
    if last.isascii() and last.isalpha() and re.match("[a-z0-9]", after):
        return False
    return not (bounded and re.match("[가-힣]", before))
