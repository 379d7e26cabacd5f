"""What took long to fit, as JSON: trees, calibration, choices. The rest of a predictor is counted
from the events that are there now, which is quick: so the newest hours count at once, without a
new fit. A file that somebody sends can lie, but not run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from sadari.forecasting.conformal import Offsets
from sadari.forecasting.corrections import Earned, Trial
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.features import Vocabulary
from sadari.forecasting.history import History
from sadari.forecasting.predictor import Learnt, Members, Predictor
from sadari.forecasting.rules import Audit
from sadari.store import whole_file


@dataclass(frozen=True)
class Kept:
    """A predictor without its events."""

    __pydantic_config__ = ConfigDict(ser_json_inf_nan="constants", extra="forbid")

    trees: tuple[str, ...]
    everywhere: tuple[list[float], ...]
    groups: tuple[list[list[float]], ...]
    choice: dict[str, str]
    weights: dict[str, list[float]]
    trials: dict[str, Trial]
    audits: tuple[Audit, ...]
    vocabulary: Vocabulary
    learnt: Learnt


_KEPT = TypeAdapter(Kept)


def write_predictor(predictor: Predictor, path: Path) -> None:
    """Keeps what took long to fit."""
    design = predictor.members.booster.design
    assert design is not None
    offsets = [member.offsets for member in predictor.members.calibrated]
    kept = Kept(
        trees=predictor.members.booster.trees,
        everywhere=tuple(o.everywhere.tolist() for o in offsets),
        groups=tuple(o.groups.tolist() for o in offsets),
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
    try:
        return _KEPT.validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        todo = "Delete it; the next forecast fits again."
        raise ForecastError("cannot be read.", where=str(path), todo=todo) from error


def restore(kept: Kept, history: History) -> Predictor:
    """The predictor that was kept, over the events that are known now."""
    members = Members.make(tuple(audit.rule for audit in kept.audits))
    offsets = [
        Offsets(np.array(everywhere), np.array(groups).reshape(len(groups), len(everywhere)))
        for everywhere, groups in zip(kept.everywhere, kept.groups, strict=True)
    ]
    members.restore(history, kept.trees, kept.vocabulary, offsets)
    weights = {name: np.array(values) for name, values in kept.weights.items()}
    earned = Earned(kept.trials)
    return Predictor(history, members, kept.choice, weights, kept.audits, earned, kept.learnt)
