"""A run as one HTML file that opens offline: loss curves, figures, what it forgot, what to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadari.domain import Domain
from sadari.jobs.remedies import Remedy
from sadari.jobs.runs import Run
from sadari.store import whole_file
from sadari.text.language import Language
from sadari.text.pages import render_page

WIDTH, HEIGHT = 640, 220  # of a plot, in its own units
SHOWN = 400  # points of a line at most; each is the mean of the steps that it stands for

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """A curve as an SVG's `points`; dots where each of them was measured by itself."""

    name: str
    points: str
    dots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Plot:
    """Lines over the steps. Ticks are (place, label)."""

    title: str
    lines: tuple[Line, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]


def write_page(
    domain: Domain, run: Run, result: Mapping[str, Any], advice: Sequence[Remedy]
) -> Path:
    """Writes `run.html` into the adapter's folder: everything inline, no script. Returns it."""
    language = domain.settings.language
    words = {key: both[language] for key, both in _WORDS.items()}
    if result["settings"].get("preference"):
        words["loss"] = words["preference_loss"]
    text = render_page(
        "sadari.jobs",
        "run.html.j2",
        language=language,
        t=words,
        name=domain.settings.name,
        run=run,
        plots=plots(run, words),
        figures=figures(result, language),
        settings=result["settings"],
        forgot=result.get("forgetting"),
        advice=advice,
        width=WIDTH,
        height=HEIGHT,
    )
    path = run.folder / "run.html"
    with whole_file(path) as file:
        file.write(text)
    return path


def figures(result: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    """What was measured, as (name, value with its unit)."""
    losses, best = result["validation_losses"], result["best_validation_loss"]
    share = result["trainable"] / result["total"]
    before_after = "–" if best is None else f"{losses[0]:.3f} → {best:.3f}"
    validation = "held_out_opinions" if result["settings"].get("preference") else "validation"
    rows = {
        validation: before_after,
        "trainable": f"{result['trainable']:,} / {result['total']:,} ({share:.2%})",
        "time": f"{result['seconds']:,.0f} s, {result['tokens_per_second']:,.0f} tokens/s",
        "memory": f"{result['peak_memory_bytes'] / 2**20:,.0f} MiB",
        "size": f"{result['adapter_bytes'] / 2**20:.1f} MiB",
        "cut": f"{result['cut_examples']:,} / {result['examples']:,}",
        "machine": f"{result['device']}, {result['dtype']}",
    }
    return [(_WORDS[key][language], value) for key, value in rows.items()]


def plots(run: Run, words: Mapping[str, str]) -> list[Plot]:
    """The losses, and the learning rate under them; nothing for a run without a step."""
    if not run.steps:
        return []
    losses = [(step.step, step.loss) for step in run.steps]
    rates = [(step.step, step.learning_rate) for step in run.steps]
    return [
        _plot(words["loss"], run.total, {words["train"]: losses}, {words["check"]: run.validation}),
        _plot(words["rate"], run.total, {words["rate"]: rates}, {}),
    ]


def _plot(
    title: str, total: int, lines: Mapping[str, Points], dotted: Mapping[str, Points]
) -> Plot:
    values = [value for curve in (*lines.values(), *dotted.values()) for _, value in curve]
    most = max(values) or 1.0
    steps = max(1, total)

    def placed(curve: Points) -> list[tuple[float, float]]:
        return [(WIDTH * at / steps, HEIGHT * (1 - value / most)) for at, value in curve]

    drawn = [Line(name, _joined(placed(_thinned(curve)))) for name, curve in lines.items()]
    drawn += [
        Line(name, _joined(placed(curve)), tuple(placed(curve))) for name, curve in dotted.items()
    ]
    across = tuple((WIDTH * part / 4, f"{steps * part // 4:,}") for part in range(5))
    up = tuple((HEIGHT * (1 - part / 4), f"{most * part / 4:.3g}") for part in range(5))
    return Plot(title, tuple(drawn), across, up)


def _thinned(curve: Points) -> Points:
    """At most `SHOWN` points, each the mean of its neighbours."""
    size = -(-len(curve) // SHOWN)
    parts = [curve[start : start + size] for start in range(0, len(curve), size)]
    return [(part[-1][0], sum(value for _, value in part) / len(part)) for part in parts]


def _joined(points: Points) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


_WORDS: dict[str, dict[Language, str]] = {
    "title": {"en": "Tuning", "ko": "튜닝"},
    "loss": {"en": "loss, nats per answer token", "ko": "손실(답 토큰당 nat)"},
    "preference_loss": {"en": "preference loss", "ko": "선호 손실"},
    "train": {"en": "training", "ko": "학습"},
    "check": {"en": "validation", "ko": "검증"},
    "rate": {"en": "learning rate", "ko": "학습률"},
    "steps": {"en": "steps", "ko": "스텝"},
    "todo": {"en": "What to try, in this order", "ko": "차례로 해 볼 것"},
    "figures": {"en": "Figures", "ko": "수치"},
    "settings": {"en": "Settings", "ko": "설정"},
    "validation": {"en": "validation loss, base → kept", "ko": "검증 손실, 기반 → 남긴 것"},
    "held_out_opinions": {
        "en": "loss of held-out opinions, before → kept",
        "ko": "남겨 둔 의견의 손실, 전 → 남긴 것",
    },
    "trainable": {"en": "trainable parameters", "ko": "학습한 매개변수"},
    "time": {"en": "time", "ko": "시간"},
    "memory": {"en": "peak memory", "ko": "최대 메모리"},
    "size": {"en": "adapter", "ko": "어댑터 크기"},
    "cut": {"en": "examples cut at max_length", "ko": "max_length에서 잘린 예"},
    "machine": {"en": "machine", "ko": "장치"},
    "forgetting": {"en": "General ability", "ko": "일반 능력"},
    "forgot": {
        "en": "Probability of a token of {} right general answers, none of them trained on: "
        "{} before, {} after; a drop of",
        "ko": "학습하지 않은 일반 답 {}개의 토큰당 확률: 전 {}, 후 {}; 떨어진 폭",
    },
    "at_most": {"en": "at most", "ko": "많아도"},
}
