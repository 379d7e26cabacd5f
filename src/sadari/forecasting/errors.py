"""What can go wrong in forecasting, as sentences."""

from __future__ import annotations

from sadari.text import SadariError


class ForecastError(SadariError):
    """Events that cannot be read, or a forecast that cannot be made, and what to do."""
