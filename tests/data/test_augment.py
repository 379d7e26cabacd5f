"""Variants mean the same, hang on their parent, and never straddle a split."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.data import Record, prepare
from sadari.data import variants as forms
from sadari.data.augment import KINDS, augment, variants_of
from sadari.data.leakage import LeakageIndex, question_of
from sadari.domain import Domain
from sadari.domain.message import assistant, user
from tests.data.conftest import exam_question

Form = Callable[[str, Random], str | None]


@pytest.mark.parametrize(
    ("form", "text", "other"),
    [
        (forms.other_ending, "반품 기간은 얼마인가요?", "반품 기간은 얼마야?"),
        (forms.other_ending, "환불 방법 알려줘", "환불 방법 알려 주세요"),
        (forms.other_ending, "지금 갈 수 있어요?", "지금 갈 수 있어?"),
        (forms.other_ending, "책임자는 팀장인가요?", "책임자는 팀장이야?"),
        (forms.other_ending, "배송비", None),
        (forms.as_keywords, "반품 기간은 얼마인가요?", "반품 기간"),
        (forms.as_keywords, "전문가 상담을 예약하려면 어떻게 해?", "전문가 상담 예약하려면"),
        (forms.as_keywords, "배송비", None),
        (forms.misspelt, "상태", "상테"),
        (forms.misspelt, "며칠", "몇일"),
        (forms.misspelt, "A12", None),
        (forms.as_heard, "16일에 3개 주세요", "심뉵 일에 세 개 주세요"),
        (forms.as_heard, "20명이 1,500원", "스무 명이 1,500원"),
        (forms.as_heard, "VG12 경보", None),
        (forms.less_spaced, "배송비", None),
    ],
)
def test_forms(form: Form, text: str, other: str | None) -> None:
    assert form(text, Random(0)) == other


def test_numbers_in_words() -> None:
    words = [forms.sino(n) for n in (0, 10, 21, 105, 1000, 3456)]
    assert words == ["영", "십", "이십일", "백오", "천", "삼천사백오십육"]


def record(ask: str, answer: str) -> Record:
    return Record("r", (user(ask), assistant(answer)), "g", "f:1")


def test_a_name_changes_in_every_turn() -> None:
    row = record("김민수 고객님 주문 어디 있어요?", "김민수 고객님의 주문은 창고에 있습니다.")
    (made,) = variants_of(row, 1, 0, ["name"])
    assert "김민수" not in made.messages[0].content + made.messages[1].content
    assert made.messages[0].content[:3] == made.messages[1].content[:3]


def test_a_date_that_an_answer_reckons_with_stays() -> None:
    assert (
        variants_of(record("3월 5일에 주문했어요", "3월 12일에 도착합니다."), 1, 0, ["date"]) == []
    )
    (made,) = variants_of(record("3월 5일로 예약해 줘", "3월 5일로 예약했습니다."), 1, 0, ["date"])
    assert made.messages[0].content.split("로")[0] == made.messages[1].content.split("로")[0]


def test_the_same_seed_gives_the_same_variants(ald: Domain) -> None:
    rows = list(prepare(ald).train[:200])
    exam = LeakageIndex(())
    out, step = augment(rows, 3, 1, exam)
    assert (out, step) == augment(rows, 3, 1, exam)
    assert out != augment(rows, 3, 2, exam)[0]
    assert step.made == len(out) - len(rows) > 300
    by_id = {r.id: r for r in out}
    assert len(by_id) == len(out)
    for made in (r for r in out if "~" in r.id):
        source = by_id[made.id.partition("~")[0]]
        assert made.parent == (source.parent or source.id)
        assert made.group == source.group
        assert made.messages != source.messages
    assert {r.id.partition("~")[2] for r in out} >= {"", "ending", "keywords", "spacing"}
    assert augment([r for r in out if "~" in r.id], 3, 1, exam)[1].made == 0


def test_a_variant_that_the_exam_asks_is_set_aside() -> None:
    rows = [record("3월 5일에 주문한 상품은 언제 도착하나요?", "곧 도착합니다.")]
    made, _ = augment(rows, 3, 1, LeakageIndex(()))
    asked = exam_question(question_of(made[1]))
    out, step = augment(rows, 3, 1, LeakageIndex((asked,)))
    assert made[1] not in out
    assert step.made == len(made) - 1
    assert [row.reason for row in step.set_aside][:1] == ["repeats the exam question test-1"]


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from(KINDS), st.integers(0, 3))
def test_any_text_has_variants_or_none(text: str, kind: str, seed: int) -> None:
    for made in variants_of(record(text, "네"), 2, seed, [kind]):
        assert made.messages[0].content.strip()
        assert made.messages[0] != record(text, "네").messages[0]
