"""A small automated material-handling system, event by event, with SimPy.

Vehicles on a one-way ring with shortcuts take carriers from bay to bay. They queue for segments,
break down, wait for operators at a change of shift and for planned maintenance. Everything random
comes from the seed; what was really added to the moves is written to truth.json.
"""

from __future__ import annotations

import csv
import heapq
import json
import math
import random
import tomllib
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import simpy

ZONE = ZoneInfo("Asia/Seoul")
FIRST_DAY = datetime(2026, 3, 2, tzinfo=ZONE)  # a Monday
HANDOVERS = ((6, 45), (14, 45), (22, 45))
HANDOVER_MINUTES = 30
WEEK = 7 * 24 * 60
VIP, NORMAL = "VIP", "NORMAL"


def simulate(
    folder: Path,
    out: Path,
    *,
    days: int,
    seed: int,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, int]:
    """Runs the fab that layout.toml and effects.toml of the folder describe for some days, and
    writes its logs and truth.json to `out`. Returns how many rows each file has."""
    layout = tomllib.loads((folder / "layout.toml").read_text(encoding="utf-8"))
    effects = tomllib.loads((folder / "effects.toml").read_text(encoding="utf-8"))
    fab = Fab(layout, effects, days, seed)
    for day in range(1, days + 1):
        fab.clock.run(until=day * 24 * 60)
        watch(day, days)
    out.mkdir(parents=True, exist_ok=True)
    return fab.write(out)


class Fab:
    """The whole fab. Time is in minutes since midnight of the first day."""

    def __init__(
        self, layout: dict[str, Any], effects: dict[str, Any], days: int, seed: int
    ) -> None:
        self.clock = simpy.Environment()
        self.random = random.Random(seed)
        self.planner = random.Random(seed + 1)  # so that more days leave the first ones alone
        self.effects, self.days = effects, days
        self.rail, self.load, self.trouble = layout["rail"], layout["load"], layout["trouble"]
        self.bays = list(range(1, self.rail["bays"] + 1))
        self._lay_rails()
        self.vehicles = simpy.PriorityResource(self.clock, capacity=self.rail["vehicles"])
        self.idle = {
            f"OHT{n:02d}": self.random.choice(self.bays)
            for n in range(1, self.rail["vehicles"] + 1)
        }
        self.flows = self._draw_flows()
        self.plan = self._draw_plan()
        self.incidents: list[dict[str, Any]] = []
        self.moves: list[tuple[Any, ...]] = []
        self.readings: list[tuple[Any, ...]] = []
        self.stock: list[tuple[Any, ...]] = []
        self.shaking: dict[int, float] = {}
        for process in (
            self._requests(),
            self._slow_segments(),
            self._failing_vehicles(),
            self._sensors(),
            self._stocks(),
        ):
            self.clock.process(process)

    # The rail

    def _lay_rails(self) -> None:
        ring = [(bay, bay % len(self.bays) + 1) for bay in self.bays]
        ends = ring + [tuple(pair) for pair in self.rail["shortcuts"]]
        self.segments = {
            pair: simpy.PriorityResource(self.clock, capacity=self.rail["vehicles_per_segment"])
            for pair in ends
        }
        self.slowness = dict.fromkeys(self.segments, 1.0)
        self.paths = {bay: self._shortest(bay) for bay in self.bays}

    def _shortest(self, source: int) -> dict[int, list[tuple[int, int]]]:
        """Segments from `source` to every bay."""
        found: dict[int, list[tuple[int, int]]] = {}
        queue: list[tuple[int, int, list[tuple[int, int]]]] = [(0, source, [])]
        while queue:
            length, bay, path = heapq.heappop(queue)
            if bay in found:
                continue
            found[bay] = path
            for segment in self.segments:
                if segment[0] == bay:
                    heapq.heappush(queue, (length + 1, segment[1], [*path, segment]))
        return found

    def _ride(self, source: int, target: int, urgent: int) -> Generator[Any, Any, None]:
        for segment in self.paths[source][target]:
            with self.segments[segment].request(priority=urgent) as turn:
                yield turn
                minutes = self.rail["minutes_per_segment"] * self.slowness[segment]
                yield self.clock.timeout(minutes * self.random.uniform(0.9, 1.15))

    # Moves

    def _draw_flows(self) -> tuple[list[tuple[int, int]], list[float]]:
        pairs = [(a, b) for a in self.bays for b in self.bays if a != b]
        return pairs, [math.exp(self.random.gauss(0, 0.7)) for _ in pairs]

    def _requests(self) -> Generator[Any, Any, None]:
        number = 0
        while True:
            at = FIRST_DAY + timedelta(minutes=self.clock.now)
            rate = self.load["moves_per_hour"] * (
                1 + 0.12 * math.sin((at.hour - 8) / 24 * 2 * math.pi)
            )
            if at.hour < 6:
                rate *= self.load["night_share"]
            yield self.clock.timeout(self.random.expovariate(rate / 60))
            number += 1
            source, target = self.random.choices(*self.flows)[0]
            priority = VIP if self.random.random() < self.load["vip_share"] else NORMAL
            self.clock.process(self._move(number, source, target, priority))

    def _move(
        self, number: int, source: int, target: int, priority: str
    ) -> Generator[Any, Any, None]:
        requested = self.clock.now
        urgent = 0 if priority == VIP else 1
        extra = self._extra(requested, source, target, priority)
        if extra:
            yield self.clock.timeout(max(0.0, self.random.gauss(extra, 0.15 * extra)))
        with self.vehicles.request(priority=urgent) as turn:
            yield turn
            name = min(self.idle, key=lambda v: len(self.paths[self.idle[v]][source]))
            place = self.idle.pop(name)
            started = self.clock.now
            yield from self._ride(place, source, urgent)
            yield self.clock.timeout(self._handling())
            yield from self._ride(source, target, urgent)
            yield self.clock.timeout(self._handling())
            self.idle[name] = target
        port = self.rail["stockers_per_bay"]
        self.moves.append(
            (
                f"C{number:07d}",
                f"L{self.random.randrange(10**6):06d}",
                f"F{self.random.randrange(4000):04d}",
                name,
                f"Bay{source}-STK{self.random.randint(1, port)}",
                f"Bay{target}-STK{self.random.randint(1, port)}",
                requested, started, self.clock.now, priority, "OK",
            )
        )  # fmt: skip

    def _handling(self) -> float:
        return self.load["handling_minutes"] * math.exp(
            self.random.gauss(0, self.load["handling_spread"])
        )

    def _extra(self, at: float, source: int, target: int, priority: str) -> float:
        """Minutes that the calendar and the plan add to a move requested now."""
        when = FIRST_DAY + timedelta(minutes=at)
        holds = {
            "friday": when.weekday() == 4,
            "handover": _in_handover(when),
            "night": when.hour < 6,
        }
        holds["monday_morning"] = when.weekday() == 0 and 8 <= when.hour < 11
        for item in self.plan:
            if item["from"] <= at < item["to"] and item["bay"] in (source, target):
                holds[item["type"].lower()] = True
        exempt = self.effects["vip_exempt"] if priority == VIP else ()
        return sum(
            float(self.effects[name]) for name, on in holds.items() if on and name not in exempt
        )

    # What is planned, and what is not

    def _draw_plan(self) -> list[dict[str, Any]]:
        plan = []
        for day in range(self.days + 7):  # the coming week is planned too
            for kind, chance, hours in (("PM", 0.55, (2, 5)), ("AUDIT", 0.08, (3, 6))):
                if self.planner.random() < chance:
                    start = day * 1440 + 60 * self.planner.randint(9, 17)
                    bay = self.planner.choice(self.bays)
                    length = 60 * self.planner.randint(*hours)
                    plan.append({"type": kind, "bay": bay, "from": start, "to": start + length})
        return plan

    def _slow_segments(self) -> Generator[Any, Any, None]:
        while True:
            yield self.clock.timeout(
                self.random.expovariate(self.trouble["slow_segments_per_week"] / WEEK)
            )
            segment = self.random.choice(list(self.segments))
            self.shaking[segment[0]] = self.clock.now
            yield self.clock.timeout(20)  # it shakes before it slows down
            factor = self.random.uniform(*self.trouble["slow_factor"])
            length = self.random.uniform(*self.trouble["trouble_minutes"])
            self._note("slow segment", segment, length, factor)
            self.slowness[segment] = factor
            yield self.clock.timeout(length)
            self.slowness[segment] = 1.0
            self.shaking.pop(segment[0], None)

    def _failing_vehicles(self) -> Generator[Any, Any, None]:
        while True:
            yield self.clock.timeout(
                self.random.expovariate(self.trouble["failed_vehicles_per_week"] / WEEK)
            )
            segment = self.random.choice(list(self.segments))
            length = self.random.uniform(*self.trouble["trouble_minutes"])
            self._note("failed vehicle", segment, length, None)
            with self.segments[segment].request(priority=-1) as turn:
                yield turn
                yield self.clock.timeout(length)

    def _note(
        self, kind: str, segment: tuple[int, int], length: float, factor: float | None
    ) -> None:
        routes = [
            f"Bay{a}→Bay{b}" for a in self.bays for b in self.bays if segment in self.paths[a][b]
        ]
        self.incidents.append(
            {
                "kind": kind,
                "segment": f"Bay{segment[0]}→Bay{segment[1]}",
                "start": _time(self.clock.now),
                "end": _time(self.clock.now + length),
                "factor": factor,
                "routes": routes,
            }
        )

    def _sensors(self) -> Generator[Any, Any, None]:
        while True:
            hour = self.clock.now / 60
            for bay in self.bays:
                shaking = 4.0 if bay in self.shaking else 0.0
                for sensor, value in (
                    (
                        "temperature",
                        22 + 0.4 * math.sin(hour / 24 * 2 * math.pi) + self.random.gauss(0, 0.1),
                    ),
                    ("humidity", 43 + self.random.gauss(0, 0.6)),
                    ("vibration", 1.2 + shaking + abs(self.random.gauss(0, 0.25))),
                ):
                    self.readings.append((sensor, f"Bay{bay}", self.clock.now, round(value, 3)))
            yield self.clock.timeout(30)

    def _stocks(self) -> Generator[Any, Any, None]:
        levels = {
            (item, bay): 240.0 for item in ("empty FOUP", "reticle pod") for bay in self.bays[::4]
        }
        while True:
            for (item, bay), level in levels.items():
                self.stock.append((item, f"Bay{bay}", self.clock.now, round(level)))
                level -= self.random.gauss(3.0 if item == "empty FOUP" else 1.4, 0.8)
                levels[item, bay] = 240.0 if level < 30 else level
            yield self.clock.timeout(60)

    # Logs

    def write(self, out: Path) -> dict[str, int]:
        """Writes the logs and the truth. Moves appear in the order in which they ended."""
        moves = [(*m[:6], _time(m[6]), _time(m[7]), _time(m[8]), *m[9:]) for m in self.moves]
        plan = [
            (
                f"{p['type']}-{n:04d}",
                p["type"],
                f"Bay{p['bay']}",
                _time(p["from"]),
                _time(p["to"]),
                "",
            )
            for n, p in enumerate(self.plan, start=1)
        ]
        names = (
            "CMD_ID LOT_ID CARRIER_ID VEHICLE_ID FROM_LOC TO_LOC "
            "REQ_TM START_TM END_TM PRIORITY RESULT"
        )
        plans = "PLAN_ID TYPE BAY FROM_TM TO_TM NOTE".split()
        written = {
            "mcs_moves.csv": _csv(out / "mcs_moves.csv", names.split(), moves),
            "sensors.csv": _csv(out / "sensors.csv", ["SENSOR", "BAY", "TM", "VALUE"],
                                [(s, b, _time(t), v) for s, b, t, v in self.readings]),
            "schedule.csv": _csv(out / "schedule.csv", plans, plan),
            "stock.csv": _csv(out / "stock.csv", ["ITEM", "STOCKER", "TM", "QTY"],
                              [(i, b, _time(t), q) for i, b, t, q in self.stock]),
        }  # fmt: skip
        truth = {"effects": self.effects, "incidents": self.incidents}
        (out / "truth.json").write_text(
            json.dumps(truth, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        return written


def _in_handover(when: datetime) -> bool:
    minute = when.hour * 60 + when.minute
    return any(0 <= minute - (h * 60 + m) < HANDOVER_MINUTES for h, m in HANDOVERS)


def _time(minutes: float) -> str:
    return (FIRST_DAY + timedelta(minutes=minutes)).isoformat(timespec="seconds")


def _csv(path: Path, header: list[str], rows: list[tuple[Any, ...]]) -> int:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return len(rows)
