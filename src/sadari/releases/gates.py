"""The gates: what a measured rung must show before users get it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sadari.domain.settings import GateSettings
from sadari.releases.types import Gate


def check_gates(
    measured: Mapping[str, Any],
    wanted: GateSettings,
    incumbent: Mapping[str, Any] | None,
    *,
    tuned: bool = False,
) -> list[Gate]:
    """The gates for a rung with these measurements (as a climb records them), against the
    domain's settings and the release that it would replace. One that was `tuned` must not have
    forgotten more than the margin: the whole interval counts, not its middle."""
    gates = [
        _at_least("share right", wanted.right, measured["right"]),
        _at_least("refusals right", wanted.refusals_right, measured["refusals_right"]),
    ]
    if wanted.seconds_p95 is not None:
        seconds = measured["seconds_p95"]
        gates.append(
            Gate(
                "seconds to answer (p95)",
                f"at most {wanted.seconds_p95:g}",
                "not measured" if seconds is None else f"{seconds:.2f}",
                seconds is not None and seconds <= wanted.seconds_p95,
            )
        )
    if tuned and wanted.forgetting != "off":
        most = measured.get("general_ability_drop_at_most")
        gates.append(
            Gate(
                "general ability lost",
                f"at most {wanted.forgetting:g}",
                "not measured" if most is None else f"up to {most:.3f}",
                most is not None and most <= wanted.forgetting,
            )
        )
    if incumbent is not None and incumbent.get("exam") == measured["exam"]:
        low, high = measured["interval"]
        gates.append(
            Gate(
                "not below the current release",
                f"interval reaches {incumbent['right']:.1%}",
                f"{low:.1%} to {high:.1%}",
                bool(high >= incumbent["right"]),
            )
        )
    return gates


def _at_least(name: str, wanted: float, measured: float | None) -> Gate:
    if measured is None:
        return Gate(name, f"at least {wanted:.0%}", "not measured", wanted == 0)
    return Gate(name, f"at least {wanted:.0%}", f"{measured:.1%}", measured >= wanted)
