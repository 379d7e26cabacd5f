"""How well a finder of personal data agrees with labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sadari.data.redact import Kind, Span

LABELLED = Path(__file__).with_name("labelled.jsonl")
SOFT: tuple[Kind, ...] = ("name", "address")
Finder = Callable[[str], Sequence[Span]]


@dataclass(frozen=True)
class Sentence:
    """A labelled sentence."""

    id: int
    text: str
    spans: tuple[Span, ...]


@dataclass
class Agreement:
    """Counts by kind. A label is found when every character of it is covered by finds of its
    kind. A find is right when it shares at least half of its characters, counted over both, with
    a label of its kind. Spaces do not count."""

    labels: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    finds: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def recall(self, *kinds: str) -> float:
        """Share of the labels that were found."""
        return sum(self.found[k] for k in kinds) / max(1, sum(self.labels[k] for k in kinds))

    def precision(self, *kinds: str) -> float:
        """Share of the finds that were right."""
        return sum(self.right[k] for k in kinds) / max(1, sum(self.finds[k] for k in kinds))


def labelled() -> list[Sentence]:
    """The labelled sentences."""
    rows = map(json.loads, LABELLED.read_text(encoding="utf-8").splitlines())
    return [
        Sentence(
            row["id"],
            row["text"],
            tuple(Span(s["start"], s["end"], s["kind"]) for s in row["spans"]),
        )
        for row in rows
    ]


def agreement(sentences: Sequence[Sentence], find: Finder) -> Agreement:
    """How `find` does on labelled sentences."""
    counts = Agreement()
    for sentence in sentences:
        text, finds = sentence.text, find(sentence.text)
        for label in sentence.spans:
            covered = {c for f in finds if f.kind == label.kind for c in _characters(text, f)}
            counts.labels[label.kind] += 1
            counts.found[label.kind] += _characters(text, label) <= covered
        for one in finds:
            mine = _characters(text, one)
            counts.finds[one.kind] += 1
            counts.right[one.kind] += any(
                label.kind == one.kind
                and 2 * len(mine & _characters(text, label)) >= len(mine | _characters(text, label))
                for label in sentence.spans
            )
    return counts


def _characters(text: str, span: Span) -> set[int]:
    return {place for place in range(span.start, span.end) if not text[place].isspace()}
