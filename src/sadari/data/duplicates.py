"""Records that say the same: exact and near copies are merged, a second answer to a question is
set aside, and contradictions are reported. Decided over all records, from hashes."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sadari.data.leakage import question_of
from sadari.data.near import NEAR, Hashes, bands_of, candidates, grams, jaccard, near_pairs
from sadari.data.types import Record, SetAside, Step
from sadari.text import normalise

KEPT, COPY, NEAR_COPY, OTHER_ANSWER = 0, 1, 2, 3
_SEEN = 2**20
ANOTHER_ANSWER = "another answer to the question of"
UNLIKE = 0.5  # Jaccard similarity under which two answers are different answers

# What turns a near copy into another statement: a number, a code, a negation.
_FACTS = re.compile(r"[A-Za-z0-9]+|안(?= )|않|못|없|아니|불가|금지|미만|초과|이상|이하")


@dataclass(frozen=True)
class Fingerprints:
    """What deciding needs of n records: hashes of question and answer (n,), buckets (n, BANDS) and
    `single`, whether the record is one question with one answer (n,)."""

    asks: Hashes
    answers: Hashes
    bands: Callable[[int], Hashes] | Hashes
    single: NDArray[np.bool_]


@dataclass(frozen=True)
class Decisions:
    """For each record: `fate` (KEPT, COPY, NEAR_COPY, OTHER_ANSWER) and `first`, the index of the
    record that it repeats or contradicts (its own where it is kept)."""

    fate: NDArray[np.uint8]
    first: NDArray[np.int64]


@dataclass(frozen=True)
class Contradiction:
    """A question with two answers that cannot both be what users should read."""

    question: str
    answers: tuple[str, str]
    sources: tuple[str, str]


def answer_of(record: Record) -> str:
    """What the assistant says and calls in a record."""
    said = (m for m in record.messages if m.role == "assistant")
    return "\n".join(f"{m.content}{_calls(m.tool_calls)}" for m in said)


def _calls(calls: Sequence[object]) -> str:
    return "".join(f"\n{call}" for call in calls)


def fingerprints(records: Sequence[Record]) -> Fingerprints:
    """The hashes of `records`, in order."""
    asked = [question_of(r) for r in records]
    answered = [answer_of(r) for r in records]
    return Fingerprints(
        hashes_of(asked),
        hashes_of(answered),
        bands_of([f"{q}\n{a}" for q, a in zip(asked, answered, strict=True)]),
        np.fromiter(map(is_single, records), bool, len(records)),
    )


def hashes_of(texts: Sequence[str]) -> Hashes:
    """64-bit hashes of the texts in one spelling, the same on every machine."""
    digests = (hashlib.blake2b(normalise(t).encode(), digest_size=8).digest() for t in texts)
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def is_single(record: Record) -> bool:
    """Whether a record is one question with one answer. Dialogues share long frames: two orders
    that differ in one word are two orders."""
    return sum(m.role == "user" for m in record.messages) == 1


def decide(
    prints: Fingerprints,
    texts: Callable[[int], tuple[str, str]],
    *,
    threshold: float = NEAR,
    order: NDArray[np.int64] | None = None,
) -> Decisions:
    """Which records stay. Earlier in `order` (the indices, most trusted first) wins. `texts` gives
    a record's (question, answer), and is asked only for candidates of near copies; with a
    `threshold` of 1 there are none."""
    n = len(prints.asks)
    order = np.arange(n) if order is None else order
    _, earliest, group = np.unique(prints.asks[order], return_index=True, return_inverse=True)
    first = np.empty(n, np.int64)
    first[order] = order[earliest[group]]
    fate = np.where(prints.answers == prints.answers[first], COPY, OTHER_ANSWER).astype(np.uint8)
    fate[first == np.arange(n)] = KEPT
    if threshold < 1:
        for row in np.flatnonzero((fate == OTHER_ANSWER) & prints.single).tolist():
            if same_but_for_spelling(texts(int(first[row])), texts(row), threshold):
                fate[row] = NEAR_COPY
        rank = np.empty(n, np.int64)
        rank[order] = np.arange(n)
        for i, j in twins(prints, texts, threshold, (fate == KEPT) & prints.single):
            i, j = _root(first, i), _root(first, j)
            early, late = (i, j) if rank[i] < rank[j] else (j, i)
            if early != late:
                fate[late], first[late] = NEAR_COPY, early
        for row in np.flatnonzero(fate != KEPT).tolist():
            first[row] = _root(first, row)
    return Decisions(fate, first)


def _root(first: NDArray[np.int64], row: int) -> int:
    while first[row] != row:
        row = int(first[row])
    return row


def twins(
    prints: Fingerprints,
    texts: Callable[[int], tuple[str, str]],
    threshold: float,
    rows: NDArray[np.bool_],
) -> Iterator[tuple[int, int]]:
    """Pairs among `rows`, a mask, whose questions and whose answers are near copies and state the
    same facts."""
    # Pairs that were looked at, each in the slot of its hash: memory stays where it is, and a pair
    # that lost its slot is looked at once more.
    seen = [0] * min(_SEEN, 32 * len(rows) + 1)
    for pairs in candidates(prints.bands, len(prints.asks)):
        usable = rows[pairs[:, 0]] & rows[pairs[:, 1]]
        for i, j in pairs[usable].tolist():
            pair = i << 32 | j if i < j else j << 32 | i
            slot = hash((i + j, pair)) % len(seen)
            if seen[slot] != pair:
                seen[slot] = pair
                if same_but_for_spelling(texts(i), texts(j), threshold):
                    yield i, j


def left_twins(
    prints: Fingerprints,
    texts: Callable[[int], tuple[str, str]],
    threshold: float,
    kept: NDArray[np.bool_],
) -> Iterator[tuple[int, int]]:
    """The near copies that merging at `threshold` leaves among the `kept`: dialogues, and all of
    them where it is off. No split may part them."""
    rows = kept if threshold > NEAR else kept & ~prints.single
    if rows.any():
        yield from twins(prints, texts, NEAR, rows)


def same_but_for_spelling(one: tuple[str, str], other: tuple[str, str], threshold: float) -> bool:
    """Whether two (question, answer) say the same: both parts are near, and no number, code or
    negation differs."""
    return all(
        _FACTS.findall(a) == _FACTS.findall(b) and jaccard(grams(a), grams(b)) >= threshold
        for a, b in zip(one, other, strict=True)
    )


def deduplicate(records: Sequence[Record], *, threshold: float = NEAR) -> tuple[list[Record], Step]:
    """The records that stay, by id, and the account. People's own words win over others."""
    texts = [(question_of(r), answer_of(r)) for r in records]
    order = np.array(sorted(range(len(records)), key=lambda i: not records[i].from_people), int)
    made = decide(fingerprints(records), texts.__getitem__, threshold=threshold, order=order)
    aside = tuple(
        other_answer(records[row], records[made.first[row]])
        for row in order.tolist()
        if made.fate[row] == OTHER_ANSWER
    )
    kept = [r for r, fate in zip(records, made.fate, strict=True) if fate == KEPT]
    merged = len(records) - len(kept) - len(aside)
    step = Step("deduplicate", len(records), len(kept), 0, merged, aside, kind="over_all")
    return sorted(kept, key=lambda r: r.id), step


def other_answer(record: Record, first: Record) -> SetAside:
    """Why `record` goes no further: `first` answers its question otherwise."""
    return SetAside(record.place, f"{ANOTHER_ANSWER} {first.id}")


def contradictions(records: Sequence[Record]) -> list[Contradiction]:
    """Questions that are asked alike, word for word or nearly, and answered differently."""
    single = [r for r in records if is_single(r)]
    asked = [question_of(r) for r in single]
    exact: dict[str, list[int]] = {}
    for row, text in enumerate(asked):
        exact.setdefault(normalise(text), []).append(row)
    pairs = {pair for rows in exact.values() for pair in itertools.pairwise(rows)}
    pairs |= {(i, j) for i, j, _ in near_pairs(asked)}
    found = []
    for i, j in sorted(pairs):
        one, other = answer_of(single[i]), answer_of(single[j])
        alike = jaccard(grams(one), grams(other))
        facts = _FACTS.findall(one) != _FACTS.findall(other)
        if _FACTS.findall(asked[i]) == _FACTS.findall(asked[j]) and (alike < UNLIKE or facts):
            found.append(
                Contradiction(asked[i], (one, other), (single[i].source, single[j].source))
            )
    return found
