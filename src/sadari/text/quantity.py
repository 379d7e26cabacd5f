"""Numbers with units in running Korean and English text, brought to one scale per dimension."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sadari.text.units import FOLD, UNITS, scale_of


@dataclass(frozen=True)
class Quantity:
    """A number read in a text. `value` is as written; `base` in its dimension's base unit.

    `dimension` is "" for a number without a unit that we know, `time`, or `length/time` for a
    rate. `spelled` numbers are written in letters (세 번, 사흘). `vague` are hours of the day that
    do not say which half of it. Text[start:end] holds number and unit.
    """

    value: float
    unit: str
    dimension: str
    base: float
    start: int
    end: int
    spelled: bool = False
    vague: bool = False


def quantity(value: float, unit: str) -> Quantity:
    """A value with a unit, on the base scale of its dimension."""
    scale = scale_of(unit)
    vague = scale.dimension == "clock" and value <= _NOON
    base = value * scale.factor + scale.zero
    return Quantity(value, unit, scale.dimension, base, 0, 0, vague=vague)


def quantities(text: str) -> list[Quantity]:
    """Every number in `text`, in digits or Korean numerals, in order of appearance.

    Reads signs (영하 3도), scales (1만 5천 원, 2×10⁻⁶ Torr), rates on either side (분당 6 L,
    6 L/min), days (사흘), hours of the day (오후 3시) and sums (1시간 30분); both ends of a range
    get its unit. Digits of codes (VG12, LL-207) are no numbers.
    """
    text = text.translate(FOLD)
    found = [_time_of_day(match) for match in _COLON.finditer(text)]
    taken = [(q.start, q.end) for q in found]
    for match in _DIGITS.finditer(text):
        if not any(start <= match.start() < end for start, end in taken):
            found.append(_digits(match, text))
    taken = [(q.start, q.end) for q in found]
    for read, pattern in ((_spelled, _WORDS), (_day, _DAYS)):
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            spelled = read(match)
            if spelled is not None:
                found.append(spelled)
                taken.append((spelled.start, spelled.end))
    found = _sums(sorted(found, key=lambda q: q.start), text)
    found = _ranges(found, text)
    found = [_with_prefix(q, text) for q in found]
    starts = [*(q.start for q in found[1:]), len(text)]  # the 1년 of "1년에 두 번" is its rate's
    return [q for q, next_start in zip(found, starts, strict=False) if q.end <= next_start]


_BY_LENGTH = "|".join(re.escape(word) for word in sorted(UNITS, key=len, reverse=True))
_RATE = rf"(?:{_BY_LENGTH})(?:\s?/\s?(?:{_BY_LENGTH})(?![a-z]))?"
_UNIT_HERE = re.compile(rf"\s*({_RATE})(?![a-z³])", re.IGNORECASE)
_PARTICLE = re.compile(
    r"은|는|이|가|을|를|에|의|로|으로|도|만|과|와|까지|부터|마다|씩|인|일|입|였|었|라|라도|면|미만|초과|정도|쯤|간|당|"
    r"짜리|어치|동안|안|내|후|전|뒤|보다|보단|밖|요|예|죠|지|랑|하고|넘|걸|대[가-힣\s]|나|임|째|여|경|반|대로|아래|위|"
    r"누|마[다저]|사이|해서|라고|며|고|든"
)
_DIGITS = re.compile(
    r"(?<![A-Za-z0-9.])(?<![A-Za-z][-_])"
    r"(?P<number>-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?)"
    r"(?:\s?[×x]\s?10(?P<raised>[⁻⁺]?[⁰¹²³⁴-⁹]+|\^\s?[-+]?\d+)|(?P<power>[⁻⁺]?[⁰¹²³⁴-⁹]+|\^\s?[-+]?\d+)"
    r"|e(?P<exponent>[-+]?\d+)|(?P<scale>천만|백만|십만|억|만|천|백)(?!약|료|족|들|나))?",
    re.IGNORECASE,
)
_SCALE = {"백": 100.0, "천": 1e3, "만": 1e4, "십만": 1e5, "백만": 1e6, "천만": 1e7, "억": 1e8}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", "^ ")

_COLON = re.compile(r"(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")
_NATIVE = {
    "한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7,
    "여덟": 8, "아홉": 9, "열": 10, "스무": 20, "스물": 20, "서른": 30, "마흔": 40, "쉰": 50,
    "예순": 60, "일흔": 70, "여든": 80, "아흔": 90,
}  # fmt: skip
_TENS = "열|스물|서른|마흔|쉰|예순|일흔|여든|아흔"
_ONES = "한|두|세|석|네|넉|다섯|여섯|일곱|여덟|아홉"
_SINO = dict(zip("영공일이삼사오육칠팔구", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_PLACES = {"십": 10, "백": 100, "천": 1000, "만": 10_000, "억": 100_000_000}
_SINO_WORD = r"[일이삼사오육칠팔구십백천]"
_WORDS = re.compile(
    rf"(?<![가-힣])(?:(?P<native>(?:{_TENS})?(?:{_ONES})|{_TENS}|스무)|(?P<sino>(?:{_SINO_WORD}*억\s?)?"
    rf"(?:{_SINO_WORD}*만\s?)?(?:{_SINO_WORD}+|(?<=[만억])|(?<=[만억]\s)|영|공)"
    rf"(?:\s?점\s?[영공일이삼사오육칠팔구]+)?))"
    rf"(?P<gap>\s?)(?P<unit>{_BY_LENGTH})(?=$|[^가-힣A-Za-z]|(?:{_PARTICLE.pattern})(?<!번째))",
    re.IGNORECASE,
)
# 이 시간, 이 점, 일 대: "this hour", "this point": with a space only units that mean nothing else
_SAFE = re.compile(
    r"도|초|년|개월|퍼센트|원|회|배|매|(?!시간|주간|주일)[가-힣]{2,}|[a-z%]+", re.IGNORECASE
)
_SURE = re.compile(r"초|원|회|년|개월|[가-힣]{3,}|[a-z]+", re.IGNORECASE)  # 이점, 사장: nouns
_DAY = {
    "하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "여드레": 8,
    "아흐레": 9, "열흘": 10, "보름": 15, "일주일": 7,
}  # fmt: skip
_DAYS = re.compile(rf"(?<![가-힣])(?:{'|'.join(_DAY)}|반년|반\s?시간)")

_MINUS = re.compile(r"영하\s*(?:약\s*)?$")
_FAHRENHEIT = re.compile(r"화씨\s*(?:약\s*)?$")
_PER = re.compile(
    rf"(?<![가-힣\d])(?:1\s?)?({_BY_LENGTH})(?:당|마다|에)\s*(?:약\s*)?$", re.IGNORECASE
)
_SPEED = re.compile(r"(?<![가-힣])(초|분|시)속\s*(?:약\s*)?$")
_DOLLAR = re.compile(r"\$\s?$")
_MORNING = re.compile(r"(?:오전|새벽|아침)\s*$")
_EVENING = re.compile(r"(?:오후|저녁|밤|낮)\s*$")
_RANGE = {"~", "-", "에서", "내지", "±", ","}
_HALF = re.compile(r"\s?반(?=$|[^가-힣]|[을이은에])")
_ADDS = {"time", "month", "mass", "length"}
_NOON = 12


def _time_of_day(match: re.Match[str]) -> Quantity:
    hours = float(match[1]) + float(match[2]) / 60
    return replace(quantity(hours, "시"), start=match.start(), end=match.end())


def _digits(match: re.Match[str], text: str) -> Quantity:
    value = float(match["number"].replace(",", ""))
    if value < 0 and match.start() and re.match(r"[\w%℃°)]", text[match.start() - 1]):
        value = -value  # a dash between two values, "3-5초", is no minus
    power = match["raised"] or match["exponent"]
    if power:
        value *= 10.0 ** int(power.translate(_RAISED))
    elif match["power"]:
        value **= int(match["power"].translate(_RAISED))
    value *= _SCALE.get(match["scale"] or "", 1.0)
    unit = _UNIT_HERE.match(text, match.end())
    # "3도" is a temperature, "3도이다" too, but "3 대신" holds no unit 대
    if unit is None or (
        unit[1][-1] >= "가"
        and re.match(r"[가-힣]", text[unit.end() :])
        and not _PARTICLE.match(text, unit.end())
    ):
        return Quantity(value, "", "", value, match.start(), match.end())
    return replace(quantity(value, unit[1]), start=match.start(), end=unit.end())


def _spelled(match: re.Match[str]) -> Quantity | None:
    unit = match["unit"]
    if match["native"]:
        value = _native(match["native"])
    else:
        sino = match["sino"].strip()
        alone = len(sino) == 1 and sino in "이일사오구공만"
        if not sino or (alone and match["gap"] and not _SAFE.fullmatch(unit)):
            return None
        if alone and not match["gap"] and not _SURE.fullmatch(unit):
            return None
        if sino == "영" and unit == "점":
            return None  # 영점 is a zero point far more often than a score of nought
        value = _sino(sino)
    return replace(quantity(value, unit), start=match.start(), end=match.end(), spelled=True)


def _day(match: re.Match[str]) -> Quantity:
    word = match.group()
    if word == "반년":
        found = quantity(6, "개월")
    elif word in _DAY:
        found = quantity(float(_DAY[word]), "일")
    else:
        found = quantity(30, "분")
    return replace(found, start=match.start(), end=match.end(), spelled=True)


def _native(word: str) -> float:
    total = 0
    while word:
        size = 2 if word[:2] in _NATIVE else 1
        total += _NATIVE[word[:size]]
        word = word[size:]
    return float(total)


def _sino(word: str) -> float:
    whole, _, fraction = re.sub(r"\s", "", word).partition("점")
    total = section = digit = 0
    if not any(c in _PLACES for c in whole):
        total = int("".join(str(_SINO[c]) for c in whole) or 0)
    else:
        for c in whole:
            if c in _SINO:
                digit = _SINO[c]
            elif _PLACES[c] < 10_000:
                section += (digit or 1) * _PLACES[c]
                digit = 0
            else:
                total += ((section + digit) or 1) * _PLACES[c]
                section = digit = 0
        total += section + digit
    return float(f"{total}.{''.join(str(_SINO[c]) for c in fraction) or 0}")


def _sums(found: list[Quantity], text: str) -> list[Quantity]:
    """One quantity where several pieces make it: 1만 5천 원, 1시간 30분, 2년 6개월, 한 시간 반."""
    out: list[Quantity] = []
    for right in found:
        left = out[-1] if out else None
        gap = text[left.end : right.start] if left else ""
        if left is None or gap.strip() or len(gap) > 1:
            out.append(right)
        elif not left.unit and _continues(left, right, text):
            whole = quantity(left.value + right.value, right.unit)
            out[-1] = replace(whole, start=left.start, end=right.end, spelled=left.spelled)
        elif _smaller_unit(left, right):
            factor = scale_of(left.unit).factor
            base = left.base + right.base
            out[-1] = replace(left, value=base / factor, base=base, end=right.end)
        elif left.dimension == "clock" and right.unit == "분":
            hours = left.value + right.value / 60
            out[-1] = replace(left, value=hours, base=hours, end=right.end)
        else:
            out.append(right)
    return [_and_a_half(q, text) for q in out]


def _smaller_unit(left: Quantity, right: Quantity) -> bool:
    """Whether two quantities add up: 1시간 30분, 2년 6개월, 1 t 200 kg; not 1일 8시간, a rate."""
    if left.dimension != right.dimension or left.dimension not in _ADDS or left.unit == "일":
        return False
    return 0 < right.base < scale_of(left.unit).factor and left.value.is_integer()


def _continues(left: Quantity, right: Quantity, text: str) -> bool:
    scale = text[left.end - 1]
    return scale in _SCALE and 0 < right.value < _SCALE[scale]


def _and_a_half(q: Quantity, text: str) -> Quantity:
    if q.dimension not in ("time", "month") or not (half := _HALF.match(text, q.end)):
        return q
    base = q.base + scale_of(q.unit).factor / 2
    return replace(q, value=q.value + 0.5, base=base, end=half.end())


def _ranges(found: list[Quantity], text: str) -> list[Quantity]:
    """In "200~300 °C" both ends carry the unit."""
    out = list(found)
    for index in range(len(out) - 2, -1, -1):
        left, right = out[index], out[index + 1]
        if left.unit or not right.unit or text[left.end : right.start].strip() not in _RANGE:
            continue
        out[index] = replace(quantity(left.value, right.unit), start=left.start, end=left.end)
    return out


def _with_prefix(q: Quantity, text: str) -> Quantity:
    """What stands before a number and changes it: 영하, 화씨, 분당, 오후."""
    before = text[max(0, q.start - 12) : q.start]
    if q.dimension == "temperature":
        if minus := _MINUS.search(before):
            cold = quantity(-abs(q.value), q.unit)
            return replace(cold, start=q.start - len(minus.group()), end=q.end)
        if hot := _FAHRENHEIT.search(before):
            warm = quantity(q.value, "°F")
            return replace(warm, start=q.start - len(hot.group()), end=q.end)
    if q.dimension == "clock":
        early, late = _MORNING.search(before), _EVENING.search(before)
        if late and q.value < _NOON and not (late.group().startswith("낮") and q.value > 6):
            start = q.start - len(late.group())
            return replace(q, base=q.base + _NOON, start=start, vague=False)
        if said := early or late:
            return replace(q, start=q.start - len(said.group()), vague=False)
    if not q.unit and (sign := _DOLLAR.search(before)):
        return replace(quantity(q.value, "USD"), start=q.start - len(sign.group()), end=q.end)
    if q.dimension == "length" and (speed := _SPEED.search(before)):
        rate = quantity(q.value, f"{q.unit}/{'시간' if speed[1] == '시' else speed[1]}")
        return replace(rate, start=q.start - len(speed.group()), end=q.end)
    if q.unit and "/" not in q.dimension and (per := _PER.search(before)):
        rate = quantity(q.value, f"{q.unit}/{per[1]}")
        if "/" in rate.dimension and rate.dimension != "time/time":
            return replace(rate, start=q.start - len(per.group()), end=q.end, spelled=q.spelled)
    return q
