"""Incidents, their causes, seasons and advice as lines in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sadari.forecasting.live.words import WEEKDAYS, when
from sadari.text.language import Bilingual, Language

if TYPE_CHECKING:
    from sadari.forecasting.insight.advice import Seasonality
    from sadari.forecasting.insight.incidents import Incident

PHRASES: Mapping[str, Bilingual] = {
    "planned": {"en": "planned {kind} at {place}", "ko": "{place}의 계획된 {kind}"},
    "planned everywhere": {"en": "planned {kind}", "ko": "계획된 {kind}"},
    "planned seen": {
        "en": "{id}; {share:.0%} of slow moves touch it, {usual:.0%} of all moves do",
        "ko": "{id}; 늦은 이동의 {share:.0%}가 이곳을 거쳤고 평소에는 {usual:.0%}가 거침",
    },
    "planned todo": {
        "en": "Send moves around it until it ends, or put it into a quieter hour.",
        "ko": "끝날 때까지 이동을 다른 경로로 돌리거나, 한산한 시간으로 옮기십시오.",
    },
    "vehicle": {"en": "vehicle {name}", "ko": "차량 {name}"},
    "vehicle seen": {
        "en": "{hits} of {slow} slow moves, {usual:.0%} of the moves then",
        "ko": "늦은 이동 {slow}건 가운데 {hits}건, 그때 전체 이동의 {usual:.0%}",
    },
    "vehicle todo": {"en": "Take it out and look at it.", "ko": "빼내어 점검하십시오."},
    "source": {
        "en": "trouble on the way from {name}",
        "ko": "{name}에서 나가는 길의 문제",
    },
    "source seen": {
        "en": "{hits} of {slow} slow moves went from it, {usual:.0%} usually do",
        "ko": "늦은 이동 {slow}건 가운데 {hits}건이 여기서 나갔고 평소에는 {usual:.0%}",
    },
    "destination": {
        "en": "trouble on the way to {name}",
        "ko": "{name} 쪽으로 가는 길의 문제",
    },
    "destination seen": {
        "en": "{hits} of {slow} slow moves went to it, {usual:.0%} usually do",
        "ko": "늦은 이동 {slow}건 가운데 {hits}건이 여기로 갔고 평소에는 {usual:.0%}",
    },
    "place todo": {
        "en": "Look at the way and the ports there; use another port or way meanwhile.",
        "ko": "그 길과 포트를 점검하고, 그동안 다른 포트나 길을 쓰십시오.",
    },
    "load": {"en": "high load", "ko": "많은 물량"},
    "load seen": {
        "en": "{now} moves set out, {usual:.0f} usually do at this time of day",
        "ko": "이동 {now}건이 출발했고 이 시간대에는 평소 {usual:.0f}건",
    },
    "load todo": {
        "en": "Hold back moves that can wait.",
        "ko": "기다릴 수 있는 이동을 미루십시오.",
    },
    "reading": {"en": "{sensor} at {place}", "ko": "{place}의 {sensor}"},
    "reading everywhere": {"en": "{sensor}", "ko": "{sensor}"},
    "reading seen": {
        "en": "{value:.3g} where {usual:.3g} is usual, {count} readings out of range",
        "ko": "평소 {usual:.3g}인데 {value:.3g}, 범위를 벗어난 측정 {count}번",
    },
    "reading todo": {
        "en": "Check what the sensor watches.",
        "ko": "이 센서가 살피는 설비를 점검하십시오.",
    },
    "incident": {
        "en": "{start} to {end}, {places}: {factor:.1f} times normal",
        "ko": "{start}~{end} {places}: 정상의 {factor:.1f}배",
    },
    "incident seen": {
        "en": "median {median:.1f} min of {moves} moves; normal {low:.1f}–{high:.1f}; "
        "noticed {noticed}",
        "ko": "이동 {moves}건의 중앙값 {median:.1f}분, 정상 {low:.1f}~{high:.1f}분, "
        "{noticed}에 알아챔",
    },
    "everywhere": {"en": "everywhere", "ko": "전체"},
    "slower": {
        "en": "{route} took {mean:.1f} min, {percent:.0f} % more than the four weeks before; plan "
        "slack around {hours}.",
        "ko": "{route}: 평균 {mean:.1f}분으로 그 전 네 주보다 {percent:.0f} % 길었습니다. {hours} "
        "무렵에 여유를 두십시오.",
    },
    "busy hours": {"en": "its busy hours", "ko": "붐비는 시간"},
    "refill": {
        "en": "Refill {item} at {place} before {at}: {level:.0f} left, {rate:.0f} a day.",
        "ko": "{place}: {item} 보충을 {at} 전에 하십시오. {level:.0f}개 남았고 하루에 "
        "{rate:.0f}개씩 줄어듭니다.",
    },
    "nothing": {
        "en": "Nothing stood out last week.",
        "ko": "지난 7일 동안 두드러진 것이 없습니다.",
    },
    "share": {
        "en": "The hour of the day explains {daily:.0%} of the variation between hours, the day of "
        "the week {weekly:.0%} more.",
        "ko": "시간별 변동의 {daily:.0%}는 하루 중 시각으로, {weekly:.0%}는 요일로 더 설명됩니다.",
    },
    "hours": {
        "en": "Slowest hours: {peak}; quickest: {quiet}.",
        "ko": "가장 느린 때: {peak}. 가장 빠른 때: {quiet}.",
    },
    "season": {
        "en": "{name}: {estimate:+.0f} % ({low:+.0f} … {high:+.0f}) beside the rest, {days} days",
        "ko": "{name}: 나머지 시간보다 {estimate:+.0f} % ({low:+.0f} … {high:+.0f}), {days}일",
    },
    "Monday morning": {"en": "Monday morning", "ko": "월요일 아침"},
    "Friday afternoon": {"en": "Friday afternoon", "ko": "금요일 오후"},
    "Friday": {"en": "Friday", "ko": "금요일"},
    "weekend": {"en": "weekend", "ko": "주말"},
    "night": {"en": "night", "ko": "밤"},
}


def tell(key: str, language: Language, **values: object) -> str:
    """A phrase with its numbers and names."""
    return PHRASES[key][language].format(**values)


def hour_text(day: int, hour: int, language: Language) -> str:
    """An hour of the week: Fri 14:00."""
    return f"{WEEKDAYS[language][day]} {hour:02d}:00"


def incident_lines(found: Incident, language: Language) -> list[str]:
    """An incident: when, where and how large first; then what was seen, and each cause."""
    shown = [tell(p, language) if p in PHRASES else p for p in found.places[:3]]
    places = ", ".join(shown) + (" …" if len(found.places) > 3 else "")
    low, high = found.normal_range
    head = tell(
        "incident", language, start=when(found.start, language), end=found.end[11:16],
        places=places, factor=found.factor,
    )  # fmt: skip
    seen = tell(
        "incident seen", language, median=found.median_minutes, moves=found.moves, low=low,
        high=high, noticed=found.detected[11:16],
    )  # fmt: skip
    return [head, seen, *(f"{c.what}: {c.evidence}. {c.countermeasure}" for c in found.causes)]


def season_lines(found: Seasonality, language: Language) -> list[str]:
    """What goes with the clock and the calendar."""
    peak, quiet = ", ".join(found.peak_hours), ", ".join(found.quiet_hours)
    lines = [
        tell("share", language, daily=found.daily, weekly=found.weekly),
        tell("hours", language, peak=peak, quiet=quiet),
    ]
    for season in found.seasons:
        p = season.percent
        lines.append(
            tell(
                "season", language, name=season.name, estimate=p.estimate, low=p.low, high=p.high,
                days=season.days,
            )
        )  # fmt: skip
    return lines
