"""What becomes a search term."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.text import bigrams


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("퍼지시간", ["퍼", "퍼지", "지시", "시간"]),
        ("막을", ["막", "막을"]),
        ("VG12의", ["vg12", "의"]),
        ("13.56 MHz", ["13.56", "mhz", "13.56mhz"]),
        ("1,000 sccm", ["1000", "sccm", "1000sccm"]),
        ("A-AL01", ["a", "al01", "aal01"]),
        ("①5 Torr.", ["5", "torr", "5torr"]),
        ("?!", []),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert bigrams(text) == terms


@pytest.mark.parametrize("written", ["VG12", "VG 12", "vg-12", "ＶＧ１２", "VG12의", "VG12에서는"])
def test_a_code_is_found_however_it_is_written(written: str) -> None:
    assert "vg12" in bigrams(written)
    assert "vg13" not in bigrams(written)


@given(st.text())
def test_terms_are_words_that_full_text_search_leaves_whole(text: str) -> None:
    for term in bigrams(text):
        assert term
        assert not any(c.isspace() or c in "\"'*()^:-" for c in term)
