"""What prepared data look like in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from statistics import mean, median
from typing import Any

from sadari.data.types import Dataset, Record
from sadari.domain import Domain

FEW = 100  # examples under which practitioners call a style set small; a warning, not a wall


def summarise(domain: Domain, data: Dataset) -> dict[str, Any]:
    """Counts, lengths (characters), rules, topics and the ledger, ready for JSON or a table."""
    records = [*data.train, *data.validation]
    topic_of = {d.id: d.topic for d in domain.documents}
    return {
        "domain": domain.id,
        "digest": data.digest,
        "train": len(data.train),
        "validation": len(data.validation),
        "held_out_documents": len(data.held_out),
        "answer_characters": _lengths(records),
        "rules": dict(Counter(r.task for r in records).most_common()),
        "topics": dict(Counter(topic_of.get(r.group, "feedback") for r in records).most_common()),
        "uncovered_documents": _uncovered(domain, records, data.held_out),
        "ledger": [
            {**asdict(step), "set_aside": len(step.set_aside)} for step in data.ledger.steps
        ],
        "set_aside": dict(data.ledger.reasons()),
        "warnings": _warnings(data),
    }


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
