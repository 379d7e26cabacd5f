"""Gradient-boosted quantiles: LightGBM at three levels, the others between them as a normal
distribution's lie; calibration afterwards gives each level its own place."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import lightgbm
import numpy as np
from scipy.special import ndtri

from sadari.forecasting.quantiles import HIGH, LEVELS, LOW, MIDDLE, Floats

_PARAMETERS = {
    "objective": "quantile",
    "num_leaves": 31,
    "min_data_in_leaf": 40,
    "learning_rate": 0.1,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "verbosity": -1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "max_bin": 255,
    # Threads of LightGBM's own wait for each other actively: where a core has other work, hundreds
    # of times longer than one thread takes. The levels are fitted side by side instead.
    "num_threads": 1,
}


class QuantileBooster:
    """Learns .1, .5 and .9."""

    def __init__(self, *, rounds: int = 100) -> None:
        self.rounds = rounds
        self._boosters: list[lightgbm.Booster] = []

    @property
    def trees(self) -> tuple[str, ...]:
        """The boosters in LightGBM's own text form."""
        return tuple(booster.model_to_string() for booster in self._boosters)

    @classmethod
    def of(cls, trees: Sequence[str]) -> QuantileBooster:
        """The booster whose `trees` these are."""
        made = cls()
        made._boosters = [lightgbm.Booster(model_str=text) for text in trees]
        return made

    def fit(self, features: Floats, target: Floats, categorical: Sequence[int] = ()) -> None:
        """Features [rows, columns] with NaN where unknown, and the target [rows]."""
        data = lightgbm.Dataset(
            features, target, categorical_feature=list(categorical), free_raw_data=False,
            params={"verbosity": -1, "max_bin": _PARAMETERS["max_bin"], "num_threads": 1},
        )  # fmt: skip
        data.construct()  # here, since all levels learn from it

        def level(which: int) -> lightgbm.Booster:
            settings = {**_PARAMETERS, "alpha": float(LEVELS[which])}
            return lightgbm.train(settings, data, num_boost_round=self.rounds)

        with ThreadPoolExecutor(3) as side_by_side:
            self._boosters = list(side_by_side.map(level, (LOW, MIDDLE, HIGH)))

    def predict(self, features: Floats) -> Floats:
        """Quantiles [rows, levels]."""
        found = [booster.predict(features, num_threads=1) for booster in self._boosters]
        low, middle, high = np.sort(np.stack(found), axis=0)[..., None]
        way = np.abs(ndtri(LEVELS)) / ndtri(0.9)
        spread = np.where(np.arange(len(LEVELS)) < MIDDLE, low - middle, high - middle)
        return np.asarray(middle + spread * way)

    def reasons(self, features: Floats) -> Floats:
        """What each feature adds to the median [rows, columns + 1]; the last column is the base
        (TreeSHAP, Lundberg et al. 2020, Nature Machine Intelligence 2: 56–67)."""
        found: Floats = np.asarray(
            self._boosters[1].predict(features, pred_contrib=True, num_threads=1)
        )
        return found
