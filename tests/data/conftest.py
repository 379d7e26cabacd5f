"""Small domains built in memory, and the bundled one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sadari.domain import Document, Domain, DomainSettings, Feedback, Key, Question, read_domain
from sadari.domain.message import user

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = """## 반품의 정의

반품은 받은 상품을 판매자에게 돌려보내는 절차이다. 반품 기간은 7일이다.

## 배송 지연의 조치

배송이 늦으면 송장 번호를 확인한다. 송장 번호가 없으면 주문이 취소된다."""


@pytest.fixture(scope="session")
def ald() -> Domain:
    return read_domain(EXAMPLES / "ald")


@pytest.fixture
def shop() -> Callable[..., Domain]:
    def build(
        documents: int = 6,
        feedback: tuple[Feedback, ...] = (),
        exam: tuple[Question, ...] = (),
        **data: Any,
    ) -> Domain:
        goods = tuple(
            Document(f"d{n}", f"상품 {n}", TEXT.replace("반품", f"반품{n}"), "shop", f"d{n}.md:1")
            for n in range(documents)
        )
        settings = DomainSettings.model_validate(
            {"id": "shop", "name": "가게", "persona": "전문가", "data": data}
        )
        return Domain(Path("shop"), settings, goods, (), feedback, exam)

    return build


def exam_question(text: str, split: Any = "test") -> Question:
    return Question(f"{split}-1", "g", (user(text),), "answer", Key((("7일",),)), split)


def told(
    question: str, *, evidence: tuple[str, ...] = (), rating: Any = "up", **more: Any
) -> Feedback:
    return Feedback(
        more.pop("id", "f1"), question, "7일이다.", rating, evidence=evidence,
        source="feedback.json:2", **more,
    )  # fmt: skip
