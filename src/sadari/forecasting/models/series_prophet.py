"""Prophet, as an extra: pip install "sadari[prophet]"."""

from __future__ import annotations

import logging
from typing import ClassVar

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from prophet import Prophet

from sadari.forecasting.models.panel import WEEK, Panel
from sadari.forecasting.quantiles import LEVELS, Floats

SAMPLES = 200


class ProphetModel:
    """Prophet with a daily and a weekly season (Taylor and Letham 2018, The American Statistician
    72: 37–45), fitted anew to each series."""

    name: ClassVar[str] = "prophet"

    def fit(self, panel: Panel) -> None:
        """Nothing to keep: Prophet cannot be updated."""

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Quantiles of Prophet's own samples."""
        logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
        logging.getLogger("prophet").setLevel(logging.ERROR)
        found = np.full((len(panel.names), horizon, len(LEVELS)), np.nan)
        stamps = pd.date_range(panel.clock(0), periods=panel.hours + horizon, freq="h")
        window = min(panel.hours, 6 * WEEK)
        past = stamps[panel.hours - window : panel.hours]
        for row, series in enumerate(panel.values[:, panel.hours - window :]):
            table = pd.DataFrame({"ds": past, "y": series})
            if table["y"].notna().sum() < 48:
                continue
            model = Prophet(
                daily_seasonality=True, weekly_seasonality=True, yearly_seasonality=False,
                uncertainty_samples=SAMPLES,
            )  # fmt: skip
            np.random.seed(row)
            model.fit(table, seed=row)
            samples = model.predictive_samples(pd.DataFrame({"ds": stamps[panel.hours :]}))
            found[row] = np.quantile(samples["yhat"], LEVELS, axis=1).T
        return found
