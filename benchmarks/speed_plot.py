"""Draws docs/tuning-speed.svg from the results of `benchmarks.tuning` and `benchmarks.preference`.

python -m benchmarks.speed_plot
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.kept import RESULTS, ROOT, runs_of

PLOT = ROOT / "docs" / "tuning-speed.svg"
SETS = (("tuning", "SFT", "tokens_per_cpu_second"), ("preference", "DPO", "pairs_per_cpu_second"))


def main() -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams |= {"svg.hashsalt": "sadari", "svg.fonttype": "none"}
    panels = [
        (f"{kind}, {work}{', an earlier run' if age else ''}", rate, run["median"])
        for name, kind, rate in SETS
        for work, part in json.loads((RESULTS / f"{name}.json").read_text()).items()
        for age, run in enumerate(runs_of(part))
    ]
    figure = Figure(figsize=(9, 1.0 + 1.9 * len(panels)), layout="constrained")
    for axes, (title, rate, median) in zip(
        figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True
    ):
        draw(axes, title, rate, median)
    figure.savefig(PLOT, metadata={"Date": None})


def draw(axes: Any, title: str, rate: str, median: dict[str, dict[str, float]]) -> None:
    """One piece of work: a bar a contender, the fastest on top, with its loss after training."""
    ordered = sorted(median, key=lambda name: median[name][rate])
    values = [median[name][rate] for name in ordered]
    colours = ["#1f6feb" if name == "sadari" else "#b0b7c0" for name in ordered]
    bars = axes.barh(ordered, values, color=colours)
    losses = [
        f" {median[name][rate]:,.4g}   loss {median[name]['loss_after']:.3f}" for name in ordered
    ]
    axes.bar_label(bars, losses, fontsize=7)
    axes.set_xlim(0, 1.25 * max(values))
    axes.set_title(
        f"{title}: {rate.replace('_', ' ').replace('cpu', 'CPU')}", fontsize=9, loc="left"
    )
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
