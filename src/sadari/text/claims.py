"""Which numbers of a text other texts bear out."""

from __future__ import annotations

from collections.abc import Iterable

from sadari.text.quantity import Quantity, quantities


def unheld(said: str, evidence: Iterable[str]) -> list[Quantity]:
    """The quantities of `said`, in order, that no evidence holds: neither the same amount in any
    unit nor, for a number without a unit, the same figure."""
    known = [q for text in evidence for q in quantities(text)]
    amounts = {_amount(q) for q in known}
    figures = {_rounded(q.value) for q in known}
    return [
        q
        for q in quantities(said)
        if _amount(q) not in amounts and (q.dimension or _rounded(q.value) not in figures)
    ]


def _amount(quantity: Quantity) -> tuple[str, float]:
    return quantity.dimension, _rounded(quantity.base)


def _rounded(value: float) -> float:
    """To nine significant digits: 1 Å is 1e-10 m, and no rounding to decimals would keep it."""
    return float(f"{value:.9g}")
