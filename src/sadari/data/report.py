"""What prepared data look like: numbers for JSON, and one HTML page that opens offline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from sadari.data.ledger import account
from sadari.data.quality import Quality, answer_lengths, assess
from sadari.data.quality_words import advice, found_by, labels, name_of
from sadari.data.types import Dataset, Record
from sadari.domain import Domain
from sadari.store import whole_file
from sadari.text.pages import render_page

FEW = 100  # examples under which practitioners call a style set small; a warning, not a wall
BARS = 32  # of the histogram
_PLOT_WIDTH, _PLOT_HEIGHT = 640, 110


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram: answers of `low` to `high` characters, and its place in the plot."""

    low: int
    high: int
    count: int
    x: float
    width: float
    height: float


def summarise(domain: Domain, data: Dataset, quality: Quality | None = None) -> dict[str, Any]:
    """Counts, lengths (characters), rules, topics, the ledger and the checks, ready for JSON or a
    table. `quality` is assessed if it is not given."""
    records = [*data.train, *data.validation]
    quality = quality or assess(domain, data)
    language = domain.settings.language
    return {
        "domain": domain.id,
        "digest": data.digest,
        "train": len(data.train),
        "validation": len(data.validation),
        "held_out_documents": len(data.held_out),
        "answer_characters": _lengths(records),
        "rules": dict(_kinds(records)),
        "topics": dict(_topics(domain, records)),
        "uncovered_documents": _uncovered(domain, records, data.held_out),
        "ledger": [account(step) for step in data.ledger.steps],
        "set_aside": dict(data.ledger.reasons()),
        "quality": round(quality.score, 3),
        "checks": [
            {
                "id": f"data.{check.id}",
                "score": round(check.score, 3),
                "good": check.good,
                "found": found_by(check, language),
                "todo": "" if check.good else advice(check, language),
                "rows": check.rows,
            }
            for check in quality.checks
        ],
        "todo": [f"data.{check.id}" for check in quality.todo],
        "warnings": _warnings(data),
    }


def write_page(domain: Domain, data: Dataset, quality: Quality, path: Path) -> None:
    """Writes the report as one HTML file: everything inline, texts escaped, no script."""
    language = domain.settings.language
    records = [*data.train, *data.validation]
    html = render_page(
        "sadari.data",
        "data.html.j2",
        language=language,
        t=labels(language),
        name=domain.settings.name,
        train=len(data.train),
        validation=len(data.validation),
        digest=data.digest,
        quality=quality,
        total=sum(check.weight for check in quality.checks),
        name_of=lambda check: name_of(check, language),
        found_by=lambda check: found_by(check, language),
        advice=lambda check: advice(check, language),
        lengths=histogram(list(answer_lengths(records))),
        topics=_topics(domain, records),
        kinds=_kinds(records),
        ledger=data.ledger.steps,
        reasons=sorted(data.ledger.reasons().items(), key=lambda item: -item[1])[:50],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(html)


def histogram(lengths: Sequence[int], bars: int = BARS) -> list[Bar]:
    """Bars of equal width up to the 99th percentile; the last one holds what is longer."""
    if not lengths:
        return []
    ordered = sorted(lengths)
    top = max(1, ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))])
    step = max(1, -(-top // bars))
    counts = Counter(min(length // step, bars - 1) for length in lengths)
    highest = max(counts.values())
    width = _PLOT_WIDTH / bars
    return [
        Bar(
            low=n * step,
            high=(n + 1) * step - 1,
            count=counts[n],
            x=round(n * width, 1),
            width=round(width - 2, 1),
            height=round(_PLOT_HEIGHT * counts[n] / highest, 1),
        )
        for n in range(max(counts) + 1)
    ]


def _kinds(records: Sequence[Record]) -> list[tuple[str, int]]:
    return Counter(r.task for r in records).most_common()


def _topics(domain: Domain, records: Sequence[Record]) -> list[tuple[str, int]]:
    topic_of = {d.id: d.topic for d in domain.documents}
    sessions = {s.id for s in domain.dialogues}
    return Counter(
        topic_of.get(r.group, "dialogues" if r.id in sessions else "feedback") for r in records
    ).most_common()


def _lengths(records: Sequence[Record]) -> dict[str, float]:
    """Of the answers that are no refusals; empty when there is none."""
    lengths = [len(r.messages[-1].content) for r in records if r.task != "refusal"]
    if not lengths:
        return {}
    return {
        "mean": round(mean(lengths), 1),
        "median": median(lengths),
        "longest": max(lengths),
    }


def _uncovered(domain: Domain, records: Sequence[Record], held_out: frozenset[str]) -> list[str]:
    covered = {r.group for r in records}
    return [d.id for d in domain.documents if d.id not in covered and d.id not in held_out]


def _warnings(data: Dataset) -> list[str]:
    if len(data.train) >= FEW:
        return []
    return [f"{len(data.train)} training examples are few; 50–100 teach a style, not knowledge."]
