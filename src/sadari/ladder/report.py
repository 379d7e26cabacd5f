"""The verdict as one HTML file that opens offline: everything inline, everything escaped."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from sadari.domain.question import Number, Question
from sadari.evaluation.types import Score
from sadari.ladder.figures import between, percent, points
from sadari.ladder.judgement import Judgement
from sadari.ladder.labels import labels
from sadari.ladder.plots import cost_plot, curves_plot, quality_plot, step_plot
from sadari.ladder.standing import Standing, values
from sadari.ladder.types import Rung
from sadari.ladder.words import (
    WORD,
    choice_sentence,
    explain,
    share,
    span,
    verdict_sentence,
)
from sadari.stats import Interval, share_interval
from sadari.store import whole_file
from sadari.text.language import Language
from sadari.text.pages import render_page

Curves = Mapping[str, Sequence[tuple[int, float]]]


@dataclass(frozen=True)
class Cell:
    """One field of the heat table: a share with its interval over `n` questions."""

    share: Interval
    n: int


@dataclass(frozen=True)
class Heat:
    """Share right by a property of the questions (rows) and by rung (columns)."""

    title: str
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


@dataclass(frozen=True)
class Wrong:
    """A question that a rung answered wrongly or could not be asked, with one such answer."""

    id: str
    question: str
    answer: str
    key: tuple[str, ...]
    reference: str
    why: str
    evidence: tuple[str, ...]
    found: bool | None
    unasked: bool
    times: int
    of: int


def write_report(
    judgement: Judgement,
    path: Path | str,
    *,
    title: str = "",
    language: Language | None = None,
    curves: Curves | None = None,
    notes: Sequence[str] = (),
) -> Path:
    """Write the report to `path` and return it.

    `title` names the domain; `curves` are losses by step, one list per name; `notes` are further
    sentences, such as why a rung was skipped. Answers are untrusted and shown as text only.
    """
    out = Path(path)
    page = render_report(judgement, title=title, language=language, curves=curves, notes=notes)
    with whole_file(out) as file:
        file.write(page)
    return out


def render_report(
    judgement: Judgement,
    *,
    title: str = "",
    language: Language | None = None,
    curves: Curves | None = None,
    notes: Sequence[str] = (),
) -> str:
    """The report as text; see `write_report`."""
    tongue = language or judgement.language
    sentences = explain(judgement, tongue)
    steps = [verdict_sentence(v, judgement.margin, tongue) for v in judgement.verdicts]
    return render_page(
        "sadari.ladder",
        "report.html.j2",
        language=tongue,
        t=labels(tongue),
        title=title,
        judgement=judgement,
        choice=choice_sentence(judgement, tongue),
        chosen=judgement.standing(judgement.choice),
        steps=[(v, s) for v, s in zip(judgement.verdicts, steps, strict=True)],
        cautions=[s for s in sentences[1:] if s not in steps],
        notes=notes,
        word={key: both[tongue] for key, both in WORD.items()},
        plots={
            "quality": Markup(quality_plot(judgement)),
            "step": Markup(step_plot(judgement)) if judgement.verdicts else "",
            "cost": Markup(cost_plot(judgement)),
            "curves": Markup(curves_plot(curves)) if curves else "",
        },
        heats=_heats(judgement, tongue),
        wrong=[(rung.name, _wrong(rung, judgement.questions)) for rung in judgement.rungs],
        trained=[r for r in judgement.rungs if r.training],
        priced=any(s.price_per_thousand is not None for s in judgement.standings),
        facts=[(r.name, r.facts) for r in judgement.rungs if r.facts],
        **_formats(tongue),
    )


def _formats(language: Language) -> dict[str, Callable[..., Any]]:
    return {
        "percent": percent,
        "points": points,
        "between": between,
        "share": lambda part: share(part, language),
        "span": lambda comparison: span(comparison, language),
        "shade": lambda value: f"{100 * max(0.0, min(1.0, value)):.0f}%",
        "failing": _failing,
    }


def _failing(standing: Standing) -> tuple[tuple[str, float], ...]:
    """Questions by what became of them, in the order of the stacked bar; means over seeds."""
    f = standing.failures
    right = standing.all.n * standing.all.share.estimate
    parts = (("right_short", right), ("found_wrong", f.found_wrong))
    return (*parts, ("not_found", f.not_found), ("unknown", f.unknown))


def _heats(judgement: Judgement, language: Language) -> tuple[Heat, ...]:
    label = labels(language)
    by_topic: dict[str, set[str]] = defaultdict(set)
    by_level: dict[str, set[str]] = defaultdict(set)
    by_task: dict[str, set[str]] = defaultdict(set)
    for question in judgement.questions:
        by_task[question.task or "–"].add(question.id)
        by_topic[question.topic or "–"].add(question.id)
        by_level[str(question.level)].add(question.id)
    properties = (("tasks", by_task), ("topics", by_topic), ("levels", by_level))
    found = [
        Heat(label[name], _heat_rows(judgement.rungs, parts))
        for name, parts in properties
        if len(parts) > 1
    ]
    return tuple(found)


def _heat_rows(
    rungs: Sequence[Rung], parts: Mapping[str, set[str]]
) -> tuple[tuple[str, tuple[Cell | None, ...]], ...]:
    measured = [values(rung.scores) for rung in rungs]
    return tuple(
        (name, tuple(_cell(by_question, parts[name]) for by_question in measured))
        for name in sorted(parts)
    )


def _cell(by_question: Mapping[str, tuple[str, float]], ids: set[str]) -> Cell | None:
    rows = [value for question, value in by_question.items() if question in ids]
    if not rows:
        return None
    groups, rights = zip(*rows, strict=True)
    return Cell(share_interval(rights, groups), len(rows))


def _wrong(rung: Rung, questions: Sequence[Question]) -> tuple[Wrong, ...]:
    asked = {question.id: question for question in questions}
    by_question: dict[str, list[Score]] = defaultdict(list)
    for score in rung.scores:
        by_question[score.question].append(score)
    wrong = []
    for name, scores in by_question.items():
        failed = [s for s in scores if not s.right]
        if not failed:
            continue
        shown, question = failed[0], asked.get(name)
        wrong.append(
            Wrong(
                id=name,
                question=question.text if question else name,
                answer=shown.answer,
                key=key_lines(question) if question else (),
                reference=question.reference if question else "",
                why=_why(shown),
                evidence=question.evidence if question else (),
                found=shown.found,
                unasked=shown.right is None,
                times=len(failed),
                of=len(scores),
            )
        )
    return tuple(wrong)


def _why(score: Score) -> str:
    """The scorer's reason; where a person overruled it, theirs."""
    if not score.overruled:
        return score.why
    return f"A person: {score.reason}" if score.reason else "A person overruled the scorer."


def key_lines(question: Question) -> tuple[str, ...]:
    """What a right answer must hold, one line per item; what it must not, with a cross."""
    key = question.key
    lines = [" / ".join(_item(any_of) for any_of in item) for item in key.must]
    lines += [f"✗ {item}" for item in key.must_not]
    parts = [dict(part) for part in (key.state, key.call) if part is not None]
    lines += [json.dumps(part, ensure_ascii=False, default=dict) for part in parts]
    return tuple(lines)


def _item(item: str | Number) -> str:
    if isinstance(item, str):
        return item
    tolerance = f" ± {item.tolerance:g}" if item.tolerance else ""
    return f"{item.value:g}{tolerance} {item.unit}".strip()
