"""Shares and differences as a reader sees them."""

from __future__ import annotations

from sadari.stats import Interval


def percent(value: float) -> str:
    """84%, or 84.6% where the tenth carries something."""
    number = f"{100 * value:.1f}".removesuffix(".0")
    return f"{number}%"


def points(value: float) -> str:
    """A difference in percentage points, always signed: +8.0, −2.5; 0.0 where there is none."""
    number = f"{100 * abs(value):.1f}"
    return number if number == "0.0" else f"{'+' if value > 0 else '−'}{number}"


def between(interval: Interval) -> str:
    """The limits of a share, whole percents: 74–91%."""
    return f"{100 * interval.low:.0f}–{100 * interval.high:.0f}%"
