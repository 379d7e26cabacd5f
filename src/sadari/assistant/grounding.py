"""Tying an answer to its evidence: which passages it rests on, which numbers come from nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sadari.assistant.types import Citation
from sadari.text import bigrams
from sadari.text.quantity import quantities

ENOUGH_SHARED = 0.6  # of a sentence's bigrams must stand in the passage that it is attributed to
_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")
_MARK = re.compile(r"\[(\d{1,2})\]")


def cite(answer: str, retrieved: Sequence[Citation]) -> tuple[Citation, ...]:
    """The retrieved passages that the answer rests on: those it marks with [n], else for each
    sentence the passage that shares most of its character bigrams, if it shares enough."""
    marked = {int(n) for n in _MARK.findall(answer) if 1 <= int(n) <= len(retrieved)}
    if marked:
        return tuple(retrieved[n - 1] for n in sorted(marked))
    grams = [set(bigrams(f"{c.heading} {c.text}")) for c in retrieved]
    used: set[int] = set()
    for sentence in _SENTENCE_END.split(answer):
        own = set(bigrams(sentence))
        if not own or not grams:
            continue
        shares = [len(own & passage) / len(own) for passage in grams]
        best = max(range(len(shares)), key=shares.__getitem__)
        if shares[best] >= ENOUGH_SHARED:
            used.add(best)
    return tuple(retrieved[index] for index in sorted(used))


def ungrounded_numbers(answer: str, evidence: Sequence[str]) -> tuple[str, ...]:
    """The numbers of `answer`, as written, whose value in that dimension no evidence holds."""
    known = {(q.dimension, round(q.base, 9)) for text in evidence for q in quantities(text)}
    bare = {value for _, value in known}
    strange = [
        answer[q.start : q.end]
        for q in quantities(_MARK.sub("", answer))
        if not q.spelled
        and (q.dimension, round(q.base, 9)) not in known
        and not (not q.dimension and round(q.base, 9) in bare)
    ]
    return tuple(dict.fromkeys(strange))
