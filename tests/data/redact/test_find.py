"""Recognisers against a set that was labelled before they were written, and hand-made cases."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.data.redact import KINDS, find
from sadari.data.redact.checksums import (
    is_business_number,
    is_card_number,
    is_corporate_number,
    is_resident_number,
)
from sadari.data.redact.span import fold
from tests.data.redact.agreement import SOFT, agreement, labelled

EXAMPLES = Path(__file__).parents[3] / "examples"
STRUCTURED = tuple(kind for kind in KINDS if kind not in SOFT)


def test_the_set_is_whole() -> None:
    sentences = labelled()
    assert len(sentences) >= 600
    assert {span.kind for s in sentences for span in s.spans} == set(KINDS)
    assert sum(not s.spans for s in sentences) >= 150, "hard negatives"


def test_structured_identifiers_reach_the_bar() -> None:
    counts = agreement(labelled(), find)
    assert counts.recall(*STRUCTURED) >= 0.99
    assert counts.precision(*STRUCTURED) >= 0.98


@pytest.mark.parametrize("half", [0, 1])
def test_names_and_addresses_reach_the_bar(half: int) -> None:
    """Also on the half that nobody read while the recognisers were written."""
    counts = agreement([s for s in labelled() if s.id % 2 == half], find)
    assert counts.recall(*SOFT) >= 0.90
    assert counts.precision(*SOFT) >= 0.85


def test_nothing_is_found_in_hard_negatives() -> None:
    hits = [(s.text, find(s.text)) for s in labelled() if not s.spans]
    assert sum(bool(found) for _, found in hits) <= len(hits) // 100


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("주민번호 900230-1234567", []),  # no such day
        ("주민번호 991301-1234567", []),  # no such month
        ("카드 4111-1111-1111-1111", [("card", "4111-1111-1111-1111")]),
        ("품번 4111-1111-1111-1112", []),  # Luhn says no
        ("규격 120-23-45678", []),
        ("010-1234-5678-90", []),  # a longer number
        ("A010-1234-5678", []),  # a part code
        ("계좌 1002-345-678901", [("account", "1002-345-678901")]),
        ("주문번호 1002-345-678901", []),
        ("여권 M12345678", [("passport", "M12345678")]),
        ("볼트 M12345678", []),
    ],
)
def test_a_check_or_a_label_decides(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("제 번호는 0 1 0 1 2 3 4 5 6 7 8 이에요", ["phone"]),
        ("0 1 0 - 1 2 3 4 - 5 6 7 8 로 연락 주세요", ["phone"]),
        ("카드 4 5 3 9 1 4 8 8 0 3 4 3 6 4 6 7 로 결제", ["card"]),
        ("점수는 차례로 1 2 3 4 5 6 7 8 9 0 입니다", []),
        ("주문번호 0 1 0 1 2 3 4 5 6 7 8 확인", []),
    ],
)
def test_digits_one_by_one_are_read_as_one_number(text: str, kinds: list[str]) -> None:
    assert [span.kind for span in find(text)] == kinds


@pytest.mark.parametrize("number", ["010-2345-6789", "０１０－２３４５－６７８９", "010–2345–6789"])
@pytest.mark.parametrize("after", ["", "로 전화 주세요", "입니다.", " 입니다", ")", "번으로"])
def test_particles_stick_to_numbers(number: str, after: str) -> None:
    assert kinds(f"번호는 {number}{after}") == [("phone", number)]


@pytest.mark.parametrize("particle", ["은", "는", "이", "가", "을", "를", "과", "와", "의", "에게"])
def test_particles_stick_to_names(particle: str) -> None:
    assert ("name", "김민수") in kinds(f"담당자: 김민수{particle} 처리한다")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("어제 김민수가 다녀갔다", ["김민수"]),
        ("손예은이 맡기로 했다", ["손예은"]),
        ("지영 씨는 쉰다", ["지영"]),
        ("예약자 김솔", ["김솔"]),
        ("성명: 이 지훈", ["이 지훈"]),
        ("박지우, 라단비 주임", ["박지우", "라단비"]),
        ("contact Lee Ji-hoon today", ["Lee Ji-hoon"]),
        ("영문 성명 HONG GIL DONG", ["HONG GIL DONG"]),
        ("최*영 앞으로", ["최*영"]),
    ],
)
def test_names_with_little_around_them(text: str, found: list[str]) -> None:
    assert kinds(text) == [("name", name) for name in found]


@pytest.mark.parametrize(
    "text",
    [
        "기준이 뭐야", "진정한 사랑", "손상은 없다", "감시하는 장비", "전세정은 두 번 한다",
        "이송이 멈췄다", "주기성이 있다", "구매부 담당", "이진수 계산", "배우진이 좋다",
        "이건 사장님이", "민원 대리 접수", "국세청과 협의", "**이**안전", "Go Home", "김치찌개",
        "한강은 넓다",
    ],
)  # fmt: skip
def test_words_that_are_spelt_like_names(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "address",
    [
        "수원 영통구 광교로 145",
        "서울 강남 테헤란로 152",
        "경기 성남 분당 판교로 255",
        "햇살아파트 103동 1502호",
        "상계주공 7단지 701동 1102호",
        "바다빌라 302호",
        "서울 마포구 양화로 45, 101-1203",
        "152, Teheran-ro, Gangnam-gu, Seoul 06236",
    ],
)
def test_addresses_as_people_shorten_them(address: str) -> None:
    assert kinds(f"({address})") == [("address", address)]


def test_a_name_found_once_is_found_again() -> None:
    text = "저는 이서연입니다. 어제 이서연이라는 이름으로 주문했는데 이서연이 두 번 나와요."
    assert [said for kind, said in kinds(text) if kind == "name"] == ["이서연"] * 3


@pytest.mark.parametrize(
    "said",
    [
        "정비팀",
        "구매팀",
        "전산실",
        "서울",
        "부산 공장",
        "오전",
        "전원",
        "금일",
        "설비과",
        "공장",
        "기술부",
        "미정",
    ],
)
@pytest.mark.parametrize("field", ["담당", "담당자", "작성", "수신", "대표"])
def test_a_department_in_a_field_is_nobody(field: str, said: str) -> None:
    assert kinds(f"{field}: {said}") == []


@pytest.mark.parametrize("folder", ["ald", "support"])
def test_documents_about_things_hold_nobody(folder: str) -> None:
    documents = sorted((EXAMPLES / folder / "documents").rglob("*.md"))
    assert len(documents) > 50
    for path in documents:
        assert kinds(path.read_text(encoding="utf-8")) == []


def test_folding_keeps_every_place() -> None:
    text = "전화：０１０－１２３４－５６７８　●○ａ＠ｂ"
    assert len(fold(text)) == len(text)
    assert fold(text) == "전화:010-1234-5678 **a@b"


@given(st.integers(0, 10**12 - 1))
def test_one_of_ten_last_digits_fits(number: int) -> None:
    for check, width in (
        (is_resident_number, 12),
        (is_business_number, 9),
        (is_corporate_number, 12),
        (is_card_number, 12),
    ):
        front = f"{number:012d}"[:width]
        assert sum(check(f"{front}{last}") for last in range(10)) == 1


def test_card_numbers_that_issuers_publish_for_trials() -> None:
    assert is_card_number("4111111111111111")
    assert is_card_number("378282246310005")
    assert not is_card_number("4111111111111112")


@pytest.mark.parametrize(
    "piece",
    ["가", "1-", " ", "0", "a@", "*", "김민수, ", "서울 강남구 ", "가로 1 ", "담당 가 ",
     "010-1234-5678 ", "계좌 ", "이 은 희 ", "101동 ", "a.a", "M1234 "],
)  # fmt: skip
def test_no_text_is_slow(piece: str) -> None:
    """A pattern that backtracks would take minutes here."""
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    find(text)
    assert time.process_time() - started < 10
