"""One spelling for what means the same, and no meaning lost on the way."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.text import normalise


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("  VG12\u00a0 압력\n", "vg12 압력"),
        ("ＶＧ１２", "vg12"),
        (unicodedata.normalize("NFD", "두께가 늘어난다"), "두께가 늘어난다"),
        ("Al₂O₃", "al2o3"),
        ("5 cm²", "5 cm2"),
        ("300 ℃, 3 ㎛, 2 ㎏", "300 °c, 3 μm, 2 kg"),
        ("\u00b5m과 \u03bcm", "μm과 μm"),
        ("\ufeff퍼\u200b지", "퍼지"),
        ("a\ud800b", "ab"),
    ],
)
def test_one_spelling(written: str, normal: str) -> None:
    assert normalise(written) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("10⁻⁶ Torr", "10^-6 torr"),
        ("10²", "10^2"),
        ("1½", "1½"),
        ("①5 Torr", "①5 torr"),
        ("ㅋㅋ", "ㅋㅋ"),
    ],
)
def test_no_meaning_is_folded_away(written: str, normal: str) -> None:
    assert normalise(written) == normal


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    once.encode()
