"""Quantities in Korean and English text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.text.quantity import Quantity, quantities, quantity
from sadari.text.units import UNITS, scale_of


def only(text: str) -> Quantity:
    found = quantities(text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("0.5초", 0.5, "s"),
        ("500 ms", 0.5, "s"),
        ("영점오 초입니다", 0.5, "s"),
        ("1분 30초", 90, "s"),
        ("한 시간 반", 90, "min"),
        ("사흘", 3, "일"),
        ("일주일", 7, "일"),
        ("반년", 6, "개월"),
        ("2년 6개월", 30, "개월"),
        ("24개월", 2, "년"),
        ("석 달", 3, "개월"),
        ("만 천오백 원", 11500, "원"),
        ("1만 1500 원", 11500, "원"),
        ("1만1천5백원", 11500, "원"),
        ("만오천원입니다", 15000, "원"),
        ("15,000원어치", 15000, "원"),
        ("80 USD", 80, "달러"),
        ("$80", 80, "달러"),
        ("영하 18도", -18, "°C"),
        ("영상 이 도", 2, "℃"),
        ("화씨 212도", 100, "°C"),
        ("573.15 K", 300, "°C"),
        ("0.005 Torr", 5, "mTorr"),
        ("오 밀리토르", 5, "mTorr"),
        ("2×10⁻⁶ Torr", 2e-6, "Torr"),
        ("5e-7 Torr", 5e-7, "Torr"),
        ("1.15 Å/cycle", 1.15, "Å/사이클"),
        ("사이클당 1.15 Å", 1.15, "Å/cycle"),
        ("1.15 A/cycle", 1.15, "Å/cycle"),
        ("분당 6리터", 6, "L/min"),
        ("초속 7.1밀리미터", 7.1, "mm/s"),
        ("50 μm", 0.05, "mm"),
        ("1.2 t", 1200, "kg"),
        ("1톤 200킬로그램", 1.2, "t"),
        ("다섯번", 5, "회"),
        ("10만 회", 100_000, "회"),
        ("오후 3시", 15, "시"),
        ("23:00", 23, "시"),
    ],
)
def test_reads(text: str, value: float, unit: str) -> None:
    found, wanted = only(text), quantity(value, unit)
    assert found.dimension == wanted.dimension
    assert found.base == pytest.approx(wanted.base, rel=1e-6)


@pytest.mark.parametrize(
    "text",
    ["VG12", "LL-207", "A-AL01", "이 시간에는", "이점은", "구분", "영점을 잡는다", "다섯 번째로"],
)
def test_words_and_codes_are_no_quantities(text: str) -> None:
    assert quantities(text) == []


def test_both_ends_of_a_range_have_its_unit() -> None:
    assert [(q.value, q.dimension) for q in quantities("2~8 °C")] == [
        (2, "temperature"),
        (8, "temperature"),
    ]
    assert [q.value for q in quantities("3-5초")] == [3, 5]
    assert [q.base for q in quantities("2℃ – 8℃")] == [2, 8]


def test_an_hour_is_vague_until_its_half_of_the_day_is_said() -> None:
    assert only("11시").vague
    assert not only("밤 11시").vague
    assert only("밤 11시").base == 23
    assert only("오전 11시").base == 11
    assert not only("23시").vague


def test_a_unit_before_another_word_is_no_unit() -> None:
    assert only("3 대신").unit == ""
    assert only("5분야").unit == ""
    assert only("3도입니다").dimension == "temperature"


def test_places_are_those_of_the_text() -> None:
    text = "물은 사흘 동안, 온도는 섭씨 300도로 둔다."
    assert [text[q.start : q.end] for q in quantities(text)] == ["사흘", "300도"]


@given(
    st.decimals(min_value=0, max_value=99999, places=3),
    st.sampled_from(["s", "ms", "min", "nm", "µm", "mTorr", "Torr", "sccm", "W", "%", "초", "도"]),
)
def test_what_is_written_is_read(value: object, unit: str) -> None:
    found = only(f"값은 {value} {unit}이다.")
    assert found.value == pytest.approx(float(str(value)))
    assert (found.dimension, found.base) == (
        scale_of(unit).dimension,
        pytest.approx(quantity(float(str(value)), unit).base),
    )


@given(st.text(max_size=120))
def test_any_text_can_be_read(text: str) -> None:
    found = quantities(text)
    assert all(0 <= q.start < q.end <= len(text) for q in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)))
def test_a_rate_divides_its_units(over: str, under: str) -> None:
    rate = scale_of(f"{over}/{under}")
    assert "/" in rate.dimension
    assert rate.factor > 0
