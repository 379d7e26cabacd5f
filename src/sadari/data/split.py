"""Splitting by group, stratified by class: what belongs together stays on one side, and every class
stands on both sides in about its share."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sadari.data.duplicates import hashes_of
from sadari.data.near import Hashes
from sadari.data.types import Record

PASSES = 4  # over all groups; the first settles nearly all of them
_MIX = np.uint64(0x9E3779B97F4A7C15)


def pick_groups(groups: Iterable[str], share: float, seed: int) -> frozenset[str]:
    """About `share` of the distinct groups, the same ones for the same seed."""
    names = sorted(set(groups))
    random.Random(f"{seed}/groups").shuffle(names)
    return frozenset(names[: round(share * len(names))])


def split_by_group(
    records: Sequence[Record],
    share: float,
    seed: int,
    *,
    topics: Mapping[str, str] | None = None,
    joined: Iterable[tuple[int, int]] = (),
) -> tuple[list[Record], list[Record]]:
    """(train, validation), with about `share` of the records, of each task and of each of the
    groups' `topics` on the validation side. `joined` are pairs of indices whose groups must not
    part. With two or more groups that may part neither side is empty."""
    groups = hashes_of([r.group for r in records])
    classes = (hashes_of([r.task for r in records]), topics_of(groups, topics or {}))
    side = validates(groups, classes, share, seed, joined)
    train = [r for r, validation in zip(records, side, strict=True) if not validation]
    return train, [r for r, validation in zip(records, side, strict=True) if validation]


def topics_of(groups: Hashes, topics: Mapping[str, str]) -> Hashes:
    """The hash of each record's topic, shape (n,), by the hash of its group; 0 without one."""
    found = np.zeros(len(groups), np.uint64)
    if topics:
        names = hashes_of(list(topics))
        order = np.argsort(names)
        place = np.searchsorted(names[order], groups).clip(max=len(names) - 1)
        known = names[order][place] == groups
        found[known] = hashes_of(list(topics.values()))[order][place][known]
    return found


def validates(
    groups: Hashes,
    classes: Sequence[Hashes],
    share: float,
    seed: int,
    joined: Iterable[tuple[int, int]] = (),
) -> NDArray[np.bool_]:
    """Which of n records validate, shape (n,). `groups` and each column of `classes` are hashes,
    shape (n,). Groups come in the order of a seeded hash, so that most keep their side when more
    data come; one validates where that brings the counts of its classes nearer to their shares
    (group-wise and greedy, after the iterative stratification of Sechidis et al. 2011)."""
    if not len(groups):
        return np.zeros(0, bool)
    names, group = np.unique(groups, return_inverse=True)
    unit = _units(group, len(names), joined)[group]
    start, label, count, totals = _counts(unit, classes)
    wanted = [share * total for total in totals]
    left = list(totals)  # for training
    chosen = np.zeros(len(start) - 1, bool)
    order = _order(groups, unit, len(chosen), seed)
    for _ in range(PASSES):
        moved = False
        for one in order.tolist():
            sign = -1 if chosen[one] else 1
            gain, last = 0.0, False
            for cell in range(start[one], start[one + 1]):
                here, many = label[cell], count[cell]
                if many < totals[here]:  # what one group has alone cannot stand on both sides
                    gain += many * (2 * sign * wanted[here] - many) / totals[here]
                    last = last or left[here] == many
            if gain > 0 and not (last and sign > 0):
                chosen[one] = sign > 0
                moved = True
                for cell in range(start[one], start[one + 1]):
                    wanted[label[cell]] -= sign * count[cell]
                    left[label[cell]] -= sign * count[cell]
        if not moved:
            break
    if len(chosen) > 1 and not chosen.any():
        chosen[order[np.bincount(unit)[order].argmin()]] = True
    return chosen[unit]


def _units(
    group: NDArray[np.int64], number: int, joined: Iterable[tuple[int, int]]
) -> NDArray[np.int32]:
    """What each group belongs to, shape (number,): groups with a joined pair are one unit."""
    pairs = np.array([*joined], np.int64).reshape(-1, 2)
    if not len(pairs):
        return np.arange(number, dtype=np.int32)
    ends = (group[pairs[:, 0]], group[pairs[:, 1]])
    edges = coo_array((np.ones(len(pairs), bool), ends), (number, number))
    units: NDArray[np.int32] = connected_components(edges, directed=False)[1]
    return units


def _counts(
    unit: NDArray[np.int32], classes: Sequence[Hashes]
) -> tuple[list[int], list[int], list[int], list[int]]:
    """How often each unit has each label, as compressed rows (where a unit's cells start, label
    and count of each cell), and the labels' totals. Label 0 is every record's: the whole."""
    columns, labels = [np.zeros(len(unit), np.int32)], 1
    for column in classes:
        found, inverse = np.unique(column, return_inverse=True)
        columns.append((inverse + labels).astype(np.int32))
        labels += len(found)
    cells = (np.tile(unit, len(columns)), np.concatenate(columns))
    shape = (int(unit.max()) + 1, labels)
    table = coo_array((np.ones(len(cells[0]), np.int32), cells), shape).tocsr()
    totals = np.bincount(cells[1], minlength=labels)
    return table.indptr.tolist(), table.indices.tolist(), table.data.tolist(), totals.tolist()


def _order(groups: Hashes, unit: NDArray[np.int32], number: int, seed: int) -> NDArray[np.int64]:
    """The units by the smallest seeded hash of their groups."""
    salt = np.frombuffer(hashlib.sha256(f"{seed}".encode()).digest()[:8], "<u8")[0]
    mixed = (groups ^ salt) * _MIX
    mixed ^= mixed >> np.uint64(32)
    first = np.full(number, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(first, unit, mixed * _MIX)
    return np.argsort(first, kind="stable")
