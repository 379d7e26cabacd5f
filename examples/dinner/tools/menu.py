"""The menu and the rules of 달빛식탁 as numbers: what an order may be, what it costs, its state."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Dinner:
    """A set: its price in won, its dishes, and the dish that cannot be taken out."""

    name: str
    price: int
    dishes: Mapping[str, int]
    main: str
    must: tuple[str, ...] = ()


DINNERS = {
    "valentine": Dinner(
        "발렌타인", 89_000, {"스테이크": 2, "와인": 2, "초콜릿 케이크": 1}, "스테이크"
    ),
    "french": Dinner(
        "프렌치", 52_000, {"스테이크": 1, "샐러드": 1, "와인": 1, "커피": 1}, "스테이크"
    ),
    "english": Dinner(
        "잉글리시",
        46_000,
        {"로스트비프": 1, "에그 스크램블": 1, "베이컨": 2, "토스트": 2},
        "로스트비프",
    ),
    "champagne_feast": Dinner(
        "샴페인 축제",
        138_000,
        {"샴페인": 1, "스테이크": 2, "바게트": 4, "훈제 연어": 1, "커피": 2},
        "스테이크",
        must=("샴페인",),
    ),
}
STYLES = {"simple": ("심플", 0), "grand": ("그랜드", 10_000), "deluxe": ("디럭스", 25_000)}
DISHES = {
    "스테이크": 22_000, "로스트비프": 20_000, "샴페인": 45_000, "훈제 연어": 15_000,
    "초콜릿 케이크": 12_000, "와인": 8_000, "샐러드": 7_000, "에그 스크램블": 5_000,
    "커피": 4_000, "바게트": 3_000, "베이컨": 3_000, "토스트": 2_000,
}  # fmt: skip
ANYWHERE = ("와인", "커피")  # what may be added to every dinner
DISTRICTS = ("중앙구", "남구", "동구", "서구")
TIMES = tuple(f"{hour:02d}:{minute:02d}" for hour in range(17, 22) for minute in (0, 30))
MOST_OF_A_DISH = 10
DAYS_AHEAD = 30
MONDAY = 0
DELIVERY = 3_000
FREE_DELIVERY_FROM = 100_000
SLOTS = ("dinner", "style", "date", "time", "address", "customerName")


@dataclass(frozen=True)
class Order:
    """What a conversation has fixed so far. `changes` holds the count of each dish that differs
    from the set's own."""

    customer: str | None = None
    dinner: str | None = None
    style: str | None = None
    changes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    date: datetime.date | None = None
    time: str | None = None
    address: str | None = None
    confirmed: bool = False

    @property
    def complete(self) -> bool:
        """Whether nothing needs to be asked any more."""
        slots = (self.dinner, self.style, self.date, self.time, self.address, self.customer)
        return all(slot is not None for slot in slots)

    def state(self) -> dict[str, Any]:
        """The state that the assistant writes below each of its turns."""
        return {
            "dinner": self.dinner,
            "style": self.style,
            "changes": dict(self.changes),
            "date": self.date.isoformat() if self.date else None,
            "time": self.time,
            "address": self.address,
            "customerName": self.customer,
            "needsMoreInfo": not self.complete,
            "readyForConfirmation": self.complete and not self.confirmed,
            "confirmed": self.confirmed,
        }

    def total(self) -> int:
        """The price in won with delivery. Dishes taken out of a set do not lower it."""
        if self.dinner is None or self.style is None:
            raise ValueError("an order without dinner and style has no price")
        own = DINNERS[self.dinner]
        extra = sum(
            max(0, count - own.dishes.get(dish, 0)) * DISHES[dish]
            for dish, count in self.changes.items()
        )
        goods = own.price + STYLES[self.style][1] + extra
        return goods if goods >= FREE_DELIVERY_FROM else goods + DELIVERY

    def faults(self, today: datetime.date) -> list[str]:
        """Every rule of `documents/` that this order breaks, as a sentence."""
        found = []
        if self.date is not None:
            if not today <= self.date <= today + datetime.timedelta(days=DAYS_AHEAD):
                found.append(f"{self.date} is past or more than {DAYS_AHEAD} days ahead")
            if self.date.weekday() == MONDAY:
                found.append(f"{self.date} is a Monday")
            if self.style == "deluxe" and self.date == today:
                found.append("deluxe is not served on the day of the order")
        if self.time is not None and self.time not in TIMES:
            found.append(f"{self.time} is no delivery time")
        if self.address is not None and not self.address.startswith(
            tuple(f"한빛시 {district} " for district in DISTRICTS)
        ):
            found.append(f"{self.address} is outside the area")
        if self.dinner is not None:
            found.extend(self._wrong_dishes(DINNERS[self.dinner]))
        if self.confirmed and not self.complete:
            found.append("it is confirmed without being complete")
        return found

    def _wrong_dishes(self, own: Dinner) -> list[str]:
        found = []
        for dish, count in self.changes.items():
            if dish not in own.dishes and dish not in ANYWHERE:
                found.append(f"{dish} is no dish of {own.name}")
            if not 0 <= count <= MOST_OF_A_DISH:
                found.append(f"{count} of {dish} is more than {MOST_OF_A_DISH}")
            if count == own.dishes.get(dish, 0):
                found.append(f"{count} of {dish} is no change")
            if count == 0 and dish in (own.main, *own.must):
                found.append(f"{dish} cannot be taken out of {own.name}")
        return found
