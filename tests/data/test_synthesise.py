"""Made questions: only what a passage bears out, within the budget; drafts for a person."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sadari.data import DataError, Record, prepare
from sadari.data.drafts import (
    Draft,
    draft_questions,
    keep_drafts,
    mended,
    read_drafts,
    split_of,
    write_approved,
)
from sadari.data.synthesise import ANSWER_TOKENS, Budget, Synthesis, fault_of, synthesise
from sadari.domain import Domain, Message, Problems
from sadari.domain.questions import read_questions
from sadari.llm import Completion, Delta, Failure, ModelInfo, Price, Request, Usage
from tests.data.conftest import exam_question

Shop = Callable[..., Domain]
GOOD = [
    {"question": "반품 기간은 며칠인가요?", "answer": "반품0 기간은 7일이다."},
    {"question": "배송이 늦으면 무엇을 확인해?", "answer": "배송이 늦으면 송장 번호를 확인한다."},
    {"question": "송장 번호가 없으면 어떻게 돼?", "answer": "송장 번호가 없으면 주문이 취소된다."},
]
BAD = [
    {"question": "반품 비용은 얼마인가요?", "answer": "반품0 기간은 7일이고 비용은 3,000원이다."},
    {"question": "교환은 어떻게 하나요?", "answer": "교환은 매장에 전화해서 새 물건과 바꾼다."},
]


@dataclass
class Scripted:
    """A model that gives its replies in turn: a language model by protocol, not by weights."""

    replies: list[str]
    price: Price | None = None
    asked: list[Request] = field(default_factory=list)

    @property
    def info(self) -> ModelInfo:
        return ModelInfo("scripted", 4096, price=self.price)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return 100

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request)
        text = self.replies[(len(self.asked) - 1) % len(self.replies)]
        return Completion(text, usage=Usage(100, 50))

    async def complete_all(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        return [await self.complete(request) for request in requests]

    def stream(self, request: Request) -> Any:
        async def none() -> Any:
            yield Delta()

        return none()


def made(domain: Domain, model: Scripted, **more: Any) -> Synthesis:
    given = {"wanted": 3, "budget": Budget(10**6), "harder": 0.0, "batch": 2} | more
    return asyncio.run(synthesise(domain.documents[:1], model, **given))


def test_only_what_the_passage_says_is_kept(shop: Shop) -> None:
    reply = f"네: ```json\n{json.dumps([*BAD, *GOOD], ensure_ascii=False)}\n```"
    found = made(shop(), Scripted([reply]))
    assert {r.messages[0].content for r in found.records} <= {g["question"] for g in GOOD}
    assert found.records
    assert {r.group for r in found.records} == {"d0"}
    reasons = " ".join(row.reason for row in found.step.set_aside)
    assert "a number that its passage does not hold (3,000원)" in reasons
    assert "its passage does not say so" in reasons
    assert found.step.made == len(found.records) + len(found.step.set_aside)


def test_nothing_is_asked_twice_nor_from_the_exam(shop: Shop) -> None:
    reply = json.dumps([GOOD[0], GOOD[0], GOOD[1]], ensure_ascii=False)
    found = made(shop(), Scripted([reply]), known=[GOOD[1]["question"]])
    assert len(found.records) <= 1
    assert found.ended == "documents"
    assert any("asked already" in row.reason for row in found.step.set_aside)


def test_what_the_chat_template_is_told_reaches_the_model(shop: Shop) -> None:
    model = Scripted(["[]"])
    made(shop(), model, template_kwargs={"enable_thinking": False})
    assert {request.template_kwargs["enable_thinking"] for request in model.asked} == {False}


@pytest.mark.parametrize("reply", ["모르겠습니다.", "[{]", '[{"question": 3}]', "[]"])
def test_a_model_that_gives_no_list(shop: Shop, reply: str) -> None:
    found = made(shop(), Scripted([reply]))
    assert found.records == ()
    assert found.ended == "documents"


def test_harder_forms_name_their_parent(shop: Shop) -> None:
    first = json.dumps(GOOD[1:], ensure_ascii=False)
    harder = {
        "question": "송장 번호도 없이 늦은 주문은 어떻게 되나요?",
        "answer": GOOD[2]["answer"],
    }
    model = Scripted([first, first, json.dumps([harder], ensure_ascii=False)])
    found = made(shop(), model, wanted=3, harder=0.34)
    assert [r.parent is not None for r in found.records] == [False, False, True]
    assert found.ended == "enough"


def test_the_budget_is_never_exceeded(shop: Shop) -> None:
    worst = 2 * (100 + ANSWER_TOKENS)
    model = Scripted(["[]"])
    assert made(shop(), model, budget=Budget(worst - 1)).ended == "budget"
    assert model.asked == []
    priced = Scripted(["[]"], price=Price(1e6, 1e6))
    assert made(shop(), priced, budget=Budget(10**9, worst - 1)).ended == "budget"
    once = made(shop(), Scripted(["[]"], price=Price(1e6, 2e6)), budget=Budget(worst))
    assert once.spent.tokens == 2 * 150
    assert once.spent.money == 2 * (100 + 2 * 50)


def test_faults_are_told() -> None:
    passage = "반품 기간은 7일이다. 배송비는 3,000원이다."
    assert fault_of("반품 기간은 며칠인가요?", "반품 기간은 7일이다.", passage) is None
    assert fault_of("반품 기간은 며칠인가요?", "반품 기간은 14일이다.", passage) is not None
    assert fault_of("반품?", "7일", passage) == "too short"


# Drafts


def test_drafts_have_a_key_that_the_question_does_not_give_away(ald: Domain) -> None:
    drafts = draft_questions(ald, 40)
    assert len(drafts) == 40
    assert len({d.evidence for d in drafts}) == 40
    assert drafts == draft_questions(ald, 40)
    for draft in drafts:
        for item in draft.must:
            if isinstance(item, list):
                assert all(word not in draft.question for word in item)


def test_the_exam_is_not_drafted_again(shop: Shop) -> None:
    domain = shop()
    asked = draft_questions(domain, 1)[0].question
    domain = shop(exam=(exam_question(asked),))
    assert asked not in [d.question for d in draft_questions(domain, 99)]


def test_what_is_approved_is_a_good_exam(shop: Shop, tmp_path: Path) -> None:
    domain = shop()
    drafts = draft_questions(domain, 4)
    one, two, three, four = drafts
    question = replace(exam_question("다른 질문", "dev"), evidence=(one.evidence,))
    domain = replace(domain, questions=(question,))
    assert split_of(one, domain) == "dev"
    drafts = [
        replace(one, state="approved"),
        mended(two, "고친 질문인가요?", ["7일 | 일주일", " "]),
        replace(three, state="dropped"),
        four,
    ]
    path = tmp_path / "drafts.jsonl"
    keep_drafts(drafts, path)
    assert read_drafts(path) == drafts
    counts = write_approved(drafts, domain, tmp_path)
    assert sum(counts.values()) == 2
    problems = Problems()
    found = [
        q for side in ("dev", "test")
        for q in read_questions(tmp_path / f"{side}-reviewed.jsonl", side, problems)  # type: ignore[arg-type]
    ]  # fmt: skip
    assert problems == []
    assert {q.id for q in found} == {one.id, two.id}
    by_id = {q.id: q for q in found}
    assert by_id[one.id].split == "dev"
    assert by_id[two.id].key.must == (("7일", "일주일"),)


def test_made_records_can_be_drafted_from(shop: Shop) -> None:
    domain = shop()
    rows: list[Record] = list(prepare(domain).train[:3])
    drafts = draft_questions(domain, 9, made=rows)
    assert {d.question for d in drafts} <= {r.messages[0].content for r in rows}


def test_drafts_with_other_line_ends_are_read_again(tmp_path: Path) -> None:
    draft = Draft("d1", "며칠\u2028이야?", (["7일"],), "doc", "", "7일\x85이다.")
    keep_drafts([draft, draft], tmp_path / "drafts.jsonl")
    assert read_drafts(tmp_path / "drafts.jsonl") == [draft, draft]


def test_a_broken_file_of_drafts_is_said(tmp_path: Path) -> None:
    path = tmp_path / "drafts.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(DataError, match="is no list of drafts"):
        read_drafts(path)
