"""Past moves in situations like the one asked about, and what happened in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from sadari.forecasting.events.feeds import local
from sadari.forecasting.events.history import History
from sadari.forecasting.events.kinds import ARROW
from sadari.forecasting.live.forecast import Case
from sadari.forecasting.models.features import BASE, COLUMN, Design, features
from sadari.forecasting.models.state import State
from sadari.forecasting.quantiles import Floats

KEPT = 60_000  # newest moves
SHOWN = 5
_SITUATION = tuple(
    i for i, name in enumerate(BASE)
    if name not in ("route", "source", "destination", "usual level", "usual spread", "hours ahead")
)  # fmt: skip
_MINUTE, _WEEKDAY, _PRIORITY = (COLUMN[n] for n in ("minute of day", "weekday", "priority"))


@dataclass(frozen=True)
class CaseBook:
    """Past moves with the features that they had when they started."""

    moves: pl.DataFrame
    rows: Floats
    spread: Floats
    plans: tuple[str, ...]
    columns: tuple[int, ...]
    groups: dict[str, str]
    usual_priority: str
    zone: str

    @classmethod
    def make(cls, history: History, design: Design, state: State) -> CaseBook:
        """From the newest finished moves."""
        moves = history.done.tail(KEPT).select(
            "id", "route", "pair", "source", "destination", "start", "minutes", "priority"
        )
        rows = features(moves, moves["start"].to_numpy(), design, state, history)
        plans = tuple(kind for kind in design.plans for _ in range(2))
        with np.errstate(invalid="ignore"):
            spread = np.nanstd(rows, axis=0)
        groups: dict[str, str] = {}
        for source, target, pair in (
            moves.select("source", "destination", "pair").unique().iter_rows()
        ):
            first, _, second = pair.partition(ARROW)
            groups |= {source: first, target: second}
        common = history.done["priority"].mode().sort()
        columns = (*_SITUATION, *range(len(BASE), rows.shape[1]))
        return cls(
            moves, rows.astype(np.float32), np.where(spread > 1e-9, spread, 1.0), plans, columns,
            groups, common[0] if len(common) else "", history.zone,
        )  # fmt: skip

    def pair_of(self, source: str, target: str) -> str:
        """The pair of groups of two places; "" for a group that is not known."""
        return f"{self.groups.get(source, '')}{ARROW}{self.groups.get(target, '')}"

    def nearest(self, move: pl.DataFrame, row: Floats, whose: str) -> tuple[Case, ...]:
        """The most alike moves that started before, of the route, of its pair or of all."""
        before = self.moves["start"].to_numpy() < int(move["start"][0])
        if whose in ("route", "pair"):
            before &= (self.moves[whose] == move[whose][0]).to_numpy()
        index = np.flatnonzero(before)
        if not len(index):
            return ()
        distance = self._distance(self.rows[index], row[0])
        order = np.argsort(distance, kind="stable")[:SHOWN]
        return tuple(self._case(int(index[i]), float(np.exp(-distance[i]))) for i in order)

    def _distance(self, rows: Floats, row: Floats) -> Floats:
        """Root mean square difference of the situations' features, each in its own spread; the
        clock goes round, and another kind of day or of priority is one spread away."""
        away = np.abs(rows - row) / self.spread
        minutes = np.abs(rows[:, _MINUTE] - row[_MINUTE])
        away[:, _MINUTE] = np.minimum(minutes, 1440 - minutes) / 120
        away[:, _WEEKDAY] = rows[:, _WEEKDAY] != row[_WEEKDAY]
        away[:, _PRIORITY] = rows[:, _PRIORITY] != row[_PRIORITY]
        away = np.nan_to_num(np.minimum(away, 3.0), nan=1.0)
        mean: Floats = np.sqrt((away[:, self.columns] ** 2).mean(axis=1))
        return mean

    def _case(self, number: int, alike: float) -> Case:
        move = self.moves.row(number, named=True)
        planned = self.rows[number, len(BASE) : len(BASE) + len(self.plans)]
        kinds = sorted({k for k, on in zip(self.plans, planned, strict=True) if on > 0})
        return Case(
            move["id"], move["route"], local(move["start"], self.zone), round(move["minutes"], 2),
            move["priority"], round(alike, 3), tuple(kinds),
        )  # fmt: skip
