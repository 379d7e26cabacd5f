"""Questions that people would ask, and none where the sentence is not surely understood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.data.pairs import COMFORTABLE, LONGEST, Pair, pairs_of
from sadari.data.wordings import about
from sadari.domain import Document, Domain

NOUNS = "배송을 주문을 상품을 창고를 가격을 기간을 포장을 고객을 상자를 "


def pairs(text: str, title: str = "배송") -> list[Pair]:
    return list(pairs_of(Document("d", title, f"{NOUNS}\n\n{text}")))


def questions(text: str, title: str = "배송") -> list[str]:
    return [q for pair in pairs(text, title) for q in pair.questions]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("반송은 받은 상품을 돌려보내는 절차이다. 반송을 한다.", "반송이 뭐야?"),
        ("반송은 받은 상품을 돌려보내는 절차이다. 반송을 한다.", "반송이란 무엇인가요?"),
        ("상품의 반품 기간은 7일이다.", "상품의 반품 기간은 얼마인가요?"),
        ("주문이 늦으면 배송이 밀린다.", "주문이 늦으면 어떻게 돼?"),
        ("주문이 늦으면 배송이 하루 밀린다.", "왜 배송이 하루 밀리나요?"),
        ("포장이 젖으면 상품을 다시 보낸다.", "포장이 젖으면 어떻게 해야 하나요?"),
        ("송장이 비어 있으면 창고의 실수를 의심한다.", "송장이 비어 있으면 뭘 의심해야 돼?"),
        ("상자가 눌려 있으면 원인은 포장 부족이다.", "상자가 눌려 있으면 원인이 뭐야?"),
        ("배송을 앞당기려면 창고를 옮긴다.", "배송을 앞당기려면 어떻게 해?"),
        ("창고가 멀기 때문에 배송이 늦다.", "왜 배송이 늦은 거야?"),
        ("배송 사고의 원인은 포장 부족과 잘못된 주소이다.", "배송 사고는 왜 생기나요?"),
        (
            "배송 지연의 첫째 원인은 손님이 선 긴 줄이다. 둘째 원인은 갑자기 내린 눈이다.",
            "배송 지연의 첫째 원인이 뭐야?",
        ),
        ("상품을 보내기 전에 포장을 확인한다.", "상품을 보내기 전에 뭘 해야 돼?"),
        ("창고의 상자는 6개월마다 교체한다.", "창고의 상자 교체는 얼마나 자주 해?"),
        ("## 배송 지연의 증상\n\n줄이 길다.", "배송 지연일 때 어떤 증상이 나타나?"),
        ("## 배송과 상품의 차이\n\n둘은 다르다.", "배송과 상품은 뭐가 달라?"),
        ("## 배송 기간을 줄이는 방법\n\n서두른다.", "배송 기간을 줄이려면 어떻게 해?"),
        ("## 배송이 늦은 까닭\n\n길이 멀다.", "왜 배송이 늦은가요?"),
        ("## 배송 점검의 주기\n\n매주 한다.", "배송 점검은 얼마나 자주 해?"),
        ("## 배송 점검 순서\n\n차례로 본다.", "배송 점검 순서가 어떻게 돼?"),
        ("## 배송이 늦을 때의 조치\n\n전화한다.", "배송이 늦을 때 어떻게 조치하나요?"),
    ],
)
def test_a_sentence_is_asked_about(text: str, question: str) -> None:
    assert question in questions(text)


@pytest.mark.parametrize(
    ("text", "silly"),
    [
        ("상품의 표면 상태를 본다.", "상품의 표면"),
        ("그대로이면 창고를 다시 확인한다.", "그대로이면"),
        ("이때 상품이 젖으면 포장을 바꾼다.", "이때"),
        ("넷째 원인은 눈 때문에 길이 막힌 것이다.", "막힌 것인"),
        ("높은 상품은 비싼 상품이다.", "높이 뭐야"),
        ("포장이 젖으면 안 된다면 곤란하다", "곤란하"),
        ("쉬움.", "쉬움"),
        ("길다.", "길다"),
    ],
)
def test_what_is_unclear_is_not_asked(text: str, silly: str) -> None:
    assert not [q for q in questions(text) if silly in q]


def test_a_remedys_step_says_what_it_is_for() -> None:
    text = "## 배송 지연의 조치\n\n송장이 정상이면 창고를 확인한다."
    assert "배송 지연을 조치할 때 송장이 정상이면 어떻게 해?" in questions(text)


def test_a_short_answer_takes_what_follows_in_its_section() -> None:
    one = "주문이 늦으면 배송이 밀린다. 밀린 배송은 다음 날 간다."
    text = f"## 하나\n\n{one}\n\n## 둘\n\n다른 이야기이다."
    answers = {p.answer for p in pairs(text) if p.rule == "condition"}
    assert answers == {one}


def test_keywords_carry_no_particles() -> None:
    assert "배송 지연 증상" in questions("## 배송 지연의 증상\n\n줄이 길다.")


def test_nothing_is_asked_twice_in_a_document(ald: Domain) -> None:
    for document in ald.documents:
        asked = [q for pair in pairs_of(document) for q in pair.questions]
        assert len(asked) == len(set(asked)), document.id


def test_answers_are_the_documents_own(ald: Domain) -> None:
    for document in ald.documents:
        words = set(re.findall(r"\S+", document.text + " " + document.title))
        for pair in pairs_of(document):
            assert set(pair.answer.split()) <= words | {w[:-1] for w in words}, pair
            assert len(pair.answer) <= COMFORTABLE + LONGEST


def test_every_kind_of_question_is_asked(ald: Domain) -> None:
    """Spoken, polite, keywords; cause to effect, effect to cause, symptom to remedy."""
    found = list(map(pairs_of, ald.documents))
    made = [pair for document in found for pair in document]
    assert {p.rule for p in made} == set(
        "heading condition effect quantity definition cause symptom attribute remedy goal moment "
        "interval".split()
    )
    asked = [q for pair in made for q in pair.questions]
    spoken = [
        q for q in asked if re.search(r"(?:뭐야|어떻게 해|어떻게 돼|얼마야|왜 .* 거야)\?$", q)
    ]
    polite = [q for q in asked if re.search(r"(?:나요|인가요|주세요)[?.]$", q)]
    bare = [q for q in asked if re.search(r"[가-힣A-Z0-9]$", q)]
    assert min(len(spoken), len(polite), len(bare)) > len(asked) / 8


_AWKWARD = re.compile(
    r"([가-힣]{2,}) \1(?![가-힣])|[은는]\?|다\?$|  |의\?|은 이란|높이 뭐|\.\?|것인 이유|[을를] 뭐야"
)


def test_no_question_is_awkward_in_a_known_way(ald: Domain) -> None:
    asked = [q for d in ald.documents for pair in pairs_of(d) for q in pair.questions]
    assert [q for q in asked if _AWKWARD.search(q)] == []
    assert max(map(len, asked)) < 100


@given(st.text("원인 조치의 때를은는이가 차와 방법영향순서주기기준 A1을", min_size=1, max_size=20))
def test_any_phrase_can_be_asked_about(phrase: str) -> None:
    subject = " ".join(phrase.split())
    if subject:
        made = about(subject)
        assert made
        assert all(q.strip() for q in made)


@given(st.text("가나다면 은는이다.\n#을를 1s(),원인조치의", max_size=150), st.text(max_size=10))
def test_any_document_gives_pairs_or_none(text: str, title: str) -> None:
    for pair in pairs_of(Document("d", title, text)):
        assert pair.questions
        assert pair.answer
        assert len(set(pair.questions)) == len(pair.questions)
