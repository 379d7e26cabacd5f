"""How the benchmarks' curves are drawn: panels side by side, as SVG that is the same each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 9, 3.4  # inches
Curve = Callable[[Any], object]


def draw_panels(path: Path, *curves: Curve) -> None:
    """Writes a picture; each curve draws itself onto axes of Matplotlib's."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "sadari"
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    for axes, curve in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        curve(axes)
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})
