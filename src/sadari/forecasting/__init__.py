"""Events to forecasts: moves on routes, read, kept, forecast with quantiles, and explained.

`load` gives a fitted predictor of a domain, `predict` asks it about one move; `load_outlook` and
`coming_hours` give a route's next hours; `backtest` lets every model forecast what came. A move's
minutes and the mean of a route's hour are two estimands, which never mix.
"""

from sadari.forecasting.anomalies import Incident, find_incidents
from sadari.forecasting.backtest import Backtest, backtest
from sadari.forecasting.coming import HourForecast, coming_hours
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.feeds import event_files, events_home, events_version, standing
from sadari.forecasting.forecast import Adjustment, Case, Forecast, Reason, RuleEffect
from sadari.forecasting.history import History, ingest, make_history, parse_at, read_history
from sadari.forecasting.insight import Advice, advice, bottlenecks, refill, seasonality
from sadari.forecasting.loading import load, predict
from sadari.forecasting.outlook import Outlook, load_outlook
from sadari.forecasting.predictor import Predictor, fit_predictor
from sadari.forecasting.rules import Audit, Rule, audit_rules, read_rules

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
