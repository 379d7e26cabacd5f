"""What a tuning job is given, and the errors of this floor."""

from __future__ import annotations

from sadari.text import SadariError


class JobError(SadariError):
    """A job that cannot be run, with the reason."""
