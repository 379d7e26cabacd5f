"""The scorer against people's judgement, and each of its rules on an example."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.domain.message import Message
from sadari.domain.question import Question
from sadari.domain.questions import key_from_json
from sadari.evaluation.scorer import SCORER, Verdict, score

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "labelled.jsonl").read_text("utf-8").splitlines()
]
PASSAGE = (
    "Al2O3 레시피의 한 사이클은 네 단계로 이루어진다. TMA 펄스는 0.5초로 두고 그 뒤의 퍼지는 "
    "8초로 한다. 물 펄스는 0.2초면 충분하지만 물은 벽에 오래 붙어 있으므로 퍼지를 12초로 늘린다. "
    "챔버 온도는 200도이다."
)
PULSE = (
    "TMA 펄스 시간은 얼마로 두나요?",
    {"must": [{"value": 0.5, "unit": "s", "tolerance": 0.05}]},
)
REASON = ("물 퍼지를 왜 더 길게 하나요?", {"must": [["벽에 오래", "벽에 붙", "흡착"]]})


def ask(text: str, key: Mapping[str, Any], kind: str = "answer") -> Question:
    message = Message("user", text)
    return Question("q", "g", (message,), kind, key_from_json(key), "dev")  # type: ignore[arg-type]


def judge(asked: tuple[str, Mapping[str, Any]], answer: str) -> Verdict:
    return score(ask(*asked), answer, [PASSAGE])


def agreement(rows: list[dict[str, Any]]) -> float:
    agreed = [
        score(ask(row["question"], row["key"], row["kind"]), row["answer"], [row["passage"]]).right
        == row["right"]
        for row in rows
    ]
    return sum(agreed) / len(agreed)


def test_agrees_with_the_labels() -> None:
    even = [row for row in ROWS if int(row["id"].split("-")[1]) % 2 == 0]
    odd = [row for row in ROWS if int(row["id"].split("-")[1]) % 2 == 1]
    assert agreement(ROWS) >= 0.95
    assert agreement(even) >= 0.97  # the rules were written on this half
    assert agreement(odd) >= 0.94  # and never saw this one


@pytest.mark.parametrize(
    "answer",
    [
        "0.5 s",
        "TMA 펄스는 500밀리초예요.",
        "영점오 초입니다.",
        "0.48~0.52초",
        "8초가 아니라 0.5초입니다.",
        "네, 문서에 따르면 0.5초로 둡니다.",
        "TMA 펄스는 0.5초이고, 이어지는 퍼지는 8초입니다.",
    ],
)
def test_form_is_forgiven(answer: str) -> None:
    assert judge(PULSE, answer).right, judge(PULSE, answer).why


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "says nothing"),
        ("TMA 펄스 시간은 얼마로 두나요?", "says nothing"),
        ("0.5분입니다.", "does not say"),
        ("0.8초입니다.", "does not say"),
        ("0.5초가 아닙니다.", "denies"),
        ("0.5초이거나 8초입니다.", "denies or leaves open"),
        ("문서에서 찾을 수 없습니다.", "refuses"),
        ("문서에 없습니다. 0.5초입니다.", "refuses"),
        ("0.5초, 8초, 0.2초, 12초, 200도", "lists numbers"),
        ("물 펄스는 0.5초이고 TMA 펄스는 0.2초입니다.", "wrong thing"),
        ("챔버 온도는 0.5초로 둡니다.", "another subject"),
        ("0.5초에서 12초 사이입니다.", "range"),
        ("0.5초입니다. 아니, 8초입니다.", "second value"),
        (PASSAGE, "pastes"),
    ],
)
def test_wrong_numbers_are_not(answer: str, why: str) -> None:
    verdict = judge(PULSE, answer)
    assert not verdict.right
    assert why in verdict.why


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("물이 벽에 오래 붙어 있기 때문입니다.", True),
        ("벽면에 오래 붙어 있거든요, 물은.", True),
        ("물이 벽에 흡착되어 잘 떨어지지 않기 때문이다.", True),
        ("물이 벽에 붙지 않아서입니다.", False),
        ("물은 벽에 오래 붙어 있지 않기 때문입니다.", False),
        ("벽에 오래 붙어서가 아니라 온도가 낮아서입니다.", False),
        ("벽에 오래, 벽에 붙, 흡착", False),
    ],
)
def test_negation_has_a_scope(answer: str, right: bool) -> None:
    assert judge(REASON, answer).right is right, judge(REASON, answer).why


def test_a_purpose_is_no_denial() -> None:
    asked = ("밸브를 왜 닫나요?", {"must": [["역류"]]})
    evidence = ["펌프가 멈추면 기체가 역류하지 않도록 밸브를 닫는다."]
    assert score(ask(*asked), "기체가 역류하지 않게 하려고 닫습니다.", evidence).right


def test_the_opposite_may_be_denied_but_not_said() -> None:
    asked = ("온도는 어떻게 되나요?", {"must": [["올라", "오르"]], "must_not": ["떨어"]})
    assert score(ask(*asked), "떨어지지 않고 올라갑니다.").right
    assert not score(ask(*asked), "올라가다가 떨어집니다.").right


def test_a_code_is_not_torn() -> None:
    asked = ("어느 게이지인가요?", {"must": [["VG12"]]})
    assert score(ask(*asked), "VG 12입니다.").right
    assert not score(ask(*asked), "VG123입니다.").right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("문서에 나와 있지 않습니다.", True),
        ("죄송합니다. 그 정보는 자료에 없으니 담당자에게 문의해 주세요.", True),
        ("I could not find this in the documents.", True),
        ("30초입니다.", False),
        ("문서에는 없지만 보통 30초입니다.", False),
        ("세정은 인정하지 않습니다.", False),
        ("", False),
    ],
)
def test_refusing(answer: str, right: bool) -> None:
    question = ask("플라즈마 세정 시간은 몇 초인가요?", {}, "refuse")
    assert score(question, answer, [PASSAGE]).right is right


def test_state_compares_every_slot() -> None:
    question = ask("2명 예약", {"state": {"people": 2, "place": "강남역", "menu": None}}, "state")
    right = score(question, '네.\n```json\n{"people": "2", "place": "강남 역", "menu": null}\n```')
    assert right.right
    assert right.parts == {"slots": 1.0, "valid_json": 1.0, "format": 0.0}
    plain = score(question, '네.\n{"people": 2, "place": "강남역", "menu": null}')
    assert plain.parts["format"] == 1.0
    more = score(question, '{"people": 2, "place": "강남역", "menu": null, "time": 7}')
    assert (more.right, more.parts["format"]) == (True, 0.0)
    wrong = score(question, '{"people": 3, "place": "강남역", "menu": null}')
    assert not wrong.right
    assert "people" in wrong.why
    assert wrong.parts["slots"] == pytest.approx(2 / 3)
    none = score(question, "두 명이요")
    assert (none.right, none.parts["valid_json"]) == (False, 0.0)


def test_a_missing_slot_is_not_an_empty_one() -> None:
    question = ask("예약", {"state": {"menu": "회"}}, "state")
    assert not score(question, "{}").right
    assert not score(question, '{"menu": null}').right


def test_call_compares_name_and_arguments() -> None:
    key = {"call": {"name": "convert", "arguments": {"value": 5, "to": "Pa"}}}
    question = ask("5 Torr는 몇 Pa?", key, "call")
    assert score(question, '{"name": "convert", "arguments": {"value": 5.0, "to": "pa"}}').right
    assert score(
        question,
        '{"function": {"name": "convert", "arguments": "{\\"value\\": 5, \\"to\\": \\"Pa\\"}"}}',
    ).right
    wrong = score(question, '{"name": "convert", "arguments": {"value": 6, "to": "Pa"}}')
    assert wrong.parts == {"name": 1.0, "arguments": 0.5}
    assert "other" in score(question, '{"name": "other", "arguments": {}}').why


@given(st.text(max_size=200))
def test_any_text_gets_a_verdict(answer: str) -> None:
    for kind, key in (("answer", PULSE[1]), ("answer", REASON[1]), ("refuse", {})):
        verdict = score(ask("얼마인가요?", key, kind), answer, [PASSAGE])
        assert verdict.why.endswith((".", "!", "?")) or not verdict.right


def test_the_scorer_has_a_version() -> None:
    assert SCORER == "key/1"
