"""More sessions for 달빛식탁, as many as wanted: python make_sessions.py 200 --seed 1 > more.jsonl

Every session is an order that comes about in steps. A step is what the customer says, what that
changes in the order, and what the assistant answers; the state below each answer is computed, so
it is right by construction. Names, dates, times and addresses are drawn anew, a part of the
sessions is spoken (no punctuation, numbers in words), and no two say the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import parts
from menu import ANYWHERE, DAYS_AHEAD, DINNERS, DISTRICTS, MONDAY, STYLES, TIMES, Order
from speech import day_name, spoken, spoken_count, spoken_day, spoken_time, written_time

from sadari.text.josa import final_consonant, with_josa


@dataclass
class Session:
    """A conversation on its way: what was said, and the order so far."""

    draw: Random
    today: date
    order: Order
    spoken: bool
    turns: list[dict[str, Any]] = field(default_factory=list)

    def say(self, said: str, answer: str, **changes: Any) -> None:
        """One step: the order changes, then the assistant answers. In the answer `{이름}` is the
        customer, `{날}` the date, `{다음}` what is still to be asked."""
        self.order = replace(self.order, **changes)
        heard = said.translate(str.maketrans("", "", ".,?!")) if self.spoken else said
        self.turns.append({"role": "user", "content": heard.strip()})
        words = answer.replace("{이름}", self.order.customer or "고객")
        words = words.replace("{다음}", _next(self.order))
        if self.order.date:
            words = words.replace("{날}", day_name(self.order.date))
        state = self.order.state()
        self.turns.append({"role": "assistant", "content": words, "order_state": state})


def make(draw: Random, dinner: str, style: str) -> Session:
    """One whole session that ends in an order of this dinner in this style."""
    today = date(2026, 11, 1) + timedelta(days=draw.randrange(120))
    name = draw.choice(parts.FAMILY) + draw.choice(parts.GIVEN)
    session = Session(draw, today, Order(customer=name), spoken=draw.random() < 0.3)
    wanted = _wanted(draw, today, dinner, style)
    _open(session, dinner, style)
    missing = ["date", "time", "address"]
    draw.shuffle(missing)
    while missing:
        if draw.random() < 0.15:
            said, answer = draw.choice(parts.CHATTER)
            session.say(said, f"{answer} {{다음}}")
        if draw.random() < 0.2:
            _break_a_rule(session, missing[0])
        size = draw.choice((1, 2, 2, 3))
        _give(session, wanted, missing[:size])
        missing = missing[size:]
    if draw.random() < 0.5:
        _change_dish(session)
    if draw.random() < 0.35:
        _correct(session)
    session.say(draw.choice(parts.YES), draw.choice(parts.CLOSINGS), confirmed=True)
    return session


def _wanted(draw: Random, today: date, dinner: str, style: str) -> Order:
    days = [today + timedelta(days=n) for n in range(style == "deluxe", DAYS_AHEAD + 1)]
    address = f"한빛시 {draw.choice(DISTRICTS)} {draw.choice(parts.ROADS)} {draw.randint(2, 399)}"
    return Order(
        dinner=dinner,
        style=style,
        date=draw.choice([day for day in days if day.weekday() != MONDAY]),
        time=draw.choice(TIMES),
        address=f"{address}{draw.choice(parts.HOMES)}, {_room(draw)}",
    )


def _room(draw: Random) -> str:
    return f"{draw.randint(1, 25)}{draw.randint(1, 12):02d}호"


def _open(session: Session, dinner: str, style: str) -> None:
    """The dinner and the style, together or one after the other, or a wrong wish first."""
    draw = session.draw
    name, way = f"{DINNERS[dinner].name} 디너", STYLES[style][0]
    hello, want = draw.choice(parts.HELLO), draw.choice(parts.WANTS)
    ask = parts.ASK_STYLE.replace("{디너}", with_josa(name, "으로"))
    kind = draw.randrange(5)
    if kind == 0:
        said = f"{hello}{name} {way} 스타일로 {want}"
        answer = f"{{이름}} 님, {name} {with_josa(way, '으로')} 받았습니다. {{다음}}"
        session.say(said, answer, dinner=dinner, style=style)
        return
    if kind == 1:
        food = draw.choice(parts.FOODS)
        no = f"{{이름}} 님, 죄송하지만 {with_josa(food, '은')} 없습니다."
        session.say(f"{hello}{food} 되나요?", f"{no} {parts.ALL_DINNERS} 디너가 있습니다.")
        session.say(f"그럼 {name}요.", ask, dinner=dinner)
    elif kind == 2:
        answer = f"안녕하세요, {{이름}} 님. {parts.ALL_DINNERS} 가운데 어떤 디너로 할까요?"
        session.say(hello + draw.choice(parts.BEGINNINGS), answer)
        session.say(f"{with_josa(name, '으로')} 할게요.", ask, dinner=dinner)
    else:
        session.say(f"{hello}{name} {want}", ask, dinner=dinner)
    said = draw.choice(parts.STYLED).replace("{으로}", with_josa(way, "으로"))
    answer = f"{with_josa(way, '으로')} 적었습니다. {{다음}}"
    session.say(said.replace("{이}", with_josa(way, "이")), answer, style=style)


def _next(order: Order) -> str:
    """What the assistant asks for."""
    slots = (("날짜", order.date), ("시간", order.time), ("주소", order.address))
    missing = [name for name, value in slots if value is None]
    if missing:
        return f"{with_josa(', '.join(missing), '을')} 알려 주세요."
    return f"합계 {order.total():,}원입니다. 확정할까요?"


def _give(session: Session, wanted: Order, slots: list[str]) -> None:
    """Says these slots in one turn."""
    said = " ".join(_put(session, slot, wanted) for slot in slots)
    read_back = ", ".join(_read_back(slot, wanted) for slot in slots)
    answer = f"{with_josa(read_back, '으로')} 적었습니다. {{다음}}"
    session.say(said, answer, **{slot: getattr(wanted, slot) for slot in slots})


def _put(session: Session, slot: str, wanted: Order) -> str:
    """A slot as a customer says it."""
    draw = session.draw
    if slot == "date" and wanted.date:
        plain = f"{wanted.date.month}월 {wanted.date.day}일"
        near = {0: "오늘", 1: "내일", 2: "모레"}.get((wanted.date - session.today).days)
        day = near or (spoken_day(wanted.date) if session.spoken else plain)
        return draw.choice((f"{_yo(day)}.", f"{day}에 받을게요.", f"날짜는 {_yo(day)}."))
    if slot == "time":
        time = _time(session, wanted.time or "")
        return draw.choice(
            (f"{_yo(time)}.", f"{time}에 가져다 주시면 돼요.", f"시간은 {_yo(time)}.")
        )
    whole = wanted.address or ""
    place = whole.removeprefix("한빛시 ") if draw.random() < 0.7 else whole
    place = spoken(place) if session.spoken else place
    return draw.choice((f"주소는 {place}예요.", f"{place}입니다.", f"{place}로 보내 주세요."))


def _yo(word: str) -> str:
    return f"{word}이요" if final_consonant(word) else f"{word}요"


def _time(session: Session, time: str) -> str:
    return spoken_time(time) if session.spoken else written_time(time)


def _read_back(slot: str, order: Order) -> str:
    if slot == "date" and order.date:
        return day_name(order.date)
    return written_time(order.time or "") if slot == "time" else order.address or ""


def _break_a_rule(session: Session, slot: str) -> None:
    """A wish that cannot be met; nothing of it is written down."""
    draw = session.draw
    if slot == "date":
        monday = session.today + timedelta(days=(MONDAY - session.today.weekday()) % 7 or 7)
        day = f"{monday.month}월 {monday.day}일"
        said = spoken_day(monday) if session.spoken else day
        answer = f"{day}은 월요일이라 쉽니다. 다른 날짜를 알려 주세요."
        session.say(f"{said}에 되나요?", answer)
    elif slot == "time":
        hour = draw.choice(parts.TOO_EARLY_OR_LATE)
        session.say(f"{hour}에 받을 수 있어요?", parts.HOURS)
    else:
        session.say(f"{draw.choice(parts.ELSEWHERE)}로도 와 주세요?", parts.AREA)


def _change_dish(session: Session) -> None:
    """More of a dish, fewer, or none."""
    draw, order = session.draw, session.order
    own = DINNERS[order.dinner or ""]
    dish = draw.choice([*own.dishes, *(dish for dish in ANYWHERE if dish not in own.dishes)])
    count = own.dishes.get(dish, 0)
    least = 1 if dish in (own.main, *own.must) else 0
    wanted = draw.choice([n for n in range(least, count + 3) if n != count])
    said = f"{with_josa(dish, '은')} 빼 주세요."
    done = f"{with_josa(dish, '을')} 뺐습니다."
    if wanted:
        number = spoken_count(wanted) if session.spoken else str(wanted)
        said = draw.choice(
            (f"{with_josa(dish, '은')} {number}개로 해 주세요.", f"{dish} {number}개요.")
        )
        done = f"{with_josa(dish, '을')} {wanted}개로 바꾸었습니다."
    session.say(said, f"{done} {{다음}}", changes={**order.changes, dish: wanted})


def _correct(session: Session) -> None:
    """The time moves, or the number of the door was wrong."""
    draw, order = session.draw, session.order
    if draw.random() < 0.5:
        time = draw.choice([t for t in TIMES if t != order.time])
        said = f"아, 시간을 {with_josa(_time(session, time), '으로')} 바꿀게요."
        done = f"{with_josa(written_time(time), '으로')} 바꾸었습니다. {{다음}}"
        session.say(said, done, time=time)
        return
    house, _, room = (order.address or "").rpartition(", ")
    other = _room(draw)
    old, new = (spoken(room), spoken(other)) if session.spoken else (room, other)
    if other != room:
        done = f"{with_josa(other, '으로')} 고쳤습니다. {{다음}}"
        session.say(f"{with_josa(old, '이')} 아니라 {new}예요.", done, address=f"{house}, {other}")


def sessions(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` sessions, the twelve combinations in turn; no two say the same. The same seed gives
    the same ones. Raises ValueError if one should break a rule of the menu."""
    combinations = [(dinner, style) for dinner in DINNERS for style in STYLES]
    known: set[str] = set()
    draw = Random(seed)
    while len(known) < count:
        made = make(draw, *combinations[len(known) % len(combinations)])
        said = "\n".join(turn["content"] for turn in made.turns if turn["role"] == "user")
        if said in known:
            continue
        if faults := made.order.faults(made.today):
            raise ValueError(f"session {len(known)} breaks a rule: {faults}")
        today = f"오늘: {made.today.isoformat()} {day_name(made.today).split()[-1]}"
        yield {
            "id": f"made-{seed}-{len(known):05d}",
            "customer_name": made.order.customer,
            "task": "spoken" if made.spoken else "order",
            "messages": [{"role": "system", "content": today}, *made.turns],
        }
        known.add(said)


def main() -> None:
    """Writes JSON lines to standard output."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("count", type=int, help="how many sessions")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    for session in sessions(chosen.count, chosen.seed):
        sys.stdout.write(json.dumps(session, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
