"""The forecasters of single moves, declared once: a backtest scores them, a predictor has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sadari.forecasting.events.history import History
from sadari.forecasting.models.features import Vocabulary
from sadari.forecasting.models.moves import BoostedMoves, Calibrated, Empirical, Errors, Profile
from sadari.forecasting.models.rules import Rule


@dataclass(frozen=True)
class Members:
    """The forecasters among which a route chooses, calibrated; `booster` is inside one of them."""

    calibrated: tuple[Calibrated, ...]
    booster: BoostedMoves

    @classmethod
    def make(cls, rules: tuple[Rule, ...] = ()) -> Members:
        """Unfitted ones."""
        booster = BoostedMoves(rules)
        return cls((Calibrated(Empirical()), Calibrated(Profile()), Calibrated(booster)), booster)

    def restore(
        self,
        history: History,
        trees: tuple[str, ...],
        vocabulary: Vocabulary,
        errors: Sequence[Errors],
        until: int,
    ) -> None:
        """As fitting left them, with what took long given and the rest counted from `history`."""
        self.booster.restore(history, trees, vocabulary)
        assert self.booster.design is not None
        for member, own in zip(self.calibrated, errors, strict=True):
            if member.inner is not self.booster:
                member.inner.fit(history)
            member.restore(self.booster.design.usual, own, vocabulary.routes, until)
