"""Immutable releases of measured rungs: gates before promotion, one pointer to swap back."""

from sadari.releases.promote import current, promote, rollback
from sadari.releases.release import list_releases, open_release, read_manifest
from sadari.releases.types import Gate, GateClosedError, ReleaseError

__all__ = [
    "Gate",
    "GateClosedError",
    "ReleaseError",
    "current",
    "list_releases",
    "open_release",
    "promote",
    "read_manifest",
    "rollback",
]
