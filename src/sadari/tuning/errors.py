"""What goes wrong in tuning, said so that a user can act on it."""

from __future__ import annotations

from sadari.text import SadariError


class TuningError(SadariError):
    """A model could not be tuned, or a tuning could not be resumed."""
