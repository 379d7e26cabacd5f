"""The exams of the bundled domains: their keys tell right from wrong."""

from __future__ import annotations

import json

import pytest

from sadari.domain import Domain, check_domain
from sadari.evaluation import score


@pytest.fixture(params=["ald", "dinner", "support"])
def domain(request: pytest.FixtureRequest) -> Domain:
    found: Domain = request.getfixturevalue(request.param)
    return found


def test_nothing_is_wrong_with_the_folder(domain: Domain) -> None:
    _, problems = check_domain(domain.path)
    assert [str(problem) for problem in problems] == []


def test_there_is_enough_to_measure_with(domain: Domain) -> None:
    assert len(domain.questions) >= 120
    assert len(domain.exam("test")) >= 100
    assert len(domain.exam("dev")) >= 30


def test_the_process_experts_exam_covers_its_field(ald: Domain) -> None:
    assert len(ald.documents) >= 50
    assert len(ald.exam("dev")) >= 50
    assert len(ald.exam("test")) >= 150
    assert len(ald.feedback) >= 30
    assert {question.level for question in ald.questions} == {1, 2, 3, 4}
    assert {question.topic for question in ald.questions} == {d.topic for d in ald.documents}
    known = {document.id for document in ald.documents}
    refused = [question for question in ald.questions if question.kind == "refuse"]
    assert len(refused) >= 30
    for question in ald.questions:
        assert set(question.evidence) <= known
        assert bool(question.evidence) != (question in refused), question.id


def test_every_reference_is_right(domain: Domain) -> None:
    texts = {d.id: d.text for d in domain.documents}
    wrong = [
        (q.id, score(q, q.reference, [texts[e] for e in q.evidence]).why)
        for q in domain.questions
        if not score(q, q.reference, [texts[e] for e in q.evidence]).right
    ]
    assert wrong == []


def test_evading_is_wrong(domain: Domain) -> None:
    """PREVENT 36: no refusal and no repeated question is right, a pasted page hardly ever."""
    texts = {d.id: d.text for d in domain.documents}
    asked = [q for q in domain.questions if q.kind == "answer" and q.topic != "mood"]
    pasted = []
    for question in asked:
        pages = [texts[e] for e in question.evidence]
        assert not score(question, domain.settings.refusal, pages).right, question.id
        assert not score(question, question.text, pages).right, question.id
        pasted.append(score(question, "\n".join(pages), pages).right)
    assert sum(pasted) / len(pasted) <= 0.05


def test_an_answer_is_no_refusal(domain: Domain) -> None:
    answers = [q.reference for q in domain.questions if q.kind == "answer"]
    refusals = [q for q in domain.questions if q.kind == "refuse"]
    assert refusals
    assert not [
        q.id for q, answer in zip(refusals, answers, strict=False) if score(q, answer).right
    ]


def test_one_wrong_slot_is_a_wrong_state(dinner: Domain) -> None:
    asked = [q for q in dinner.questions if q.kind == "state"]
    assert len(asked) >= 120
    for question in asked[::6]:
        assert question.key.state is not None
        for slot in question.key.state:
            spoilt = json.dumps({**question.key.state, slot: "다른 값"}, ensure_ascii=False)
            verdict = score(question, spoilt)
            assert not verdict.right
            assert slot in verdict.why
            assert verdict.parts["slots"] == pytest.approx(0.9)
