"""Sessions in `dialogues/`: read with their states, refused with a sentence that helps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.domain import Message, check_domain, read_domain, split_state, with_state

STATE = {"dish": "비빔밥", "count": 2, "done": False}
GOOD: dict[str, Any] = {
    "id": "s1",
    "customer_name": "김하늘",
    "messages": [
        {"role": "user", "content": "비빔밥 두 그릇이요."},
        {"role": "assistant", "content": "비빔밥 2그릇 맞으시죠?", "order_state": STATE},
        {"role": "user", "content": "네"},
        {"role": "assistant", "content": "주문했습니다.", "state": {**STATE, "done": True}},
    ],
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def write(domain: Path, *rows: Any) -> Path:
    path = domain / "dialogues" / "sessions.jsonl"
    path.parent.mkdir(exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_session_is_read_with_its_states(domain: Path) -> None:
    write(domain, GOOD)
    session = read_domain(domain).dialogues[0]
    assert session.customer == "김하늘"
    assert session.source.endswith("sessions.jsonl:1")
    assert session.messages[0] == Message("user", "비빔밥 두 그릇이요.")
    assert session.messages[1].content == (
        '비빔밥 2그릇 맞으시죠?\n{"dish": "비빔밥", "count": 2, "done": false}'
    )
    assert session.states == (STATE, {**STATE, "done": True})


@given(words=st.text(), state=st.dictionaries(st.text(), json_values))
def test_words_and_state_come_apart_as_they_were(words: str, state: dict[str, Any]) -> None:
    assert split_state(with_state(words, state)) == (words, state)


@pytest.mark.parametrize("content", ["", "네", "{", "네\n{깨진", '[1]\n["a"]', "1\n2\n"])
def test_words_without_a_state_stay_whole(content: str) -> None:
    assert split_state(content) == (content, None)


def turns(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"id": "s1", "messages": [{"role": r, "content": c} for r, c in pairs]}


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (turns(("user", "네"), ("assistant", "네"), ("assistant", "네")), "twice in a row"),
        (turns(("user", "네"), ("assistant", " ")), "turn 2 says nothing"),
        (turns(("user", "네")), "does not end with an assistant's answer"),
        (turns(("assistant", "안녕하세요")), "does not end with an assistant's answer"),
        (turns(("user", "네"), ("system", "x"), ("assistant", "네")), "turn 2 is a system turn"),
        (turns(("robot", "네")), "role"),
        ({"id": "s1", "messages": []}, "messages"),
        ({"messages": GOOD["messages"]}, "id is missing"),
        ({**GOOD, "custumer_name": "김"}, "did you mean customer_name"),
        ({**GOOD, "evidence": ["nowhere"]}, "is no document"),
        ('{"id": "s1", "messages": [', "is not JSON"),
        (
            {"id": "s1", "messages": [{"role": "user", "content": "네", "order_state": {}}]},
            "only the assistant keeps one",
        ),
    ],
)
def test_a_bad_session_is_named_with_its_line(domain: Path, row: Any, what: str) -> None:
    path = write(domain, {**GOOD, "id": "s0"}, row)
    found, problems = check_domain(domain)
    assert [p for p in problems.errors if what in p.what and p.where == f"{path}:2"], problems
    assert found is not None
    assert "s0" in {session.id for session in found.dialogues}


def test_an_id_twice_is_an_error_over_all_files(domain: Path) -> None:
    write(domain, GOOD)
    (domain / "dialogues" / "more.json").write_text(json.dumps([GOOD]), encoding="utf-8")
    _, problems = check_domain(domain)
    assert any("is taken by" in p.what for p in problems.errors)


def test_an_exam_question_may_hold_states(domain: Path) -> None:
    row = {
        "id": "q-state",
        "kind": "state",
        "messages": GOOD["messages"][:3],
        "key": {"state": {**STATE, "done": True}},
    }
    with (domain / "questions" / "test.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    question = next(q for q in read_domain(domain).questions if q.id == "q-state")
    assert split_state(question.messages[1].content)[1] == STATE


def test_a_preference_pair_is_a_bad_answer_with_its_correction(domain: Path) -> None:
    pair = {"id": "p1", "question": "늦네요", "chosen": "죄송합니다.", "rejected": "기다리세요."}
    path = domain / "feedback" / "pairs.jsonl"
    path.write_text(json.dumps(pair, ensure_ascii=False) + "\n", encoding="utf-8")
    item = next(f for f in read_domain(domain).feedback if f.id == "p1")
    assert (item.rating, item.answer, item.correction) == ("down", "기다리세요.", "죄송합니다.")
    path.write_text(json.dumps({**pair, "rejected": ""}), encoding="utf-8")
    _, problems = check_domain(domain)
    assert any("rejected" in p.what for p in problems.errors)
