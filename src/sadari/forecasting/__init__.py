"""Events to forecasts: moves on routes, read, kept, forecast with quantiles, and explained.

`load` gives a fitted predictor of a domain, `predict` asks it about one move; `load_outlook` and
`coming_hours` give a route's next hours; `backtest` lets every model forecast what came. A move's
minutes and the mean of a route's hour are two estimands, which never mix.

Without the extra `sadari[forecast]` importing it raises ForecastError.
"""

from sadari.forecasting.errors import ForecastError

try:
    from sadari.forecasting.backtests.backtest import Backtest, backtest
    from sadari.forecasting.events.feeds import event_files, events_home, events_version, standing
    from sadari.forecasting.events.history import (
        History,
        ingest,
        make_history,
        parse_at,
        read_history,
    )
    from sadari.forecasting.insight.advice import Advice, advice, bottlenecks, refill, seasonality
    from sadari.forecasting.insight.incidents import Incident, find_incidents
    from sadari.forecasting.live.coming import HourForecast, coming_hours
    from sadari.forecasting.live.forecast import Adjustment, Case, Forecast, Reason, RuleEffect
    from sadari.forecasting.live.kept import load
    from sadari.forecasting.live.outlook import Outlook, load_outlook
    from sadari.forecasting.live.predictor import Predictor, fit_predictor, predict
    from sadari.forecasting.models.rules import Audit, Rule, audit_rules, read_rules
except ModuleNotFoundError as error:
    if error.name not in ("polars", "lightgbm"):
        raise
    raise ForecastError(
        f"forecasts need {error.name}, which is not installed.",
        todo='Install it: pip install "sadari[forecast]".',
    ) from error

__all__ = [
    "Adjustment",
    "Advice",
    "Audit",
    "Backtest",
    "Case",
    "Forecast",
    "ForecastError",
    "History",
    "HourForecast",
    "Incident",
    "Outlook",
    "Predictor",
    "Reason",
    "Rule",
    "RuleEffect",
    "advice",
    "audit_rules",
    "backtest",
    "bottlenecks",
    "coming_hours",
    "event_files",
    "events_home",
    "events_version",
    "find_incidents",
    "fit_predictor",
    "ingest",
    "load",
    "load_outlook",
    "make_history",
    "parse_at",
    "predict",
    "read_history",
    "read_rules",
    "refill",
    "seasonality",
    "standing",
]
