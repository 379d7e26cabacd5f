"""Fitted once, asked often: the forecast of a move on a route at a time, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from sadari.forecasting.backtests.moves import backtest_moves, mix
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.clock import DAY, HOUR
from sadari.forecasting.events.feeds import local
from sadari.forecasting.events.history import History, parse_at
from sadari.forecasting.events.kinds import ARROW
from sadari.forecasting.live.cases import CaseBook
from sadari.forecasting.live.corrections import Earned, adjust, earn, proposals
from sadari.forecasting.live.forecast import Forecast, Reason, RuleEffect
from sadari.forecasting.live.words import factor_text, fallback_text
from sadari.forecasting.models.combination import COMBINATION
from sadari.forecasting.models.features import features
from sadari.forecasting.models.members import Members
from sadari.forecasting.models.rules import Audit, Rule, applies, audit_rules
from sadari.forecasting.models.state import State
from sadari.forecasting.quantiles import LEVELS, MIDDLE, Floats
from sadari.text.language import Language

SAID = 0.05  # minutes below which a reason is not told
RENEW = 0.1  # the share of moves that may come or go before models are fitted again


@dataclass(frozen=True)
class Learnt:
    """What models were fitted on: so many finished moves, the last of which ended then (UTC
    milliseconds)."""

    moves: int
    until: int

    @classmethod
    def of(cls, history: History) -> Learnt:
        """All that a history holds."""
        return cls(len(history.done), history.last)

    def holds(self, history: History) -> bool:
        """Whether hardly any of it came or went since, so that the models need no new fit."""
        ends = history.done["end"]
        before = int((ends <= self.until).sum())
        return len(ends) - before + abs(before - self.moves) <= RENEW * self.moves


class Predictor:
    """Forecasts moves. Made by `fit_predictor`, kept and read back by `kept`."""

    def __init__(
        self,
        history: History,
        members: Members,
        choice: dict[str, str],
        weights: dict[str, Floats],
        audits: tuple[Audit, ...],
        earned: Earned,
        learnt: Learnt,
    ) -> None:
        design = members.booster.design
        assert design is not None
        self.history = history
        self.audits = audits
        self.earned = earned
        self.learnt = learnt
        self.members, self.choice, self.weights = members, choice, weights
        self._design = design
        self._state = State(history, design.usual)
        self._cases = CaseBook.make(history, design, self._state)

    @property
    def routes(self) -> tuple[str, ...]:
        """The routes that have been seen."""
        return tuple(self._design.usual.routes)

    @property
    def last(self) -> int:
        """Until when events are known, in UTC milliseconds."""
        return self.history.last

    def predict(
        self,
        route: str,
        at: int,
        *,
        as_of: int | None = None,
        priority: str = "",
        reasons: bool = True,
        language: Language = "ko",
    ) -> Forecast:
        """The forecast of a move on `route` ("A→B") that starts at `at` (UTC milliseconds), from
        what was known by `as_of` (the last event, or `at` if that is earlier). Raises
        ForecastError when the route is no pair of two names, or no move had the priority."""
        source, target = split_route(route)
        name = f"{source}{ARROW}{target}"
        known = min(at, self.last) if as_of is None else min(as_of, at)
        pair = self._cases.pair_of(source, target)
        move = pl.DataFrame(
            {"route": [name], "pair": [pair], "source": [source], "destination": [target],
             "start": [at], "priority": [self._known_priority(priority)]},
            schema_overrides={"start": pl.Int64},
        )  # fmt: skip
        rows = features(move, np.array([known]), self._design, self._state, self.history)
        level, _, count, whose = self._design.usual.of(name, pair)
        quantiles, model = self._quantiles(move, rows, known)
        proposed = proposals(move, self.history.schedule, self.rules, self.earned)
        quantiles = adjust(quantiles, proposed)
        found = Forecast(
            route=name,
            as_of=local(known, self.history.zone),
            at=local(at, self.history.zone),
            learnt_until=local(self.learnt.until, self.history.zone),
            estimand="move",
            quantiles=tuple((float(q), float(m)) for q, m in zip(LEVELS, quantiles, strict=True)),
            model=model,
            level=whose,
            n_history=self._count(name),
            usual_minutes=float(np.exp(level)),
            fallback=self._fallback(name, pair, whose, count, language),
            reasons=(),
            cases=(),
            rules=(),
            adjustments=proposed,
        )
        if not reasons:
            return found
        return replace(
            found,
            reasons=self._reasons(rows, float(quantiles[MIDDLE]), language),
            cases=self._cases.nearest(move, rows, whose),
            rules=self._rules(move),
        )

    def usual_minutes(self, route: str) -> float:
        """What a move on `route` ("A→B") usually takes."""
        level, *_ = self._design.usual.of(route, self._cases.pair_of(*split_route(route)))
        return float(np.exp(level))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The declared rules."""
        return tuple(audit.rule for audit in self.audits)

    def _quantiles(self, move: pl.DataFrame, rows: Floats, known: int) -> tuple[Floats, str]:
        as_of, booster = np.array([known]), self.members.booster
        made = {
            member.name: member.calibrated(booster.from_features(rows), move, as_of, self.history)
            if member.inner is booster
            else member.predict(move, as_of, self.history)
            for member in self.members.calibrated
        }
        model = self.choice.get(move["route"][0], self.choice[""])
        if model != COMBINATION:
            return made[model][0], model
        weights = self.weights.get(move["route"][0], self.weights[""])
        return mix(made, tuple(made), weights[:, None], np.zeros(1, dtype=np.int64))[0], model

    def _reasons(self, rows: Floats, median: float, language: Language) -> tuple[Reason, ...]:
        parts = self.members.booster.reasons(rows)
        if parts is None:
            return ()
        total: dict[tuple[str, str], float] = {}
        for factor, part, value in zip(self._design.factors, parts[0], rows[0], strict=False):
            name, holds = factor if isinstance(factor, str) else f"rule {factor.id}", value != 0
            if isinstance(factor, Rule) and not holds:
                name = f"no {name}"
            key = name, factor_text(factor, bool(holds), language)
            total[key] = total.get(key, 0.0) + float(part)
        # taken away alone, each part would leave so much
        said = [
            Reason(name, round(median * (1 - float(np.exp(-part))), 2), text)
            for (name, text), part in total.items()
        ]
        told = [r for r in said if abs(r.minutes) >= SAID]
        return tuple(sorted(told, key=lambda r: -abs(r.minutes)))

    def _rules(self, move: pl.DataFrame) -> tuple[RuleEffect, ...]:
        return tuple(
            RuleEffect(
                a.rule.id, a.rule.text, a.rule.minutes,
                None if a.measured is None else round(a.measured.estimate, 2), a.finding,
            )
            for a in self.audits
            if applies(a.rule, move, self.history.schedule, self.history.zone)[0] > 0
        )  # fmt: skip

    def _count(self, route: str) -> int:
        index = self._design.usual.routes.get(route)
        return 0 if index is None else int(self._design.usual.count[index])

    def _known_priority(self, priority: str) -> str:
        known = [name for name in self._design.vocabulary.priorities if name]
        if priority and priority not in known:
            todo = f"Known are {', '.join(known)}." if known else "The log names none."
            raise ForecastError(f"no move has the priority {priority!r}.", todo=todo)
        return priority or self._cases.usual_priority

    def _fallback(self, route: str, pair: str, whose: str, count: int, language: Language) -> str:
        if whose == "route":
            return ""
        unknown = [p for p in route.split(ARROW) if p not in self._design.usual.places]
        on = pair if whose == "pair" else ""
        return fallback_text(route, self._count(route), on, count, unknown, language)


def fit_predictor(history: History, rules: tuple[Rule, ...]) -> Predictor:
    """Fits the models, lets a backtest of the last two weeks choose among them for each route,
    audits the rules, and lets corrections earn their place. Raises ForecastError without moves."""
    done = history.done
    if done.is_empty():
        todo = "Bring some: sadari forecast ingest DOMAIN FILE…"
        raise ForecastError("there are no finished moves.", todo=todo)
    members = Members.make(rules)
    for member in members.calibrated:
        member.fit(history)
    count = len(members.calibrated)
    choice, weights = {"": COMBINATION}, {"": np.full(count, 1 / count)}
    try:
        fresh = Members.make(rules).calibrated
        tried = backtest_moves(history, fresh, folds=1, fold_days=_fold(history))
    except ForecastError:
        earned = Earned({})
    else:
        choice |= dict(zip(tried.names, tried.choice, strict=True))
        weights |= {n: tried.weights[:, i] for i, n in enumerate(tried.names)}
        choice[""] = max(sorted(set(tried.choice)), key=tried.choice.count)
        earned = earn(tried, history, rules)
    audits = audit_rules(rules, history)
    return Predictor(history, members, choice, weights, audits, earned, Learnt.of(history))


def predict(
    predictor: Predictor,
    route: str,
    at: str | None = None,
    *,
    priority: str = "",
    reasons: bool = True,
    language: Language = "ko",
) -> Forecast:
    """The Forecast of a move on `route` that starts at a local time (the last event's without
    one). Raises ForecastError for a route or a time that cannot be read."""
    when = predictor.last if at is None else parse_at(at, predictor.history.zone)
    return predictor.predict(route, when, priority=priority, reasons=reasons, language=language)


def split_route(route: str) -> tuple[str, str]:
    """Source and destination of "A→B" or "A->B". Raises ForecastError."""
    parts = [part.strip() for part in route.replace("->", ARROW).split(ARROW)]
    if len(parts) != 2 or not all(parts):
        todo = 'Write it like "Bay5→Bay12" or "Bay5->Bay12".'
        raise ForecastError(f"{route!r} is no route.", where="--route", todo=todo)
    return parts[0], parts[1]


def _fold(history: History) -> float:
    """Days of a stretch: a week, or an eighth of a short history."""
    span = (history.last - int(history.moves["start"][0])) / DAY
    return max(min(7.0, span / 8), HOUR / DAY)
