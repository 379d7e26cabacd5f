"""Raw records: from the documents' own sentences, from users' feedback, and honest refusals."""

from __future__ import annotations

import random
from collections.abc import Sequence

from sadari.data.pairs import pairs_of
from sadari.data.types import Record
from sadari.domain.document import Document, Feedback
from sadari.domain.message import assistant, user
from sadari.text.josa import with_josa

# What people ask of anything, and process documents do not say.
UNANSWERED = (
    "가격", "제조사", "보증 기간", "담당자 연락처", "도입 연도", "납기", "재고 수량", "소비 전력",
    "경쟁사 제품과의 비교", "수입 관세", "교육 일정", "매출", "색상", "특허 번호",
)  # fmt: skip


def from_documents(documents: Sequence[Document], variants: int, seed: int) -> list[Record]:
    """For each pair that a document gives, `variants` wordings of its question; the second and
    later ones name the first as their parent. The document is the group."""
    records = []
    for document in documents:
        draw = random.Random(f"{seed}/{document.id}")
        for number, pair in enumerate(pairs_of(document), start=1):
            chosen = draw.sample(pair.questions, min(variants, len(pair.questions)))
            first = f"{document.id}#{number}"
            for index, question in enumerate(chosen):
                records.append(
                    Record(
                        id=first if index == 0 else f"{first}.{index}",
                        messages=(user(question), assistant(pair.answer)),
                        group=document.id,
                        source=document.source,
                        task=pair.rule,
                        parent=None if index == 0 else first,
                    )
                )
    return records


def from_feedback(feedback: Sequence[Feedback]) -> list[Record]:
    """Users' own questions: with the answer they liked, or the one they gave instead of a bad
    answer (which is kept as `rejected`). Bad answers without a correction teach nothing here."""
    records = []
    for item in feedback:
        good = item.answer if item.rating == "up" else item.correction
        if good is None:
            continue
        records.append(
            Record(
                id=item.id,
                messages=(user(item.question), assistant(good)),
                group=item.evidence[0] if item.evidence else item.id,
                source=item.source,
                task="feedback",
                rejected=item.answer if item.rating == "down" else None,
                rating=item.rating,
            )
        )
    return records


def refusals(
    documents: Sequence[Document], refusal: str, share: float, records: int, seed: int
) -> list[Record]:
    """Questions about a document's subject that no document answers, `share` of `records` many."""
    draw = random.Random(f"{seed}/refusals")
    corpus = " ".join(d.text for d in documents)
    aspects = [aspect for aspect in UNANSWERED if aspect not in corpus]
    if not documents or not aspects:
        return []
    wanted = [(d, a) for d in documents for a in aspects]
    draw.shuffle(wanted)
    endings = ("{} 알려줘", "{} 얼마야?", "{} 무엇인가요?", "{} 좀 알 수 있을까요?", "{}")
    made = []
    for document, aspect in wanted[: round(share * records)]:
        subject = f"{document.title} {aspect}"
        ending = draw.choice(endings)
        asked = with_josa(subject, "은") if "무엇" in ending or "얼마" in ending else subject
        made.append(
            Record(
                id=f"{document.id}#refuse/{aspect}",
                messages=(user(ending.format(asked)), assistant(refusal)),
                group=document.id,
                source=document.source,
                task="refusal",
            )
        )
    return made
