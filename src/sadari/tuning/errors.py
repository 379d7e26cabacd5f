"""What goes wrong in tuning, said so that a user can act on it."""

from __future__ import annotations

from sadari.text import SadariError


class TuningError(SadariError):
    """A model could not be tuned, or a tuning could not be resumed."""


class DivergedError(TuningError):
    """A loss or a gradient ceased to be finite while weights were learnt."""


def not_finite(what: str, steps: int) -> TuningError:
    """The error for a loss that is not finite after so many steps, with what helps then: before the
    first one it is the base's own."""
    if steps:
        todo = "Lower learning_rate, look at these examples, or try dtype float32."
        return DivergedError(f"{what}.", todo=todo)
    todo = "No weight had been changed yet: try dtype float32, or another copy of the base."
    return TuningError(f"{what}.", todo=todo)
