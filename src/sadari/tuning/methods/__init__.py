"""Ways of changing a model: which weights train, where they enter it, and how they are kept.

Each is an `Adaptation`; the loop knows no more of it than that. A new method is one more entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sadari.tuning.errors import TuningError
from sadari.tuning.methods.adalora import AdaLora
from sadari.tuning.methods.adaptation import Adaptation
from sadari.tuning.methods.full import Full
from sadari.tuning.methods.low_rank import LowRank
from sadari.tuning.methods.virtual import Prefix, Prompt
from sadari.tuning.settings import TuneSettings

METHODS: Mapping[str, Callable[[Any, TuneSettings, int, Sequence[int]], Adaptation]] = {
    "full": lambda model, settings, steps, words: Full(model, settings),
    "lora": lambda model, settings, steps, words: LowRank(model, settings),
    "qlora": lambda model, settings, steps, words: LowRank(model, settings),
    "rslora": lambda model, settings, steps, words: LowRank(model, settings, use_rslora=True),
    "dora": lambda model, settings, steps, words: LowRank(model, settings, use_dora=True),
    "adalora": lambda model, settings, steps, words: AdaLora(model, settings, steps),
    "prompt": lambda model, settings, steps, words: Prompt(model, settings, words),
    "prefix": lambda model, settings, steps, words: Prefix(model, settings, words),
}


def adapt(
    model: Any, settings: TuneSettings, *, steps: int = 1, words: Sequence[int] = (0,)
) -> Adaptation:
    """`model`, as `open_base` gives it, with the method's trainable weights.

    AdaLoRA plans its ranks over `steps` optimiser steps; virtual tokens start as `words`. Raises
    TuningError for a method that is not there, and for targets that match no layer.
    """
    if settings.method not in METHODS:
        raise TuningError(
            f"There is no tuning method called {settings.method!r}.",
            todo=f"Choose one of: {', '.join(METHODS)}.",
        )
    return METHODS[settings.method](model, settings, steps, words)


__all__ = ["METHODS", "Adaptation", "adapt"]
