"""Splitting by group: everything from one document stays on one side."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence

from sadari.data.types import Record


def pick_groups(groups: Iterable[str], share: float, seed: int) -> frozenset[str]:
    """About `share` of the distinct groups, the same ones for the same seed."""
    names = sorted(set(groups))
    random.Random(f"{seed}/groups").shuffle(names)
    return frozenset(names[: round(share * len(names))])


def split_by_group(
    records: Sequence[Record], share: float, seed: int
) -> tuple[list[Record], list[Record]]:
    """(train, validation), with about `share` of the records on the validation side; with two or
    more groups neither side is empty."""
    sizes = Counter(record.group for record in records)
    names = sorted(sizes)
    random.Random(f"{seed}/validation").shuffle(names)
    wanted = share * len(records)
    chosen: set[str] = set()
    taken = 0
    for name in names:
        if taken + sizes[name] / 2 <= wanted:
            chosen.add(name)
            taken += sizes[name]
    if not chosen and len(names) > 1:
        chosen.add(min(names, key=lambda name: (sizes[name], name)))
    if len(chosen) == len(names) > 1:
        chosen.remove(max(names, key=lambda name: (sizes[name], name)))
    train = [r for r in records if r.group not in chosen]
    return train, [r for r in records if r.group in chosen]
