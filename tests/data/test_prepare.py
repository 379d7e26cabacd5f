"""From a folder to records: counted, without the exam, without held-out documents, repeatable."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadari.data import DataError, Dataset, Record, SetAside, Step, prepare, summarise
from sadari.data.collect import from_feedback
from sadari.data.leakage import NEAR, LeakageIndex, question_of
from sadari.data.redact import Vault, redact_records
from sadari.data.split import pick_groups
from sadari.domain import Document, Domain
from sadari.domain.message import assistant, user
from sadari.text import normalise
from tests.data.conftest import exam_question, told

Shop = Callable[..., Domain]


def asked(data: Dataset) -> list[str]:
    return [question_of(r) for r in (*data.train, *data.validation)]


# The bundled domain


def test_the_bundled_domain_gives_the_promised_records(ald: Domain) -> None:
    data = prepare(ald)
    summary = summarise(ald, data)
    train, validation = (
        sum(r.task != "refusal" for r in side) for side in (data.train, data.validation)
    )
    assert 765 <= train <= 935
    assert 194 <= validation <= 236
    assert 80 <= summary["answer_characters"]["mean"] <= 100
    assert summary["uncovered_documents"] == []
    assert summary["rules"]["feedback"] == 44
    assert summary["set_aside"]["a bad answer without a correction"] == 6


def test_no_exam_question_is_trained_on(ald: Domain) -> None:
    """PREVENT 23: neither exactly nor nearly."""
    data = prepare(ald)
    exam = {normalise(q.text) for q in ald.questions}
    assert not exam & {normalise(text) for text in asked(data)}
    index = LeakageIndex(ald.questions)
    assert not [text for text in asked(data) if index.same_as(text)]


def test_nothing_of_held_out_documents_is_trained_on(ald: Domain) -> None:
    held_out = pick_groups((d.id for d in ald.documents), 0.3, seed=0)
    data = prepare(ald, held_out=held_out)
    records = [*data.train, *data.validation]
    assert held_out
    assert not held_out & {r.group for r in records}
    rests_on = {f.id: set(f.evidence) for f in ald.feedback}
    assert not [r.id for r in records if held_out & rests_on.get(r.id, set())]
    sentences = {
        line for d in ald.documents if d.id in held_out for line in d.text.split(". ") if line
    }
    kept = " ".join(d.text for d in ald.documents if d.id not in held_out)
    answers = [r.messages[-1].content for r in records if r.task != "feedback"]
    assert not [s for s in sentences if s not in kept and any(s in a for a in answers)]


def test_the_same_folder_gives_the_same_records(ald: Domain) -> None:
    """PREVENT 20, also for a folder that lies elsewhere."""
    moved = replace(
        ald, documents=tuple(replace(d, source=f"/elsewhere/{d.source}") for d in ald.documents)
    )
    assert prepare(ald).digest == prepare(ald).digest == prepare(moved).digest
    assert len(prepare(ald).digest) == 64


def test_every_row_is_accounted_for(ald: Domain) -> None:
    """PREVENT 11: rows in + made = rows out + set aside + merged, from step to step."""
    data = prepare(ald, held_out=frozenset({ald.documents[0].id}))
    steps = data.ledger.steps
    assert [s.name for s in steps] == [
        "clean documents",
        "collect",
        "hold documents out",
        "clean",
        "keep the exam out",
        "deduplicate",
        "split",
    ]
    steps = tuple(s for s in steps if s.unit == "records")
    assert steps[0].rows_in == len(ald.feedback)
    for step, following in itertools.pairwise(steps):
        assert step.rows_out == following.rows_in
    assert steps[-1].rows_out == len(data.train) + len(data.validation)
    assert all(row.reason and row.source for step in steps for row in step.set_aside)


# Small domains


def test_an_exam_question_in_feedback_is_an_error(shop: Shop) -> None:
    domain = shop(
        feedback=(told("반품은 며칠 안에 해야 하나요?"),),
        exam=(exam_question("반품은  며칠 안에 해야 하나요"),),
    )
    with pytest.raises(DataError) as caught:
        prepare(domain)
    assert str(caught.value) == (
        "feedback.json:2: asks the same as the test question test-1. "
        "Drop one of them: a model must not train on its own exam."
    )


def test_a_dev_question_in_feedback_is_set_aside(shop: Shop) -> None:
    domain = shop(
        feedback=(told("배송비는 얼마야?"),), exam=(exam_question("배송비는 얼마야", "dev"),)
    )
    reasons = prepare(domain).ledger.reasons()
    assert reasons["repeats the exam question dev-1"] == 1


def test_an_exam_question_with_personal_data_is_found_before_they_are_taken_out(
    shop: Shop, tmp_path: Path
) -> None:
    question = "010-2345-6789로 예약한 것 취소해 주세요"
    domain = shop(feedback=(told(question),), exam=(exam_question(question, "dev"),))
    with Vault.open(tmp_path / "vault.sqlite") as vault:
        reasons = prepare(domain, vault=vault).ledger.reasons()
        records, _ = redact_records(from_feedback(domain.feedback), vault)
    assert reasons["repeats the exam question dev-1"] == 1
    assert question_of(records[0]) == "[PHONE_1]로 예약한 것 취소해 주세요"
    with Vault.open(tmp_path / "vault.sqlite") as vault:  # also of what was kept before
        assert LeakageIndex(domain.questions).against(records[0], vault)


@pytest.mark.parametrize(
    "asked",
    [
        "챔버를 열기 전에 퍼지는 몇 번 하나요? 010-2345-6789",
        "김민수입니다. 챔버를 열기 전에 퍼지는 몇 번 하나요?",
        "안녕하세요, 챔버를 열기 전에 퍼지는 몇 번 하나요",
    ],
)
def test_an_exam_question_among_other_words_is_found(shop: Shop, asked: str) -> None:
    domain = shop(exam=(exam_question("챔버를 열기 전에 퍼지는 몇 번 하나요?", "dev"),))
    assert LeakageIndex(domain.questions).same_as(asked) == "dev-1"
    assert LeakageIndex(domain.questions).same_as("챔버를 열기 전에 무엇을 하나요?") is None


def test_an_exam_question_among_the_turns_of_a_dialogue_is_found(shop: Shop) -> None:
    domain = shop(exam=(exam_question("챔버를 열기 전에 퍼지는 몇 번 하나요?"),))
    turns = (
        user("챔버를 열기 전에 퍼지는 몇 번 하나요?"),
        assistant("다섯 번입니다."),
        user("그럼 압력은 얼마까지 올려야 문을 열 수 있는지도 알려 주세요"),
        assistant("대기압까지입니다."),
    )
    assert LeakageIndex(domain.questions).against(Record("r", turns, "g", "f:1"))


def test_another_persons_number_makes_no_question_the_exams(shop: Shop, tmp_path: Path) -> None:
    """Whatever way a record came: values are compared, not their placeholders."""
    domain = shop(exam=(exam_question("서울특별시 강남구 테헤란로 152인데 배송 되나요", "dev"),))
    asked = told("제주특별자치도 제주시 첨단로 242인데 배송 되나요", id="f2")
    with Vault.open(tmp_path / "vault.sqlite") as vault:
        records, _ = redact_records(from_feedback([asked]), vault)
        assert "[ADDRESS_1]" in question_of(records[0])
        assert LeakageIndex(domain.questions).against(records[0], vault) is None


def test_feedback_that_rests_on_a_held_out_document_among_others(shop: Shop) -> None:
    domain = shop(feedback=(told("뭐가 달라?", evidence=("d0", "d1")),))
    assert "뭐가 달라?" in asked(prepare(domain))
    assert "뭐가 달라?" not in asked(prepare(domain, held_out=frozenset({"d1"})))


def test_peoples_words_win_over_made_ones_and_second_answers_are_set_aside(shop: Shop) -> None:
    made = asked(prepare(shop()))[0]
    data = prepare(shop(feedback=(told(made),)))
    (record,) = [r for r in (*data.train, *data.validation) if question_of(r) == made]
    assert record.task == "feedback"
    assert data.ledger.reasons() == {"another answer to the question of f1": 1}


def test_a_correction_replaces_a_bad_answer(shop: Shop) -> None:
    bad = told("환불은 언제 돼?", rating="down", correction="3일 안에 된다.")
    data = prepare(shop(feedback=(bad,)))
    (record,) = [r for r in (*data.train, *data.validation) if r.task == "feedback"]
    assert (record.messages[-1].content, record.rejected) == ("3일 안에 된다.", "7일이다.")


def test_a_turn_without_words_is_set_aside(shop: Shop) -> None:
    data = prepare(shop(feedback=(told("\x07 \x00"),)))
    assert data.ledger.reasons() == {"an empty turn": 1}


def test_variants_name_their_parent_and_stay_in_its_group(shop: Shop) -> None:
    data = prepare(shop(variants=4))
    by_id = {r.id: r for r in (*data.train, *data.validation)}
    children = [r for r in by_id.values() if r.parent in by_id]
    assert children
    for child in children:
        assert child.parent is not None
        assert by_id[child.parent].group == child.group
        assert by_id[child.parent].messages[-1] == child.messages[-1]


def test_nothing_to_learn_from(shop: Shop) -> None:
    empty = replace(shop(), documents=(Document("d", "x", "낱말", source="d.md:1"),))
    with pytest.raises(DataError, match=r"shop: no training record could be made\. Add documents"):
        prepare(empty)


def test_one_group_cannot_be_split(shop: Shop) -> None:
    with pytest.raises(DataError, match=r"shop: all records belong to one group\. Training needs"):
        prepare(shop(documents=1))


def test_few_records_are_warned_of(shop: Shop) -> None:
    domain = shop()
    assert "are few" in summarise(domain, prepare(domain))["warnings"][0]


def test_a_step_that_loses_a_row_does_not_stand() -> None:
    with pytest.raises(DataError, match="lost count"):
        Step("clean", rows_in=3, rows_out=1, set_aside=(SetAside("a", "b"),))


words = st.text("가나다라 ?.\x00abc", max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=st.lists(st.text("가나다면 은는이다.\n# 을를1s", max_size=80), min_size=1, max_size=4),
    questions=st.lists(words, max_size=4),
    corrections=st.lists(st.none() | words, min_size=4, max_size=4),
    held_out=st.sets(st.sampled_from(["d0", "d1", "nowhere"])),
)
def test_any_domain_balances_or_says_why(
    texts: list[str],
    questions: list[str],
    corrections: list[str | None],
    held_out: set[str],
    ald: Domain,
) -> None:
    feedback = tuple(
        told(q, id=f"f{n}", rating="down", correction=c or None, evidence=(f"d{n}",))
        for n, (q, c) in enumerate(zip(questions, corrections, strict=False))
    )
    documents = tuple(Document(f"d{n}", f"t{n}", text) for n, text in enumerate(texts))
    domain = replace(ald, documents=documents, feedback=feedback, questions=())
    try:
        data = prepare(domain, held_out=frozenset(held_out))
    except DataError:
        return
    last = data.ledger.steps[-1]
    assert last.rows_out == len(data.train) + len(data.validation)
    assert not held_out & {r.group for r in (*data.train, *data.validation)}


# Leakage


def test_a_near_question_is_found_behind_longer_ones() -> None:
    near = "펌프가 멈추면 챔버 압력은 어떻게 되나요"
    crowd = [exam_question(f"{near[:-4]} {n} 그리고 다른 긴 이야기가 이어지나요") for n in range(9)]
    index = LeakageIndex([*crowd, replace(exam_question(near), id="near")])
    assert index.same_as(f"{near}요?") == "near"
    assert index.same_as("전혀 다른 질문인가요?") is None
    assert index.same_as("") is None
    assert 0.5 < NEAR < 1


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_question_is_the_same_as_itself(text: str, other: str) -> None:
    index = LeakageIndex([exam_question(other), replace(exam_question(text), id="own")])
    if any(c.isalnum() for c in normalise(text)):
        assert index.same_as(text) is not None


def test_nothing_is_read_or_written(ald: Domain, tmp_path: Path) -> None:
    assert prepare(replace(ald, path=tmp_path / "gone")).digest == prepare(ald).digest
