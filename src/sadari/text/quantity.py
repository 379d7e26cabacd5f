"""Numbers with units in running Korean and English text, brought to one scale per dimension."""

from __future__ import annotations

import re
from dataclasses import dataclass

# unit spellings -> (dimension, factor to the dimension's base unit)
_SPELLINGS: dict[tuple[str, float], str] = {
    ("time", 1e-3): "ms msec 밀리초",
    ("time", 1e-6): "µs us 마이크로초",
    ("time", 1.0): "s sec secs second seconds 초",
    ("time", 60.0): "min mins minute minutes 분",
    ("time", 3600.0): "h hr hrs hour hours 시간",
    ("time", 86400.0): "day days 일 일간 하루",
    ("time", 604800.0): "week weeks 주 주일 주간",
    ("month", 1.0): "month months 개월 달",
    ("month", 12.0): "year years 년 년간 해",
    ("length", 1e-10): "å a옹스트롬 옹스트롬 angstrom",
    ("length", 1e-9): "nm 나노미터",
    ("length", 1e-6): "µm um micron 마이크로미터 마이크론",
    ("length", 1e-3): "mm 밀리미터 밀리",
    ("length", 1e-2): "cm 센티미터 센티 센치",
    ("length", 1.0): "m 미터",
    ("length", 1e3): "km 킬로미터",
    ("pressure", 1e-3): "mtorr 밀리토르 m토르",
    ("pressure", 1.0): "torr 토르",
    ("pressure", 0.00750062): "pa 파스칼",
    ("pressure", 7.50062): "kpa 킬로파스칼",
    ("pressure", 7500.62): "mpa 메가파스칼",
    ("pressure", 0.750062): "mbar 밀리바",
    ("pressure", 750.062): "bar 바",
    ("pressure", 760.0): "atm 기압",
    ("leak", 1e-3): "mtorr/min mtorr/분 밀리토르/분",
    ("temperature", 1.0): "°c ℃ c 도 도씨 degc",
    ("kelvin", 1.0): "k 켈빈",
    ("flow", 1.0): "sccm",
    ("flow", 1000.0): "slm",
    ("power", 1.0): "w 와트",
    ("power", 1e3): "kw 킬로와트",
    ("frequency", 1.0): "hz 헤르츠",
    ("frequency", 1e3): "khz 킬로헤르츠",
    ("frequency", 1e6): "mhz 메가헤르츠",
    ("frequency", 1e9): "ghz 기가헤르츠",
    ("ratio", 1.0): "% 퍼센트 프로 percent pct",
    ("mass", 1e-3): "mg 밀리그램",
    ("mass", 1.0): "g 그램",
    ("mass", 1e3): "kg 킬로그램 킬로",
    ("volume", 1e-3): "ml 밀리리터",
    ("volume", 1.0): "l 리터",
    ("money", 1.0): "원 won krw",
    ("money", 1e3): "천원 천 원",
    ("money", 1e4): "만원 만 원",
    ("money", 1e8): "억원",
    ("growth", 1.0): "å/cycle å/사이클 옹스트롬/사이클",
    ("concentration", 1.0): "g/m3 g/m³ g/㎥",
    ("cycle", 1.0): "사이클 cycle cycles",
    ("times", 1.0): "회 번 차례 times",
    ("sheet", 1.0): "장 매 wafers wafer 웨이퍼",
    ("person", 1.0): "명 인 분 사람 people",
    ("item", 1.0): "개 건 점 곳 군데 가지 대 통 박스 상자 병 잔 그릇 인분 슬롯 slot slots",
    ("item", 1e6): "백만개",
    ("clock", 1.0): "시",
    ("multiple", 1.0): "배",
    ("floor", 1.0): "층",
    ("voltage", 1.0): "v 볼트",
    ("voltage", 1e3): "kv 킬로볼트",
    ("current", 1e-3): "ma 밀리암페어",
    ("current", 1.0): "a 암페어",
}

UNITS: dict[str, tuple[str, float]] = {}
for (_dimension, _factor), _words in _SPELLINGS.items():
    for _word in _words.split():
        UNITS.setdefault(_word, (_dimension, _factor))

_BY_LENGTH = sorted(UNITS, key=len, reverse=True)
_UNIT = "|".join(re.escape(word) for word in _BY_LENGTH)
_DIGITS = re.compile(
    r"(?<![A-Za-z0-9.])(?<![A-Za-z][-_])([-−–]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-−–]?\d+(?:\.\d+)?)"
    r"(?:\s*(천만|백만|억|만|천)(?=\s*[가-힣a-z%]))?"
)
_UNIT_HERE = re.compile(rf"\s*({_UNIT})(?![a-z])", re.IGNORECASE)
_NATIVE = {
    "한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7,
    "여덟": 8, "아홉": 9, "열": 10, "스무": 20, "스물": 20, "서른": 30, "마흔": 40, "쉰": 50,
    "예순": 60, "일흔": 70, "여든": 80, "아흔": 90,
}  # fmt: skip
_TENS = "열|스물|서른|마흔|쉰|예순|일흔|여든|아흔"
_ONES = "한|두|세|석|네|넉|다섯|여섯|일곱|여덟|아홉"
_SINO = dict(zip("영공일이삼사오육칠팔구", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_PLACES = {"십": 10, "백": 100, "천": 1000, "만": 10_000, "억": 100_000_000}
_SCALE = {"천": 1e3, "만": 1e4, "백만": 1e6, "천만": 1e7, "억": 1e8}
_WORDS = re.compile(
    rf"(?<![가-힣])(?:((?:{_TENS})?(?:{_ONES})|{_TENS}|스무)|([영공일이삼사오육칠팔구십백천만억]+(?:\s?점\s?[영공일이삼사오육칠팔구]+)?))"
    rf"\s?({_UNIT})(?=$|[^가-힣A-Za-z]|[은는이가을를에의로도만과와까마씩이으정미이])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Quantity:
    """A number read in a text. `value` is as written; `base` in its dimension's base unit.
    `dimension` is the unit's own spelling where the unit is not in the table, "" without one."""

    value: float
    unit: str
    dimension: str
    base: float
    start: int
    end: int
    spelled: bool = False


def quantity(value: float, unit: str) -> Quantity:
    """A value with a unit, on the base scale of its dimension."""
    dimension, factor = unit_of(unit)
    return Quantity(value, unit, dimension, value * factor, 0, 0)


def unit_of(unit: str) -> tuple[str, float]:
    """(dimension, factor) of a unit's spelling; an unknown unit is its own dimension."""
    word = _canonical(unit)
    return UNITS.get(word, (word, 1.0))


def quantities(text: str) -> list[Quantity]:
    """Every number in `text`, digits or Korean numerals, in order of appearance."""
    found = [_from_digits(match, text) for match in _DIGITS.finditer(text)]
    taken = [(q.start, q.end) for q in found]
    for match in _WORDS.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        if match[2] == "영" and match[3] == "점":
            continue  # 영점 is a zero point far more often than a score of nought
        value = _native(match[1]) if match[1] else _sino(match[2])
        dimension, factor = unit_of(match[3])
        found.append(
            Quantity(
                value, match[3], dimension, value * factor, match.start(), match.end(), spelled=True
            )
        )
    return _share_range_units(sorted(found, key=lambda q: q.start), text)


def _from_digits(match: re.Match[str], text: str) -> Quantity:
    value = float(re.sub(r"[,]", "", match[1]).replace("−", "-").replace("–", "-"))
    if value < 0 and match.start() and re.match(r"[\w%℃°가-힣)]", text[match.start() - 1]):
        value = -value  # a dash between two values, "3-5초", is no minus
    value *= _SCALE.get(match[2] or "", 1.0)
    unit = _unit_after(text, match.end())
    if unit is None:
        return Quantity(value, "", "", value, match.start(), match.end())
    word, end = unit
    dimension, factor = unit_of(word)
    return Quantity(value, word, dimension, value * factor, match.start(), end)


def _unit_after(text: str, position: int) -> tuple[str, int] | None:
    match = _UNIT_HERE.match(text, position)
    if match is None:
        return None
    # "3도" is a temperature, "3도 아니다" too, but "3 대신" holds no unit 대
    rest = text[match.end() :]
    if match[1][-1] >= "가" and re.match(r"[가-힣]", rest) and not _PARTICLE.match(rest):
        return None
    return match[1], match.end()


_PARTICLE = re.compile(
    r"(은|는|이|가|을|를|에|의|로|으로|도|만|과|와|까지|부터|마다|씩|이다|입니다|이에요|예요|이고|이며|이상|이하|미만|초과|"
    r"정도|쯤|간|당|짜리|인|이면|이라|였|동안|안에|내|후|전|뒤|보다|보단|이내|밖|요|죠|지|랑|하고|밖에|넘|걸|대|이나|나|임|째)"
)


def _canonical(unit: str) -> str:
    word = unit.strip().lower().replace("μ", "µ").replace("㎛", "µm").replace("㎚", "nm")
    return re.sub(r"\s+", "", word).replace("å", "å").replace("섭씨", "")


def _native(word: str) -> float:
    total = 0
    while word:
        for size in (2, 1):
            if word[:size] in _NATIVE:
                total += _NATIVE[word[:size]]
                word = word[size:]
                break
        else:
            return float(total)
    return float(total)


def _sino(word: str) -> float:
    whole, _, fraction = re.sub(r"\s", "", word).partition("점")
    if not any(c in _PLACES for c in whole):
        value = float("".join(str(_SINO[c]) for c in whole) or 0)
    else:
        total = section = digit = 0
        for c in whole:
            if c in _SINO:
                digit = _SINO[c]
            elif _PLACES[c] < 10_000:
                section += (digit or 1) * _PLACES[c]
                digit = 0
            else:
                total += ((section + digit) or 1) * _PLACES[c]
                section = digit = 0
        value = float(total + section + digit)
    if fraction:
        value += float("0." + "".join(str(_SINO[c]) for c in fraction))
    return value


def _share_range_units(found: list[Quantity], text: str) -> list[Quantity]:
    """In "200~300 °C" both ends carry the unit."""
    out = list(found)
    for index in range(len(out) - 2, -1, -1):
        left, right = out[index], out[index + 1]
        between = text[left.end : right.start].strip()
        if left.unit == "만" and right.dimension == "money" and not between:  # 1만 5천 원
            value = (left.base + right.base) / unit_of(right.unit)[1]
            base = left.base + right.base
            out[index : index + 2] = [
                Quantity(value, right.unit, "money", base, left.start, right.end)
            ]
            continue
        if (
            not left.unit
            and right.unit
            and between in ("~", "-", "–", "∼", "에서", "내지", "±", ",")
        ):
            dimension, factor = unit_of(right.unit)
            out[index] = Quantity(
                left.value, right.unit, dimension, left.value * factor, left.start, left.end
            )
    return out
