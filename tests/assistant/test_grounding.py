"""PREVENT 35: a number that the evidence does not hold is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.assistant import Citation
from sadari.assistant.grounding import cite, ungrounded_numbers


@pytest.mark.parametrize(
    ("answer", "evidence", "strange"),
    [
        ("5분이다.", "300초 걸린다.", ()),
        ("300초이다.", "5분 걸린다.", ()),
        ("5시간이다.", "5분 걸린다.", ("5시간",)),
        ("1 Å이다.", "9 Å이다.", ("1 Å",)),
        ("0.5 nm이다.", "5 Å이다.", ()),
        ("7일이다.", "기간은 7일이다.", ()),
        ("8일이다.", "기간은 7일이다.", ("8일",)),
        ("값은 7이다.", "기간은 7일이다.", ()),
        ("값은 8이다.", "기간은 7일이다.", ("8",)),
        ("[1] 7일이다. [2]", "기간은 7일이다.", ()),
        ("[1] 8일이다. [2] 9일", "기간은 7일이다.", ("8일", "9일")),
        ("1. 확인한다.\n2. 기다린다.", "확인한다.", ()),
        ("6,000원이다.", "반품비는 6000원이다.", ()),
        ("VG12를 본다.", "VG13을 본다.", ()),
        ("숫자가 없다.", "", ()),
    ],
)
def test_numbers(answer: str, evidence: str, strange: tuple[str, ...]) -> None:
    assert ungrounded_numbers(answer, [evidence]) == strange


@given(st.text("0123456789.,-~ 초분시간일%ÅnmTor[]()\n가은", max_size=60))
def test_a_text_grounds_itself_and_nothing_raises(text: str) -> None:
    strange = ungrounded_numbers(text, [])
    assert len(set(strange)) == len(strange)
    assert all(any(c.isdigit() for c in number) for number in strange)
    plain = text.replace("[", " ").replace("]", " ")
    assert ungrounded_numbers(plain, [plain]) == ()


FOUND = (
    Citation("returns", "기간", "반품 기간은 상품을 받은 날부터 7일이다."),
    Citation("delivery", "지연", "배송이 늦으면 송장 번호를 확인한다."),
)


@pytest.mark.parametrize(
    ("answer", "documents"),
    [
        ("반품 기간은 7일이다.", ["returns"]),
        ("송장 번호를 확인하세요.", ["delivery"]),
        ("반품 기간은 7일이다. 송장 번호를 확인한다.", ["returns", "delivery"]),
        ("확인한다 [2].", ["delivery"]),
        ("점심은 국수이다 [9].", []),
        ("점심은 국수이다.", []),
        ("", []),
    ],
)
def test_citations(answer: str, documents: list[str]) -> None:
    assert [c.document for c in cite(answer, FOUND)] == documents
    assert cite(answer, ()) == ()
