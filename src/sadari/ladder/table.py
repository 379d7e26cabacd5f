"""A verdict in the terminal, and as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sadari.ladder.figures import between, percent, points
from sadari.ladder.judgement import Judgement, Verdict
from sadari.ladder.labels import labels
from sadari.ladder.standing import Part, Standing
from sadari.ladder.words import WORD, explain
from sadari.text.language import Language

STYLE = {
    "better": "bold green",
    "worse": "bold red",
    "not worse": "cyan",
    "inconclusive": "yellow",
    "void": "bold red",
    "gained": "bold red",
    "gained nothing": "green",
}


def as_dict(judgement: Judgement, language: Language | None = None) -> dict[str, Any]:
    """Everything of a verdict as plain data, ready for JSON, with its sentences."""
    return {**asdict(judgement), "sentences": list(explain(judgement, language))}


def render_table(
    judgement: Judgement, console: Console, *, language: Language | None = None
) -> None:
    """Print the verdict: quality and steps, cost and time, then the sentences. Fits 100 columns."""
    tongue = language or judgement.language
    choice, *rest = explain(judgement, tongue)
    console.print(_quality(judgement, tongue), width=_width(console))
    console.print(_cost(judgement, tongue), width=_width(console))
    below = [labels(tongue)["per_thousand"]]
    if any(s.break_even is not None for s in judgement.standings):
        below.append(labels(tongue)["break_even_note"])
    console.print(Text(" ".join(below), style="dim"), width=_width(console))
    console.print(Panel(Text(choice, style="bold"), border_style="green", width=_width(console)))
    for sentence in rest:
        console.print(Text(f"· {sentence}"), width=_width(console))


def _width(console: Console) -> int:
    return min(100, console.width)


def _quality(judgement: Judgement, language: Language) -> Table:
    label = labels(language)
    table = Table(title=label["quality"], title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column(label["rung"], no_wrap=True)
    table.add_column(f"{label['right']}\n{label['target_met']} {percent(judgement.target)}")
    table.add_column(label["step"])
    table.add_column(label["p"], justify="right")
    table.add_column(label["verdict"])
    for standing in judgement.standings:
        verdict = judgement.verdict(standing.name)
        chosen = standing.name == judgement.choice
        name = Text(f"▸ {standing.name}" if chosen else f"  {standing.name}")
        name.stylize("bold" if chosen else "dim" if standing.control else "")
        split = standing.tuned and standing.unseen is not None
        if split:
            name.append(f"\n    {label['unseen']}", style="dim")
        table.add_row(
            name,
            _share(standing.deciding, judgement.target, label[standing.meets]),
            _difference(verdict) if verdict else "",
            _p(verdict) if verdict else "",
            Text(WORD[verdict.word][language], style=STYLE[verdict.word]) if verdict else "",
        )
        if split and standing.trained is not None and standing.trained.n:
            table.add_row(
                Text(f"    {label['trained']}", style="dim"),
                Text(f"{_plain_share(standing.trained)}\nn={standing.trained.n}", style="dim"),
                Text(_memorised(verdict), style="dim"),
                "",
                "",
            )
    return table


def _cost(judgement: Judgement, language: Language) -> Table:
    label = labels(language)
    table = Table(title=label["cost"], title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column(label["rung"], no_wrap=True)
    for name in ("not_found", "found_wrong", "recall", "p50", "p95"):
        table.add_column(label[name], justify="right")
    table.add_column(label["tokens_in_short"], justify="right")
    table.add_column(label["tokens_out_short"], justify="right")
    priced = any(s.price_per_thousand is not None for s in judgement.standings)
    if priced:
        table.add_column(label["price"], justify="right")
    for s in judgement.standings:
        row = [
            s.name,
            _count(s, s.failures.not_found),
            _count(s, s.failures.found_wrong),
            "–" if s.recall_at_k is None else f"{s.recall_at_k:.2f}",
            _seconds(s.seconds_p50),
            _seconds(s.seconds_p95),
            _thousands(s.prompt_tokens_per_thousand),
            _thousands(s.completion_tokens_per_thousand),
        ]
        if priced:
            row.append(_price(s))
        table.add_row(*row)
    return table


def _share(part: Part, target: float, met: str) -> Text:
    text = Text(_plain_share(part))
    text.append(f"\nn={part.n}, ", style="dim")
    text.append(met, style="dim" if part.share.estimate < target else "green")
    return text


def _plain_share(part: Part) -> str:
    if part.n == 0:
        return "–"
    return f"{percent(part.share.estimate)} ({between(part.share)})"


def _difference(verdict: Verdict) -> str:
    interval = verdict.comparison.interval
    return (
        f"{points(interval.estimate)} ({points(interval.low)} … {points(interval.high)})\n"
        f"← {verdict.comparison.parent}"
    )


def _memorised(verdict: Verdict | None) -> str:
    if verdict is None or verdict.trained is None:
        return ""
    gain = verdict.trained.interval
    return f"{points(gain.estimate)} ({points(gain.low)} … {points(gain.high)})"


def _p(verdict: Verdict) -> str:
    p = verdict.comparison.p_holm
    if p is None:
        return "–"
    return f"{p:.3f}" if p >= 0.001 else "<.001"


def _count(standing: Standing, count: float) -> str:
    searched = standing.failures.not_found + standing.failures.found_wrong
    return f"{count:.3g}" if searched or standing.recall_at_k is not None else "–"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f}"


def _thousands(tokens: float) -> str:
    return f"{tokens / 1_000:,.0f}k"


def _price(standing: Standing) -> str:
    if standing.price_per_thousand is None:
        return "–"
    price = f"{standing.price_per_thousand:,.0f} {standing.currency}"
    return price if standing.break_even is None else f"{price}\n⇄ {standing.break_even:,.0f}"
