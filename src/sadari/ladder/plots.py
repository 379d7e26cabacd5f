"""The plots of a report: Matplotlib figures as inline SVG that takes its colours and its font from
the page, so that dark mode, print and Hangul work without a font in Matplotlib."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sadari.ladder.judgement import Judgement
from sadari.ladder.standing import Standing

# Stand-ins that are swapped for the page's own colours once the SVG is drawn.
INK, SOFT, FAINT, ACCENT, GOOD, BAD, OPEN = (f"#0{n}0{n}0{n}" for n in range(1, 8))
_PAGE = {
    SOFT: "var(--soft)",
    INK: "var(--ink)",
    FAINT: "var(--line)",
    ACCENT: "var(--accent)",
    GOOD: "var(--good)",
    BAD: "var(--bad)",
    OPEN: "var(--open)",
}
_WORD_COLOUR = {
    "better": GOOD,
    "worse": BAD,
    "gained": BAD,
    "void": BAD,
    "not worse": ACCENT,
    "gained nothing": SOFT,
    "inconclusive": OPEN,
}
WIDTH = 9.6  # inches: the page's column
_SERIES = (ACCENT, GOOD, OPEN, BAD, INK)
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "sadari",
    "text.parse_math": False,
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}


def quality_plot(judgement: Judgement) -> str:
    """Share right of each rung on the questions that decide, with interval and target."""
    with mpl.rc_context(_STYLE):
        figure, axes = _rows([s.name for s in judgement.standings])
        axes.axvline(100 * judgement.target, color=GOOD, linestyle=(0, (4, 3)), linewidth=1.2)
        for row, standing in enumerate(judgement.standings):
            colour = ACCENT if standing.name == judgement.choice else INK
            if standing.trained is not None and standing.tuned and standing.trained.n:
                trained = 100 * standing.trained.share.estimate
                axes.plot(trained, row, "o", mfc="none", mec=SOFT, ms=8, mew=1.5)
            if standing.deciding.n:
                share = standing.deciding.share
                _bar(axes, row, 100 * share.low, 100 * share.estimate, 100 * share.high, colour)
        axes.set_xlim(0, 101)
        axes.set_xlabel("%")
        return _svg(figure)


def step_plot(judgement: Judgement) -> str:
    """Paired difference of each step with its interval; zero, and the margin of "not worse"."""
    with mpl.rc_context(_STYLE):
        steps = judgement.verdicts
        figure, axes = _rows([f"{v.name} – {v.comparison.parent}" for v in steps])
        axes.axvline(0, color=INK, linewidth=1)
        axes.axvspan(-100 * judgement.margin, 0, color=FAINT, alpha=0.35, linewidth=0)
        for row, verdict in enumerate(steps):
            difference = verdict.comparison.interval
            low, middle, high = difference.low, difference.estimate, difference.high
            _bar(axes, row, 100 * low, 100 * middle, 100 * high, _WORD_COLOUR[verdict.word])
        axes.set_xlabel("points")
        return _svg(figure)


def cost_plot(judgement: Judgement) -> str:
    """Share right against price per 1,000 answers where all have one, else against seconds."""
    shown = [s for s in judgement.standings if not s.control and s.deciding.n]
    priced = all(s.price_per_thousand is not None for s in shown)
    costs = [(s, s.price_per_thousand if priced else s.seconds_p50) for s in shown]
    points = [(s, cost) for s, cost in costs if cost is not None]
    if len(points) < 2:
        return ""
    with mpl.rc_context({**_STYLE, "axes.spines.left": True}):
        figure = Figure(figsize=(WIDTH, 3.4))
        axes = figure.subplots()
        axes.axhline(100 * judgement.target, color=GOOD, linestyle=(0, (4, 3)), linewidth=1.2)
        for standing, cost in points:
            _cost_point(axes, standing, cost, standing.name == judgement.choice)
        axes.set_xlim(0, 1.25 * max(cost for _, cost in points))
        axes.set_ylim(0, 103)
        axes.set_ylabel("%")
        unit = f"{points[0][0].currency} per 1,000 answers" if priced else "seconds (p50)"
        axes.set_xlabel(unit)
        axes.xaxis.set_major_formatter("{x:,.4g}" if not priced else "{x:,.0f}")
        return _svg(figure)


def curves_plot(curves: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Loss by step, one line per name."""
    with mpl.rc_context({**_STYLE, "axes.spines.left": True}):
        figure = Figure(figsize=(WIDTH, 3.4))
        axes = figure.subplots()
        for index, (name, curve) in enumerate(curves.items()):
            steps, losses = zip(*curve, strict=True) if curve else ((), ())
            colour = _SERIES[index % len(_SERIES)]
            style = ("-", "--", ":")[index // len(_SERIES) % 3]
            axes.plot(steps, losses, linestyle=style, color=colour, linewidth=1.5, label=name)
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        axes.legend(frameon=False, fontsize=11)
        return _svg(figure)


def _rows(names: Sequence[str]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, 0.75 + 0.42 * len(names)))
    axes = figure.subplots()
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelsize=12)
    axes.grid(axis="x", color=FAINT, linewidth=0.6, alpha=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _bar(axes: Axes, row: int, low: float, middle: float, high: float, colour: str) -> None:
    axes.plot([low, high], [row, row], color=colour, linewidth=4, alpha=0.35)
    axes.plot(middle, row, "o", color=colour, ms=8)


def _cost_point(axes: Axes, standing: Standing, cost: float, chosen: bool) -> None:
    share, colour = standing.deciding.share, ACCENT if chosen else INK
    axes.plot([cost, cost], [100 * share.low, 100 * share.high], color=colour, lw=3, alpha=0.35)
    axes.plot(cost, 100 * share.estimate, "o", color=colour, ms=8)
    axes.annotate(
        standing.name,
        (cost, 100 * share.estimate),
        xytext=(9, -3),
        textcoords="offset points",
        fontsize=12,
    )


def _svg(figure: Figure) -> str:
    """The figure as an <svg> element without size, in the page's colours and font."""
    out = StringIO()
    with warnings.catch_warnings():
        # Names may be Hangul, which Matplotlib's font lacks and the browser's has.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(
            out, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None}
        )
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) width="([\d.]+)pt"', r'\1 style="max-width:\2pt"', svg, count=1)
    for stand_in, colour in _PAGE.items():
        svg = svg.replace(stand_in, colour)
    return svg
