"""Tying an answer to its evidence: which passages it rests on, which numbers come from nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sadari.assistant.types import Citation
from sadari.text import bigrams
from sadari.text.claims import unheld
from sadari.text.sentences import sentences

ENOUGH_SHARED = 0.6  # of a sentence's bigrams must stand in the passage that it is attributed to
_MARK = re.compile(r"\[(\d{1,2})\]")
_LIST_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)


def cite(answer: str, retrieved: Sequence[Citation]) -> tuple[Citation, ...]:
    """The retrieved passages that the answer rests on: those it marks with [n], else for each
    sentence the passage that shares most of its character bigrams, if it shares enough."""
    marked = {int(n) for n in _MARK.findall(answer) if 1 <= int(n) <= len(retrieved)}
    if marked:
        return tuple(retrieved[n - 1] for n in sorted(marked))
    grams = [set(bigrams(f"{c.heading} {c.text}")) for c in retrieved]
    used: set[int] = set()
    for sentence in sentences(answer):
        own = set(bigrams(sentence))
        if not own or not grams:
            continue
        shares = [len(own & passage) / len(own) for passage in grams]
        best = max(range(len(shares)), key=shares.__getitem__)
        if shares[best] >= ENOUGH_SHARED:
            used.add(best)
    return tuple(retrieved[index] for index in sorted(used))


def ungrounded_numbers(answer: str, evidence: Sequence[str]) -> tuple[str, ...]:
    """The numbers of `answer`, as written, that no evidence holds: neither the same quantity in
    any unit nor, for a number without a unit, the same figure. Marks such as [1] and the numbers
    of a list are no claims."""
    said = _LIST_NUMBER.sub("", _MARK.sub("", answer))
    strange = unheld(said, (_MARK.sub("", text) for text in evidence))
    return tuple(dict.fromkeys(said[q.start : q.end] for q in strange if not q.spelled))
