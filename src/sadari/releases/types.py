"""Releases and the gates in front of them."""

from __future__ import annotations

from dataclasses import dataclass

from sadari.text import SadariError


class ReleaseError(SadariError):
    """A release that cannot be made, opened or promoted."""


class GateClosedError(ReleaseError):
    """A gate said no: the work is sound, the answer is no (exit status 1)."""

    exit_status = 1


@dataclass(frozen=True)
class Gate:
    """One condition of promotion: what was wanted, what was measured, whether it holds."""

    name: str
    wanted: str
    measured: str
    passed: bool
