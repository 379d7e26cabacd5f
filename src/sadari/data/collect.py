"""Raw records: from the documents' own sentences, from users' feedback, and honest refusals."""

from __future__ import annotations

import random
from collections.abc import Sequence

from sadari.data.grammar import bare_title
from sadari.data.pairs import pairs_of
from sadari.data.types import Record
from sadari.domain.document import Document, Feedback
from sadari.domain.message import assistant, user

# What people ask about any subject and documents about how it works do not say: the word that
# would stand in a document that does, and the questions.
UNANSWERED = (
    ("담당자", ("{} 담당자가 누구야?", "{} 담당자 연락처 알려 주세요.")),
    ("교육 일정", ("{} 교육은 언제 있어?", "{} 교육 일정이 어떻게 되나요?")),
    ("비용", ("{} 관련 비용은 얼마나 드나요?", "{} 관련 비용 알려줘")),
    ("특허", ("{} 관련 특허 번호 알려줘", "{} 관련 특허가 있나요?")),
    ("논문", ("{} 관련 논문 추천해 줘", "{} 관련 논문 제목을 알려 주세요.")),
    ("타사", ("{} 다른 회사 사례가 있나요?", "{} 타사 사례 알려줘")),
    ("작년", ("작년 {} 실적 알려줘", "작년에 {} 관련 사고가 몇 번 있었나요?")),
    ("개정", ("{} 문서는 누가 개정했나요?", "{} 문서 마지막 개정일이 언제야?")),
    ("납기", ("{} 관련 부품 납기가 얼마나 걸려?", "{} 관련 부품은 납기가 언제인가요?")),
    ("보증", ("{} 관련 보증 기간이 어떻게 되나요?", "{} 보증 기간 알려줘")),
)


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
                task=item.task or "feedback",
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
    corpus = "\n".join(d.text for d in documents)
    unsaid = [(word, asks) for word, asks in UNANSWERED if word not in corpus]
    wanted = [
        (document, bare_title(document.title), word, asks)
        for document in documents
        for word, asks in unsaid
        if not document.title.endswith(("때", "경우"))
    ]
    draw.shuffle(wanted)
    return [
        Record(
            id=f"{document.id}#refuse/{word}",
            messages=(user(draw.choice(asks).format(title)), assistant(refusal)),
            group=document.id,
            source=document.source,
            task="refusal",
        )
        for document, title, word, asks in wanted[: round(share * records)]
    ]
