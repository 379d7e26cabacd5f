"""A route's coming hours, each with its quantiles of minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sadari.forecasting.backtests.backtest import HORIZON
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.clock import HOUR
from sadari.forecasting.events.feeds import as_written, local
from sadari.forecasting.events.kinds import ARROW
from sadari.forecasting.live.outlook import Outlook
from sadari.forecasting.live.predictor import Predictor, split_route
from sadari.forecasting.live.words import when
from sadari.forecasting.quantiles import HIGH, LEVELS, LOW, MIDDLE
from sadari.text.language import Bilingual, Language


@dataclass(frozen=True)
class Hour:
    """An hour by the local clock, and the quantiles (level, minutes) of what moves take in it."""

    at: str
    quantiles: tuple[tuple[float, float], ...]

    @property
    def median(self) -> float:
        """The middle quantile, in minutes."""
        return self.quantiles[MIDDLE][1]

    @property
    def interval(self) -> tuple[float, float]:
        """The 80 % interval, in minutes."""
        return self.quantiles[LOW][1], self.quantiles[HIGH][1]


@dataclass(frozen=True)
class HourForecast:
    """The coming hours of a route. The estimand is the mean of the moves that start in an hour
    ("route_hour"); or, where too few hours have a move for that, one move that starts in the
    middle of it ("move"), which `fallback` says. `empty_hours` of the `hours_on_record` had no
    move: they are no zeros and are not scored."""

    route: str
    as_of: str
    estimand: Literal["route_hour", "move"]
    model: str
    why: str
    fallback: str
    hours: tuple[Hour, ...]
    usual_minutes: float
    hours_on_record: int
    empty_hours: int

    @property
    def slowest(self) -> Hour:
        """The hour with the longest median."""
        return max(self.hours, key=lambda hour: hour.median)

    @property
    def quickest(self) -> Hour:
        """The hour with the shortest median."""
        return min(self.hours, key=lambda hour: hour.median)


def coming_hours(
    predictor: Predictor,
    outlook: Outlook,
    route: str,
    hours: int = HORIZON,
    language: Language = "ko",
) -> HourForecast:
    """The next hours of `route` ("A→B"), from the one of the last event on. Raises ForecastError
    when the route is no pair of two names, or for more than HORIZON hours."""
    if not 1 <= hours <= HORIZON:
        todo = f"Ask for 1 to {HORIZON} hours."
        raise ForecastError(f"{hours} hours cannot be forecast.", where="--hours", todo=todo)
    name = ARROW.join(split_route(route))
    zone, last = predictor.history.zone, predictor.last
    empty = outlook.empty.get(name)
    if name in outlook.minutes:
        start = datetime(1970, 1, 1) + timedelta(hours=outlook.start)
        made = tuple(
            Hour(as_written(start + timedelta(hours=k)), _levels(quantiles))
            for k, quantiles in enumerate(outlook.minutes[name][:hours])
        )
        picked = outlook.picks[name]
        return HourForecast(
            name, local(last, zone), "route_hour", picked.model, picked.why, "", made,
            predictor.usual_minutes(name), outlook.hours, empty or 0,
        )  # fmt: skip
    now = datetime.fromtimestamp(last / 1000, UTC).astimezone(ZoneInfo(zone))
    begin = last - int((now - now.replace(minute=0, second=0, microsecond=0)).total_seconds() * 1e3)
    found = [
        predictor.predict(
            name, max(begin + k * HOUR + HOUR // 2, last), as_of=last, reasons=False,
            language=language,
        )
        for k in range(hours)
    ]  # fmt: skip
    made = tuple(Hour(local(begin + k * HOUR, zone), f.quantiles) for k, f in enumerate(found))
    text = f"{_FALLBACK[language].format(route=name)} {found[0].fallback}".strip()
    return HourForecast(
        name, local(last, zone), "move", found[0].model, "", text, made, found[0].usual_minutes,
        outlook.hours, outlook.hours if empty is None else empty,
    )  # fmt: skip


def hours_lines(found: HourForecast, language: Language = "ko") -> list[str]:
    """The hours in words: the slowest and the quickest first; then what the forecast is of, what it
    stands on, and how many hours were empty."""
    slow, quick = found.slowest, found.quickest
    lines = [
        _TOLD[language].format(
            route=found.route, hours=len(found.hours), usual=found.usual_minutes,
            slow=when(slow.at, language), most=slow.median,
            quick=when(quick.at, language), least=quick.median,
        ),
    ]  # fmt: skip
    if found.estimand == "move":
        return [*lines, found.fallback]
    share = found.empty_hours / max(found.hours_on_record, 1)
    return [
        *lines,
        _MODEL[language].format(model=found.model, why=found.why),
        _EMPTY[language].format(empty=found.empty_hours, hours=found.hours_on_record, share=share),
    ]


def _levels(quantiles: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    return tuple((float(q), minutes) for q, minutes in zip(LEVELS, quantiles, strict=True))


_TOLD: Bilingual = {
    "en": "{route}, the next {hours} hours: slowest at {slow} (about {most:.1f} min), quickest at "
    "{quick} (about {least:.1f} min); usually {usual:.1f} min.",
    "ko": "{route}, 앞으로 {hours}시간: {slow}에 가장 오래 걸리고(약 {most:.1f}분) {quick}에 가장 "
    "짧습니다(약 {least:.1f}분). 평소에는 {usual:.1f}분입니다.",
}
_FALLBACK: Bilingual = {
    "en": "Too few hours of {route} have a move for its hours to be a series: the minutes are "
    "those of one move that starts in the middle of the hour.",
    "ko": "{route} 경로는 이동이 있는 시간이 적어 시간별 평균을 예측하지 않고, 그 시간 중간에 "
    "시작하는 이동 하나의 시간을 예측했습니다.",
}
_MODEL: Bilingual = {
    "en": "Mean minutes of the moves that start in the hour; model: {model} ({why})",
    "ko": "그 시간에 시작하는 이동들의 평균 시간입니다. 모델: {model}.",
}
_EMPTY: Bilingual = {
    "en": "{empty:,} of {hours:,} hours ({share:.0%}) had no move: they are not zero and not "
    "scored; models that need every hour read the route's mean at that time of day there.",
    "ko": "{hours:,}시간 가운데 {empty:,}시간({share:.0%})에는 이동이 없었습니다. 0으로 보지 않고 "
    "채점하지 않으며, 빈 시간이 없어야 하는 모델만 그 시각의 평균을 대신 읽습니다.",
}
