"""Sessions as records: the customer's name, the group, the exam kept out by whole conversations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sadari.data import DataError, prepare
from sadari.data.dialogues import from_sessions
from sadari.domain import Session
from sadari.domain.message import assistant, system, user
from tests.data.conftest import exam_question
from tests.data.test_prepare import Shop

TURNS = (
    user("비빔밥 두 그릇이요."),
    assistant("맞으시죠?"),
    user("네"),
    assistant("주문했습니다."),
)


def test_the_customer_stands_in_the_system_turn() -> None:
    plain = Session("s1", TURNS, customer="김하늘")
    dated = replace(plain, messages=(system("오늘: 월요일"), *TURNS))
    nobody = replace(plain, customer="")
    ko = from_sessions([plain, dated, nobody], "ko")
    assert ko[0].messages == (system("고객 이름: 김하늘"), *TURNS)
    assert ko[1].messages[0] == system("고객 이름: 김하늘\n오늘: 월요일")
    assert ko[2].messages == TURNS
    assert from_sessions([plain], "en")[0].messages[0] == system("Customer: 김하늘")


def test_the_group_is_the_document_that_a_session_rests_on() -> None:
    own, resting = from_sessions(
        [Session("s1", TURNS), Session("s2", TURNS, evidence=("d1",))], "ko"
    )
    assert (own.group, resting.group) == ("s1", "d1")


def test_sessions_that_end_alike_are_all_kept(shop: Shop) -> None:
    sessions = tuple(
        Session(f"s{n}", (user(f"{dish} 하나 부탁합니다."), assistant("맞으시죠?"), *TURNS[2:]))
        for n, dish in enumerate(("비빔밥", "된장찌개", "물냉면", "떡만둣국"))
    )
    data = prepare(replace(shop(), dialogues=sessions))
    kept = {r.id for r in (*data.train, *data.validation)}
    assert {s.id for s in sessions} <= kept


def test_a_session_that_repeats_a_test_conversation_is_refused(shop: Shop) -> None:
    exam = exam_question("비빔밥 두 그릇이요.")
    exam = replace(exam, messages=(*TURNS[:2], user("네")), kind="state")
    domain = replace(shop(exam=(exam,)), dialogues=(Session("s1", TURNS, source="s.jsonl:1"),))
    with pytest.raises(DataError, match="test-1"):
        prepare(domain)
