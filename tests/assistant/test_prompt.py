"""What the model reads: instruction, glossary, examples, passages, question."""

from __future__ import annotations

import pytest

from sadari.assistant import AssistantError, Prompt, build_messages
from sadari.domain import Message, Term
from sadari.domain.message import assistant, system, user
from sadari.retrieval import Passage

PASSAGE = Passage("d#1", "d", "반품", "기간", "반품 기간은 7일이다.")


def test_the_whole_prompt() -> None:
    prompt = Prompt("전문가입니다.", (Term("SLA", "약속한 시간"),), (("예?", "예."),))
    talk = [system("짧게."), user("안녕?"), assistant("네."), user("SLA는 며칠?")]
    assert build_messages(prompt, talk, [PASSAGE]) == (
        system("전문가입니다.\n용어: SLA = 약속한 시간\n짧게."),
        user("예?"),
        assistant("예."),
        user("안녕?"),
        assistant("네."),
        user("[1] 반품 > 기간\n반품 기간은 7일이다.\n\n질문: SLA는 며칠?"),
    )


def test_labels_are_in_the_domains_language() -> None:
    prompt = Prompt("An expert.", (Term("SLA", "the promised time"),), language="en")
    assert build_messages(prompt, [user("How long is the SLA?")], [PASSAGE]) == (
        system("An expert.\nTerms: SLA = the promised time"),
        user("[1] 반품 > 기간\n반품 기간은 7일이다.\n\nQuestion: How long is the SLA?"),
    )


def test_a_question_alone() -> None:
    assert build_messages(Prompt("전문가."), [user("?")]) == (system("전문가."), user("?"))


def test_nobody_asks() -> None:
    with pytest.raises(AssistantError, match="holds no user turn"):
        build_messages(Prompt("x"), [Message("assistant", "네.")])


@pytest.mark.parametrize(
    ("term", "question", "named"),
    [
        ("PM", "PM은 언제?", True),
        ("PM", "pm 주기", True),
        ("PM", "RPM은 얼마?", False),
        ("PM", "PM1은?", False),
        ("압력", "공정압력에서는?", True),
        ("막", "막의 두께", True),
        ("막", "마지막 단계", False),
        ("출고가", "출고가가 뭐야?", True),
    ],
)
def test_terms_are_found_under_particles_and_not_inside_words(
    term: str, question: str, named: bool
) -> None:
    (first, *_) = build_messages(Prompt("x", (Term(term, "뜻"),)), [user(question)])
    assert ("용어" in first.content) is named


def test_an_alias_explains_its_term_and_the_longest_come_first() -> None:
    glossary = tuple(Term("가" * n, str(n), (f"A{n}",)) for n in range(2, 9))
    (first, *_) = build_messages(Prompt("x", glossary), [user("A2 A3 A4 A5 A6 A7 A8")])
    line = first.content.split("\n")[1]
    assert line.startswith("용어: 가가가가가가가가 = 8; ")
    assert line.count(" = ") == 5
