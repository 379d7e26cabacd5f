"""Forecasts as plain sentences in the reader's language; every number in them is the forecast's
own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sadari.forecasting.events.kinds import ARROW
from sadari.forecasting.live.forecast import Forecast
from sadari.forecasting.models.rules import Finding, Rule
from sadari.text.josa import with_josa
from sadari.text.language import Bilingual, Language

_FACTORS = {
    "route": "경로",
    "priority": "우선순위",
    "time of day": "시간대",
    "weekday": "요일",
    "hours ahead": "남은 시간",
    "fleet lately": "최근 전체 흐름",
    "source lately": "최근 출발지 흐름",
    "destination lately": "최근 도착지 흐름",
    "route lately": "최근 이 경로",
    "this hour of the day lately": "최근 이 시간대",
    "this hour of the week lately": "지난주 이 시간대",
    "load": "물량",
}
FINDING: Mapping[Finding, Bilingual] = {
    "agrees": {"en": "agrees", "ko": "기록과 맞음"},
    "disagrees": {"en": "disagrees", "ko": "기록과 다름"},
    "cannot tell": {"en": "cannot tell", "ko": "판단할 수 없음"},
}
_LINES: Mapping[str, Bilingual] = {
    "model": {
        "en": "model: {model}, learnt from what was there by {learnt}; known until {known}; "
        "usual: {usual:.1f} min",
        "ko": "모델: {model}({learnt}까지 학습), {known}까지 반영, 평소 {usual:.1f}분",
    },
    "reason": {"en": "{minutes:+.1f} min  {text}", "ko": "{minutes:+.1f}분  {text}"},
    "rule": {
        "en": "rule “{text}”: {declared:+g} min declared, data {measured}, {finding}",
        "ko": "규칙 “{text}”: 선언 {declared:+g}분, 기록 {measured}, {finding}",
    },
    "added": {
        "en": "{item}: {minutes:+.0f} min, {reason} (added)",
        "ko": "{item}: {minutes:+.0f}분, {reason}(더함)",
    },
    "not added": {
        "en": "{item}: {minutes:+.0f} min, {reason} (not added: no gain shown in the backtest)",
        "ko": "{item}: {minutes:+.0f}분, {reason}(과거 기록에서 이득이 없어 더하지 않음)",
    },
    "case": {
        "en": "like {at}: {minutes:.1f} min{priority}{plans} ({alike:.2f})",
        "ko": "비슷한 때 {at}: {minutes:.1f}분{priority}{plans} ({alike:.2f})",
    },
}


WEEKDAYS: Mapping[Language, Sequence[str]] = {
    "en": "Mon Tue Wed Thu Fri Sat Sun".split(),
    "ko": "월화수목금토일",
}
_WRITTEN = re.compile(rf"^(\S+) (\d\d:\d\d) ({'|'.join(WEEKDAYS['en'])})$")


def when(at: str, language: Language) -> str:
    """A time like 2026-04-30 14:50 Thu as people write it: 2026-04-30(목) 14:50 in Korean."""
    found = _WRITTEN.match(at)
    if language == "en" or found is None:
        return at
    day, clock, weekday = found.groups()
    return f"{day}({WEEKDAYS[language][WEEKDAYS['en'].index(weekday)]}) {clock}"


def factor_text(factor: str | Rule, holds: bool, language: Language) -> str:
    """What a reason speaks of. A rule is named by its own sentence; names of the domain stay."""
    if isinstance(factor, Rule):
        if language == "en":
            return f"“{factor.text}”" if holds else f"not “{factor.text}”"
        return f"“{factor.text}”에 해당" if holds else f"“{factor.text}”에 해당하지 않음"
    return factor if language == "en" else _FACTORS.get(factor, factor)


def fallback_text(
    route: str, own: int, pair: str, count: int, unknown: Sequence[str], language: Language
) -> str:
    """That a route has too few moves, and what its forecast stands on: `count` moves of `pair`, or
    of all routes where that is ""."""
    if language == "en":
        on = f"the pair {pair}" if pair else "all routes"
        few = f"{own or 'no'} move{'' if own == 1 else 's'} on record"
        text = f"{route} has {few}; the forecast stands on {count:,} moves of {on}."
        return text + (f" Never seen: {', '.join(unknown)}." if unknown else "")
    on = f"{pair} 경로들" if pair else "모든 경로"
    why = f"{route} 기록은 {own}건뿐이어서" if own else f"{route} 기록은 없어서"
    text = f"{why} {on}의 이동 {count:,}건으로 예측했습니다."
    return text + (f" 처음 보는 곳: {', '.join(unknown)}." if unknown else "")


def sentence(found: Forecast, language: Language = "ko") -> str:
    """The forecast in two or three sentences: median, 80 % interval, what moved it most, and what
    it stands on where the route has too few moves of its own."""
    at, fallback = when(found.at, language), f" {found.fallback}" if found.fallback else ""
    low, high = found.interval
    start, _, end = found.route.partition(ARROW)
    first = found.reasons[0] if found.reasons else None
    if language == "en":
        text = (
            f"A move from {start} to {end} at {at} takes about {found.median:.1f} minutes "
            f"(80 % interval {low:.1f} to {high:.1f})."
        )
        if first is not None:
            text += f" Moved most by {first.text}: {first.minutes:+.1f} min."
        return text + fallback
    text = (
        f"{at}에 {start}에서 {with_josa(end, '으로')} 가는 데 약 {found.median:.1f}분 "
        f"걸립니다(80 % 구간 {low:.1f}~{high:.1f}분)."
    )
    if first is not None:
        text += f" 가장 크게 작용한 것: {first.text}({first.minutes:+.1f}분)."
    return text + fallback


def details(found: Forecast, language: Language = "ko") -> list[str]:
    """What stands behind a forecast, a line for each thing: model, reasons, rules, corrections,
    past cases."""

    def line(key: str, **values: object) -> str:
        return _LINES[key][language].format(**values)

    unit = "분" if language == "ko" else " min"
    lines = [
        line(
            "model", model=found.model, learnt=when(found.learnt_until, language),
            known=when(found.as_of, language), usual=found.usual_minutes,
        )
    ]  # fmt: skip
    lines += [line("reason", minutes=r.minutes, text=r.text) for r in found.reasons[:6]]
    for rule in found.rules:
        measured = "–" if rule.measured is None else f"{rule.measured:+.1f}{unit}"
        lines.append(
            line(
                "rule", text=rule.text, declared=rule.declared, measured=measured,
                finding=FINDING[rule.finding][language],
            )
        )  # fmt: skip
    for a in found.adjustments:
        key = "added" if a.applied else "not added"
        lines.append(line(key, item=a.evidence, minutes=a.minutes, reason=a.reason))
    for case in found.cases:
        plans = f" · {', '.join(case.planned)}" if case.planned else ""
        lines.append(
            line(
                "case", at=when(case.at, language), minutes=case.minutes,
                priority=f" {case.priority}".rstrip(), plans=plans, alike=case.alike,
            )
        )  # fmt: skip
    return lines
