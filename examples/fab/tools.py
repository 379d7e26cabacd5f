"""What the fab's assistant may look up: forecasts of moves, and when stock runs low."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sadari.domain import read_domain
from sadari.forecasting import Predictor, events_home, events_version, load, predict, refill
from sadari.forecasting.live.words import sentence, when
from sadari.text.josa import with_josa
from sadari.tools import Context

Bay = Annotated[str, Field(pattern=r"^Bay\d{1,3}$", description="베이 이름, 예: Bay5")]


def transport_time(context: Context, origin: Bay, destination: Bay) -> str:
    """한 베이에서 다른 베이까지 지금 옮기는 데 얼마나 걸리는지, 몇 분 걸리는지 예측한다.

    How long does it take from one bay to another now, in minutes?
    """
    return sentence(predict(_predictor(context), f"{origin}→{destination}"))


def faster_route(
    context: Context,
    origin: Bay,
    destination: Bay,
    other_origin: Bay,
    other_destination: Bay,
) -> str:
    """두 경로 가운데 어느 경로가 더 빠른지 비교한다.

    Which of two routes is faster, from bay to bay or from another bay to another?
    """
    found = [
        predict(_predictor(context), f"{start}→{end}")
        for start, end in ((origin, destination), (other_origin, other_destination))
    ]
    fast, slow = sorted(found, key=lambda one: one.median)
    thin = " ".join(one.fallback for one in found if one.fallback)
    said = (
        f"{fast.route} 쪽이 더 빠릅니다: 약 {fast.median:.1f}분, "
        f"{slow.route}: 약 {slow.median:.1f}분."
    )
    return f"{said} {thin}".strip()


def refill_time(context: Context) -> str:
    """재고를 언제 보충해야 하는지, 언제 떨어지는지 알려 준다.

    When does stock run low, and when must it be refilled?
    """
    reorder_at = read_domain(context.domain).settings.forecast.stock.reorder_at
    found = refill(_predictor(context).history, reorder_at)
    said = [
        f"{one.place}의 {with_josa(one.item, '은')} {one.level:.0f}개 남았고 하루에 "
        f"{one.per_day:.0f}개씩 줄어 {when(one.at, 'ko')} 전에 보충해야 합니다."
        for one in found
        if one.at is not None
    ]
    return "\n".join(said[:5]) or "보충 시점을 말할 재고 기록이 없습니다."


def _predictor(context: Context) -> Predictor:
    domain = read_domain(context.domain)
    home = events_home(context.home, domain.id)
    return _loaded(context.domain, home, events_version(home))


@lru_cache(maxsize=1)
def _loaded(folder: Path, home: Path, version: str) -> Predictor:
    """Once for each version of the events: what came in since counts in the next answer."""
    return load(folder, read_domain(folder).settings.forecast, home)
