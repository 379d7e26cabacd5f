"""Examples to adapter: one fine-tuning loop, and nothing about where its examples come from.

`train` packs short examples into rows, projects only answer tokens through the head, and writes
checkpoints from which it goes on bit for bit. PyTorch is loaded when `train` is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sadari.tuning.errors import TuningError
from sadari.tuning.lessons import Lesson, Pair, Rated
from sadari.tuning.result import Progress, TuneResult
from sadari.tuning.settings import TuneSettings

if TYPE_CHECKING:
    from sadari.tuning.loop import train

__all__ = [
    "Lesson",
    "Pair",
    "Progress",
    "Rated",
    "TuneResult",
    "TuneSettings",
    "TuningError",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "train":
        from sadari.tuning.loop import train

        return train
    raise AttributeError(name)
