"""The fitted predictor of a domain, kept. What took long to fit is JSON: trees, calibration,
choices. The rest of a predictor is counted from the events that are there now, which is quick: so
the newest hours count at once, without a new fit. A file that somebody sends can lie, but not
run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from sadari import __version__
from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.clock import DAY
from sadari.forecasting.events.history import History, read_history
from sadari.forecasting.live.corrections import Earned, Trial
from sadari.forecasting.live.predictor import Learnt, Predictor, fit_predictor
from sadari.forecasting.models.features import Vocabulary
from sadari.forecasting.models.members import Members
from sadari.forecasting.models.moves import Errors
from sadari.forecasting.models.rules import Audit, read_rules
from sadari.forecasting.quantiles import LEVELS
from sadari.store import whole_file

T = TypeVar("T")
_CONFIG = ConfigDict(
    ser_json_inf_nan="constants", ser_json_bytes="base64", val_json_bytes="base64", extra="forbid"
)


@dataclass(frozen=True)
class KeptErrors:
    """The numbers of `Errors`, as bytes."""

    __pydantic_config__ = _CONFIG

    away: bytes  # float32 [moves, levels]
    route: bytes  # int32
    end: bytes  # int64

    @classmethod
    def of(cls, errors: Errors) -> KeptErrors:
        """As they are kept."""
        return cls(
            errors.away.astype("<f4").tobytes(),
            errors.route.astype("<i4").tobytes(),
            errors.end.astype("<i8").tobytes(),
        )

    @property
    def errors(self) -> Errors:
        """As they were. Raises ValueError for bytes that do not fit together."""
        end = np.frombuffer(self.end, "<i8").astype(np.int64)
        route = np.frombuffer(self.route, "<i4").astype(np.int64)
        away = np.frombuffer(self.away, "<f4").astype(np.float64).reshape(len(end), len(LEVELS))
        if len(route) != len(end):
            raise ValueError("the errors' routes and times are not equally many.")
        return Errors(away, route, end)


@dataclass(frozen=True)
class Kept:
    """A predictor without its events."""

    __pydantic_config__ = _CONFIG

    trees: tuple[str, ...]
    errors: tuple[KeptErrors, ...]
    choice: dict[str, str]
    weights: dict[str, list[float]]
    trials: dict[str, Trial]
    audits: tuple[Audit, ...]
    vocabulary: Vocabulary
    learnt: Learnt

    def __post_init__(self) -> None:
        errors = [one.errors for one in self.errors]
        count = len(Members.make().calibrated)
        if len(errors) != count or not all(np.isfinite(one.away).all() for one in errors):
            raise ValueError(f"the errors are not finite numbers of {count} forecasters.")
        if any(one.route.max(initial=-1) >= len(self.vocabulary.routes) for one in errors):
            raise ValueError("errors are of routes that are not listed.")


_KEPT = TypeAdapter(Kept)


def load(folder: Path, settings: ForecastSettings, home: Path) -> Predictor:
    """The predictor for a domain folder whose events lie in `home`. Events that came since the fit
    count at once; models are fitted anew, in seconds to minutes, when a tenth of the moves came or
    went since, or settings or rules changed. Raises ForecastError without moves."""
    history = read_history(settings, home)
    if not history.moves.is_empty():
        history = history.since(history.last - settings.history_days * DAY)
    rules = read_rules(folder)
    said = repr((__version__, [field.name for field in fields(Kept)], settings, rules))
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    path = home / f"predictor-{digest}.json"
    if path.is_file():
        kept = read_kept(path)
        if kept.learnt.holds(history):
            return restore(kept, history)
    predictor = fit_predictor(history, rules)
    write_predictor(predictor, path)
    for old in home.glob("predictor-*.json"):
        if old != path:
            old.unlink(missing_ok=True)
    return predictor


def write_predictor(predictor: Predictor, path: Path) -> None:
    """Keeps what took long to fit."""
    design = predictor.members.booster.design
    assert design is not None
    kept = Kept(
        trees=predictor.members.booster.trees,
        errors=tuple(
            KeptErrors.of(member.errors.known(predictor.learnt.until))
            for member in predictor.members.calibrated
        ),
        choice=predictor.choice,
        weights={name: weights.tolist() for name, weights in predictor.weights.items()},
        trials=dict(predictor.earned.trials),
        audits=predictor.audits,
        vocabulary=design.vocabulary,
        learnt=predictor.learnt,
    )
    with whole_file(path) as file:
        file.write(_KEPT.dump_json(kept).decode())


def read_kept(path: Path) -> Kept:
    """What was kept. Raises ForecastError for a file that is damaged."""
    return read_back(_KEPT, path)


def read_back(kind: TypeAdapter[T], path: Path) -> T:
    """What was kept as JSON. Raises ForecastError for a file that is damaged."""
    try:
        return kind.validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        todo = "Delete it; the next forecast makes it again."
        raise ForecastError("cannot be read.", where=str(path), todo=todo) from error


def restore(kept: Kept, history: History) -> Predictor:
    """The predictor that was kept, over the events that are known now."""
    members = Members.make(tuple(audit.rule for audit in kept.audits))
    errors = [one.errors for one in kept.errors]
    members.restore(history, kept.trees, kept.vocabulary, errors, kept.learnt.until)
    weights = {name: np.array(values) for name, values in kept.weights.items()}
    earned = Earned(kept.trials)
    return Predictor(history, members, kept.choice, weights, kept.audits, earned, kept.learnt)
