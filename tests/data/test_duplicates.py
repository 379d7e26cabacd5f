"""Copies merge, second answers are set aside, another number is another statement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.data import Record
from sadari.data.duplicates import answer_of, contradictions, deduplicate
from sadari.domain import Message, ToolCall
from sadari.domain.message import assistant, user

ASK = "온라인으로 주문한 상품의 반품 기간은 어떻게 되나요"
ANSWER = "상품을 받은 날부터 7일 안에 고객 센터나 구매한 매장으로 전화해서 반품을 신청하면 됩니다"


def record(name: str, ask: str = ASK, answer: str = ANSWER, **more: str) -> Record:
    return Record(name, (user(ask), assistant(answer)), name, f"f.jsonl:{name}", **more)


def kept(*records: Record, threshold: float = 0.8) -> list[str]:
    left, step = deduplicate(records, threshold=threshold)
    assert step.rows_in == len(records)
    assert step.rows_out == len(left)
    return [r.id for r in left]


def test_copies_merge_whatever_their_spacing() -> None:
    assert kept(record("a"), record("b", f"{ASK}?"), record("c", ASK, f" {ANSWER}")) == ["a"]


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (f"{ASK}요?", ANSWER),
        (ASK, f"{ANSWER}요"),
        (ASK.replace("온라인으로", "온라인 으로"), f"{ANSWER}."),
    ],
)
def test_near_copies_merge(ask: str, answer: str) -> None:
    copy = record("b", ask.replace("반품 기간", "반품기간"), answer)
    assert kept(record("a"), copy) == ["a"]
    assert kept(record("a"), copy, threshold=1) == ["a", "b"]


def test_an_answer_in_nearly_the_same_words_is_no_other_answer() -> None:
    _, step = deduplicate([record("a"), record("b", ASK, f"{ANSWER}요")])
    assert step.merged == 1


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (f"{ASK}요", ANSWER.replace("7일", "14일")),
        (f"VIP 고객이 {ASK}", ANSWER),
        (f"{ASK}요", ANSWER.replace("하면 됩니다", "하면 안 됩니다")),
        ("환불은 언제 되나요", ANSWER),
    ],
)
def test_another_statement_stays(ask: str, answer: str) -> None:
    assert kept(record("a"), record("b", ask, answer)) == ["a", "b"]


def test_a_second_answer_is_set_aside_with_where_it_stood() -> None:
    left, step = deduplicate([record("a"), record("b", ASK, "모릅니다.")])
    assert [r.id for r in left] == ["a"]
    (aside,) = step.set_aside
    assert aside.source == "f.jsonl:b (b)"
    assert aside.reason == "another answer to the question of a"


def test_peoples_words_win() -> None:
    assert kept(record("a"), record("z", task="feedback")) == ["z"]


def test_orders_that_differ_in_a_word_are_two_orders() -> None:
    def order(name: str, dish: str) -> Record:
        frame = "안녕하세요, 저녁 여섯 시에 두 사람 자리로 예약하고 음식을 미리 주문하려고 합니다"
        turns = (user(frame), assistant("무엇을 드릴까요?"), user(dish), assistant(ANSWER * 3))
        return Record(name, turns, name, name)

    assert kept(order("a", "비빔밥 둘"), order("b", "비빔면 둘")) == ["a", "b"]


def test_calls_are_part_of_an_answer() -> None:
    def calling(name: str, size: int) -> Record:
        call = Message("assistant", "", (ToolCall("order", {"size": size}),))
        return Record(name, (user(ASK), call), name, name)

    assert answer_of(calling("a", 1)) != answer_of(calling("b", 2))
    assert kept(calling("a", 1), calling("b", 1)) == ["a"]


def test_contradictions_are_reported() -> None:
    rows = [
        record("a"),
        record("b", f"{ASK}요?", ANSWER.replace("7일", "14일")),
        record("c", "배송비는 얼마인가요", "3,000원입니다."),
        record("d", "배송비는 얼마인가요?", "3,000원 입니다"),
        record("e", "환불은 언제 되나요", "영업일로 사흘 걸립니다."),
    ]
    (found,) = contradictions(rows)
    assert found.sources == ("f.jsonl:a", "f.jsonl:b")
    assert "14일" in found.answers[1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("가나다"), st.sampled_from("12")), max_size=12))
def test_what_is_left_has_one_answer_a_question(pairs: list[tuple[str, str]]) -> None:
    rows = [record(f"{n:02}", ask, answer) for n, (ask, answer) in enumerate(pairs)]
    left, step = deduplicate(rows)
    asked = [r.messages[0].content for r in left]
    assert sorted(asked) == sorted({ask for ask, _ in pairs})
    again, second = deduplicate(left)
    assert again == left
    assert second.merged == len(second.set_aside) == 0
