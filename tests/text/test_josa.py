"""Particles and endings after every kind of word that technical Korean has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.text.josa import adnominal, drop_rieul, final_consonant, nominal, with_josa


@pytest.mark.parametrize(
    ("word", "topic", "by"),
    [
        ("압력", "압력은", "압력으로"),
        ("온도", "온도는", "온도로"),
        ("물", "물은", "물로"),
        ("PM", "PM은", "PM으로"),
        ("TMA", "TMA는", "TMA로"),
        ("URL", "URL은", "URL로"),
        ("VG12", "VG12는", "VG12로"),
        ("VG13", "VG13은", "VG13으로"),
        ("100", "100은", "100으로"),
        ("3 s", "3 s는", "3 s로"),
        ("5 min", "5 min은", "5 min으로"),
        ("10 nm", "10 nm는", "10 nm로"),
        ("1000 sccm", "1000 sccm은", "1000 sccm으로"),
        ("20 %", "20 %는", "20 %로"),
        ("120 °C", "120 °C는", "120 °C로"),
        ("1.0 Torr", "1.0 Torr는", "1.0 Torr로"),
        ("film", "film은", "film으로"),
        ("성장(GPC)", "성장(GPC)은", "성장(GPC)으로"),
        ("온도 (°C)", "온도 (°C)는", "온도 (°C)로"),
        ("'값'", "'값'은", "'값'으로"),
    ],
)
def test_a_particle_agrees_with_what_is_read_aloud(word: str, topic: str, by: str) -> None:
    assert with_josa(word, "은") == topic
    assert with_josa(word, "으로") == by


@pytest.mark.parametrize("josa", "은 이 을 과 으로 이란 이라 이야".split())
@given(word=st.text(max_size=12))
def test_any_word_takes_any_particle(josa: str, word: str) -> None:
    assert with_josa(word, josa).startswith(word)
    assert 0 <= final_consonant(word) < 28


@pytest.mark.parametrize(
    ("clause", "before_noun"),
    [
        ("두께가 늘어난다.", "두께가 늘어나는"),
        ("밸브를 닫는다", "밸브를 닫는"),
        ("시간이 길다", "시간이 긴"),
        ("값이 크다", "값이 큰"),
        ("온도가 낮다", "온도가 낮은"),
        ("벽이 차갑다", "벽이 차가운"),
        ("틈이 좁다", "틈이 좁은"),
        ("이것이 낫다", "이것이 나은"),
        ("결과가 그렇다", "결과가 그런"),
        ("상태가 좋다", "상태가 좋은"),
        ("양이 많다", "양이 많은"),
        ("길지 않다", "길지 않은"),
        ("남은 것이 없다", "남은 것이 없는"),
        ("원인이다", "원인인"),
        ("늘어났다", None),
        ("늘어납니다", None),
        ("아니다", "아닌"),
        ("늘어나겠다", None),
        ("늘어남", None),
        ("다", None),
        ("", None),
        ("x다", None),
    ],
)
def test_a_clause_before_a_noun(clause: str, before_noun: str | None) -> None:
    assert adnominal(clause) == before_noun


@pytest.mark.parametrize(
    ("stem", "noun"), [("막히", "막힘"), ("낮으", "낮음"), ("막", "막"), ("", ""), ("ab", "ab")]
)
def test_a_stem_as_a_noun(stem: str, noun: str) -> None:
    assert nominal(stem) == noun


def test_rieul_falls_before_nieun() -> None:
    assert (drop_rieul("만들"), drop_rieul("줄이"), drop_rieul("쌓")) == ("만드", "줄이", "쌓")
