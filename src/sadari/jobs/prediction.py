"""What was said of a tuning before it ran, kept to be held against what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Prediction:
    """Peak memory, and seconds if all `steps` are taken."""

    peak_bytes: int
    seconds: float
    steps: int

    def beside(self, result: Mapping[str, Any]) -> dict[str, float]:
        """The prediction and its error as a share of what happened; seconds for the steps that
        were taken, as early stopping may have ended it."""
        seconds = self.seconds * result["steps"] / self.steps
        return {
            "peak_memory_bytes": self.peak_bytes,
            "memory_error": self.peak_bytes / result["peak_memory_bytes"] - 1,
            "seconds": seconds,
            "seconds_error": seconds / result["seconds"] - 1,
        }
