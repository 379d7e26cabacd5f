"""The dinner sessions: complete, within the menu's rules, varied, and readable again."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sadari.data import prepare, read_records, write_records
from sadari.domain import Domain, Problems, Session, split_state
from sadari.domain.dialogues import read_sessions
from sadari.text import normalise
from tests.examples.conftest import EXAMPLES


def order_of(state: Any) -> Any:
    from menu import Order

    day = state["date"] and datetime.date.fromisoformat(state["date"])
    return Order(
        customer=state["customerName"],
        dinner=state["dinner"],
        style=state["style"],
        changes=state["changes"],
        date=day,
        time=state["time"],
        address=state["address"],
        confirmed=state["confirmed"],
    )


def today_of(session: Session) -> datetime.date:
    found = re.search(r"오늘: (\d{4}-\d\d-\d\d) (.)요일", session.messages[0].content)
    assert found is not None
    day = datetime.date.fromisoformat(found[1])
    assert "월화수목금토일"[day.weekday()] == found[2]
    return day


def said_in(session: Session) -> str:
    return normalise("\n".join(m.content for m in session.messages if m.role == "user"))


def written(dinner: Domain) -> list[Session]:
    """The sessions that were written one by one."""
    return [session for session in dinner.dialogues if not session.id.startswith("made-")]


def test_every_dinner_in_every_style_is_ordered_several_times(dinner: Domain) -> None:
    from menu import DINNERS, STYLES

    last = [session.states[-1] for session in written(dinner)]
    orders = Counter((state["dinner"], state["style"]) for state in last if state["confirmed"])
    assert len(last) >= 60
    assert set(orders) == {(name, style) for name in DINNERS for style in STYLES}
    assert min(orders.values()) >= 5


def test_every_state_follows_the_rules_and_says_what_is_missing(dinner: Domain) -> None:
    for session in dinner.dialogues:
        today = today_of(session)
        for state in session.states:
            order = order_of(state)
            assert order.faults(today) == [], session.id
            assert order.state() == state, session.id


def test_every_turn_of_the_assistant_has_a_state(dinner: Domain) -> None:
    for session in dinner.dialogues:
        assert len(session.states) == sum(m.role == "assistant" for m in session.messages)


def test_the_exam_follows_the_rules_too(dinner: Domain) -> None:
    for question in dinner.questions:
        if question.key.state is not None:
            session = Session(question.id, question.messages)
            assert order_of(question.key.state).faults(today_of(session)) == [], question.id


def test_dates_and_sums_that_the_assistant_says_are_right(dinner: Domain) -> None:
    for session in dinner.dialogues:
        for message in session.messages:
            words, state = split_state(message.content)
            if message.role != "assistant" or state is None:
                continue
            for month, day, weekday in re.findall(r"(\d+)월 (\d+)일 (.)요일", words):
                year = 2026 if int(month) > 6 else 2027
                date = datetime.date(year, int(month), int(day))
                assert "월화수목금토일"[date.weekday()] == weekday, words
            for total in re.findall(r"합계는? ([\d,]+)원", words):
                assert int(total.replace(",", "")) == order_of(state).total(), words


def test_the_pages_name_the_prices_of_the_menu(dinner: Domain) -> None:
    from menu import DAYS_AHEAD, DELIVERY, DINNERS, DISHES, DISTRICTS, FREE_DELIVERY_FROM, STYLES

    pages = {d.id: d.text for d in dinner.documents}
    for code, dish in DINNERS.items():
        page = pages[f"dinners/{code.replace('_', '-')}"]
        assert f"{dish.price:,}원" in page
        assert all(f"{name} {count}" in page for name, count in dish.dishes.items())
    assert all(f"{price:,}원" in pages[f"styles/{s}"] for s, (_, price) in STYLES.items() if price)
    assert all(f"{price:,}원" in pages["order/dishes"] for price in DISHES.values())
    assert f"{DAYS_AHEAD}일" in pages["order/reservation"]
    area = pages["delivery/area"]
    assert all(
        word in area for word in (*DISTRICTS, f"{DELIVERY:,}원", f"{FREE_DELIVERY_FROM:,}원")
    )


def test_no_two_sessions_are_alike(dinner: Domain) -> None:
    said = [said_in(session) for session in dinner.dialogues]
    opened = [normalise(s.messages[1].content) for s in written(dinner)]
    assert len(set(said)) == len(said)
    assert len(set(opened)) == len(opened)


def test_the_state_survives_the_records(dinner: Domain, tmp_path: Path) -> None:
    data = prepare(dinner)
    records = {r.id: r for r in (*data.train, *data.validation)}
    assert {s.id for s in dinner.dialogues} <= records.keys()
    write_records(records.values(), tmp_path / "records.jsonl")
    again = {r.id: r for r in read_records(tmp_path / "records.jsonl", Problems())}
    for session in dinner.dialogues:
        turns = [m for m in again[session.id].messages if m.role == "assistant"]
        assert tuple(split_state(m.content)[1] for m in turns) == session.states
        assert again[session.id].messages[0].role == "system"


def made(count: int, seed: int, path: Path) -> tuple[Session, ...]:
    program = EXAMPLES / "dinner" / "tools" / "make_sessions.py"
    command = [sys.executable, "-B", str(program), str(count), "--seed", str(seed)]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    problems = Problems()
    sessions = read_sessions(path, problems)
    assert problems == []
    return sessions


def test_the_made_sessions_are_what_the_generator_makes(tmp_path: Path) -> None:
    made(500, 1, tmp_path / "made.jsonl")
    kept = EXAMPLES / "dinner" / "dialogues" / "made.jsonl"
    assert kept.read_bytes() == (tmp_path / "made.jsonl").read_bytes()


def test_made_sessions_are_seeded_varied_and_right(tmp_path: Path) -> None:
    first, again = (made(240, 7, tmp_path / name) for name in ("a.jsonl", "b.jsonl"))
    assert first == again
    assert first != made(240, 8, tmp_path / "c.jsonl")
    assert len({said_in(session) for session in first}) == 240
    orders = Counter((s.states[-1]["dinner"], s.states[-1]["style"]) for s in first)
    assert set(orders.values()) == {20}
    for session in first:
        today = today_of(session)
        assert session.states[-1]["confirmed"]
        for state in session.states:
            assert order_of(state).faults(today) == []
            assert order_of(state).state() == state
    assert 0.15 < sum(s.task == "spoken" for s in first) / 240 < 0.45


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"date": "2026-12-07"}, "Monday"),
        ({"time": "19:15"}, "no delivery time"),
        ({"time": "22:00"}, "no delivery time"),
        ({"address": "한빛시 북구 갈대로 1"}, "outside the area"),
        ({"date": "2026-12-04", "style": "deluxe"}, "day of the order"),
        ({"date": "2027-02-03"}, "30 days"),
        ({"changes": {"샴페인": 0}}, "cannot be taken out"),
        ({"changes": {"토스트": 1}}, "no dish"),
        ({"changes": {"와인": 11}}, "more than 10"),
        ({"address": None, "confirmed": True}, "without being complete"),
    ],
)
def test_the_menu_refuses(wrong: dict[str, Any], fault: str) -> None:
    from menu import Order

    state = {
        "dinner": "champagne_feast",
        "style": "grand",
        "changes": {},
        "date": "2026-12-05",
        "time": "19:00",
        "address": "한빛시 남구 등대로 1",
        "customerName": "김하늘",
        "confirmed": False,
    }
    today = datetime.date(2026, 12, 4)
    good: Order = order_of(state)
    assert good.faults(today) == []
    assert fault in "; ".join(order_of({**state, **wrong}).faults(today))
