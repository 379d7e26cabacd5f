"""Spellings of units, and how each reads on the base scale of its dimension."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# dimension, factor to the dimension's base unit, spellings in lower case
_TABLE: tuple[tuple[str, float, str], ...] = (
    ("time", 1e-6, "µs us 마이크로초"),
    ("time", 1e-3, "ms msec 밀리초"),
    ("time", 1.0, "s sec secs second seconds 초"),
    ("time", 60.0, "min mins minute minutes 분"),
    ("time", 3600.0, "h hr hrs hour hours 시간"),
    ("time", 86400.0, "day days 일 일간"),
    ("time", 604800.0, "week weeks 주 주일 주간"),
    ("month", 1.0, "month months 개월 달"),
    ("month", 12.0, "year years 년 년간 해"),
    ("length", 0.1, "å 옹스트롬 angstrom angstroms"),
    ("length", 1.0, "nm ㎚ 나노미터 나노"),
    ("length", 1e3, "µm ㎛ um micron microns 마이크로미터 마이크론 미크론"),
    ("length", 1e6, "mm ㎜ 밀리미터 밀리"),
    ("length", 1e7, "cm ㎝ 센티미터 센티 센치"),
    ("length", 1e9, "m 미터"),
    ("length", 1e12, "km ㎞ 킬로미터"),
    ("length", 25.4e6, "inch inches 인치"),
    ("pressure", 1e-3, "mtorr 밀리토르 m토르"),
    ("pressure", 1.0, "torr 토르"),
    ("pressure", 0.00750062, "pa 파스칼"),
    ("pressure", 7.50062, "kpa ㎪ 킬로파스칼"),
    ("pressure", 7500.62, "mpa ㎫ 메가파스칼"),
    ("pressure", 0.750062, "mbar 밀리바"),
    ("pressure", 750.062, "bar 바"),
    ("pressure", 760.0, "atm 기압"),
    ("temperature", 1.0, "°c ℃ c 도 도씨 degc k 켈빈"),
    ("temperature", 5 / 9, "°f ℉ 화씨도"),
    ("flow", 1.0, "sccm"),
    ("flow", 1e3, "slm"),
    ("power", 1.0, "w 와트"),
    ("power", 1e3, "kw 킬로와트"),
    ("frequency", 1.0, "hz 헤르츠"),
    ("frequency", 1e3, "khz 킬로헤르츠"),
    ("frequency", 1e6, "mhz 메가헤르츠"),
    ("frequency", 1e9, "ghz 기가헤르츠"),
    ("ratio", 1.0, "% 퍼센트 프로 percent pct"),
    ("ratio", 1e-4, "ppm"),
    ("ratio", 1e-7, "ppb"),
    ("mass", 1e-3, "mg ㎎ 밀리그램"),
    ("mass", 1.0, "g 그램"),
    ("mass", 1e3, "kg ㎏ 킬로그램 킬로"),
    ("mass", 1e6, "t ton tons 톤"),
    ("volume", 1e-3, "ml ㎖ cc 밀리리터"),
    ("volume", 1.0, "l liter litre liters 리터"),
    ("volume", 1e3, "m3 m³ ㎥ 세제곱미터"),
    ("data", 1.0, "mb 메가바이트 메가"),
    ("data", 1e3, "gb 기가바이트 기가"),
    ("won", 1.0, "원 won krw"),
    ("dollar", 1.0, "달러 usd dollar dollars 불"),
    ("euro", 1.0, "유로 eur euro"),
    ("cycle", 1.0, "사이클 cycle cycles"),
    ("times", 1.0, "회 번 차례 times"),
    ("sheet", 1.0, "장 매 wafers wafer 웨이퍼"),
    ("person", 1.0, "명 인 사람 people"),
    ("item", 1.0, "개 건 점 곳 군데 가지 대 통 박스 상자 병 잔 그릇 인분 슬롯 slot slots"),
    ("clock", 1.0, "시"),
    ("multiple", 1.0, "배"),
    ("floor", 1.0, "층"),
    ("voltage", 1.0, "v 볼트"),
    ("voltage", 1e3, "kv 킬로볼트"),
    ("current", 1e-3, "ma 밀리암페어"),
    ("current", 1.0, "a 암페어"),
    ("resistance", 1.0, "ω ohm 옴"),
    ("resistivity", 1.0, "µω·cm µω•cm µωcm µohm·cm uohm·cm"),
    ("rotation", 1.0, "rpm"),
)
_ZERO = {"k": -273.15, "켈빈": -273.15, "°f": -160 / 9, "℉": -160 / 9, "화씨도": -160 / 9}
# One code point, one code point: folding a text for reading must not move its characters.
FOLD = str.maketrans(
    {"μ": "µ", "Å": "å", "\u212b": "å", "Ω": "ω", "\u2126": "ω", "⋅": "·", "−": "-", "–": "-",
     "∼": "~", "～": "~"}
)  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """How a unit reads: a value's base is `value * factor + zero` in the dimension's base unit."""

    dimension: str
    factor: float
    zero: float = 0.0


UNITS: dict[str, Scale] = {
    word: Scale(dimension, factor, _ZERO.get(word, 0.0))
    for dimension, factor, words in reversed(_TABLE)
    for word in words.split()
}


@lru_cache(maxsize=4096)
def scale_of(unit: str) -> Scale:
    """The scale of a unit's spelling, `min` or `mTorr/min`. A rate's dimension is
    `pressure/time`; a unit that the table does not hold is a dimension of its own."""
    word = re.sub(r"\s+", "", unit.translate(FOLD).lower()).removeprefix("섭씨")
    if word in UNITS:
        return UNITS[word]
    above, slash, below = word.partition("/")
    if slash and above in UNITS and below in UNITS:
        over, under = UNITS[above], UNITS[below]
        if (above, under.dimension) == (
            "a",
            "cycle",
        ):  # Å on a plain keyboard: no film grows amperes
            over = UNITS["å"]
        return Scale(f"{over.dimension}/{under.dimension}", over.factor / under.factor)
    return Scale(word, 1.0)
