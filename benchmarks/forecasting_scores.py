"""How forecasts are scored beside their peers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sadari.forecasting.backtests.hours import CHOSEN, HourBacktest
from sadari.forecasting.backtests.moves import MoveBacktest
from sadari.forecasting.backtests.report import summarise_hours, summarise_moves
from sadari.forecasting.quantiles import Floats, covered, crps


def hours_result(found: HourBacktest) -> dict[str, Any]:
    summary = summarise_hours(found)
    scores = {row.model: row.scaled_crps for row in summary.models}
    best = min(v for n, v in scores.items() if n != CHOSEN)
    naive = found.forecasts.get("seasonal naive")
    result: dict[str, Any] = {
        "series": len(found.names),
        "models": {r.model: [r.scaled_crps, r.mase, r.coverage, r.seconds] for r in summary.models},
        "chosen_over_best": round(scores[CHOSEN] / best, 4),
    }
    if naive is not None:
        result["chosen_below_naive"] = paired(
            series_scores(found.forecasts[CHOSEN], found), series_scores(naive, found)
        )
    return result


def series_scores(quantiles: Floats, found: HourBacktest) -> Floats:
    values = crps(quantiles, found.actual) / found.scale[None, :, None]
    return np.asarray(np.nanmean(values, axis=(0, 2)))


def score(quantiles: Floats, found: HourBacktest) -> list[float]:
    """Scaled CRPS and coverage."""
    return [
        round(float(np.nanmean(series_scores(quantiles, found))), 4),
        round(float(np.nanmean(covered(quantiles, found.actual))), 4),
    ]


def paired(ours: Floats, theirs: Floats) -> dict[str, Any]:
    """Mean of the peer's score less ours over series, with a BCa interval: above zero is a gain."""
    from scipy.stats import bootstrap

    gain = (theirs - ours)[np.isfinite(theirs - ours)]
    interval = bootstrap((gain,), np.mean, n_resamples=5000, random_state=0).confidence_interval
    return {
        "gain": round(float(gain.mean()), 4),
        "interval": [round(float(interval.low), 4), round(float(interval.high), 4)],
        "ratio": round(float(np.mean(ours) / np.mean(theirs)), 4),
        "n": len(gain),
    }


def moves_result(found: MoveBacktest) -> dict[str, Any]:
    summary = summarise_moves(found)
    scores = {row.model: row.scaled_crps for row in summary.models}
    best = min(v for n, v in scores.items() if n != CHOSEN)
    count = np.bincount(found.route, minlength=len(found.names))
    inside = covered(found.forecasts[CHOSEN], found.actual)
    share = np.bincount(found.route, weights=inside, minlength=len(found.names)) / np.maximum(
        count, 1
    )
    many = count >= 200
    own = crps(found.forecasts["route's quantiles"], found.actual)
    chosen = crps(found.forecasts[CHOSEN], found.actual)

    def by_route(values: Floats) -> Floats:
        total = np.bincount(found.route, weights=values, minlength=len(found.names))
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan) / found.scale)

    minutes = {n: float(crps(q, found.actual).mean()) for n, q in found.forecasts.items()}
    within = (share >= 0.7) & (share <= 0.9) & many
    return {
        "moves": len(found.actual),
        "routes": int((count > 0).sum()),
        "crps_minutes": {name: round(value, 3) for name, value in minutes.items()},
        "models": {r.model: [r.scaled_crps, r.mase, r.coverage, r.seconds] for r in summary.models},
        "chosen_over_best": round(scores[CHOSEN] / best, 4),
        "chosen_below_routes_quantiles": paired(by_route(chosen), by_route(own)),
        "routes_of_200_covering_70_to_90": [int(within.sum()), int(many.sum())],
    }
