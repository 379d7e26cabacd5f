"""Values that an answer gives to the wrong thing, twice, as part of a range, or turned around."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sadari.evaluation._evidence import ACTUALLY, Facts
from sadari.evaluation._matching import Match
from sadari.evaluation._negation import bound
from sadari.evaluation._reading import Reading, pieces, read, words
from sadari.text.quantity import Quantity

_ATTACHED = re.compile(r"^[가-힣]+")  # the particle or copula of a quantity
# A name that opens a sentence holds for all of its clauses: A-AL01의 … 3 s이고 … 5 s이다
_OPENING = re.compile(r"\s*([^\s,.]+?)(?:의|에서는?)\s")
_BETWEEN = re.compile(r"\s*(?:[~\-]|에서|부터|내지)\s*")
_JOIN = re.compile(r"[\s,·/;:|()\[\]\-~–.]|및|와|과|또|그리고|약|에")


def turned_limit(match: Match, reading: Reading, known: Facts) -> bool:
    """Whether an upper limit of the evidence became a lower one, or the other way round."""
    here = bound(reading.text, match.end)
    return here != 0 and -here in known.bounds and here not in known.bounds


def misplaced(
    answer: Reading, evidence: Sequence[Reading], asked: Sequence[Match], question: str
) -> str:
    """The text of a quantity that the answer ties to another thing than the evidence does, or "".

    The words around a quantity, up to its neighbours of the same dimension, name what it belongs
    to. A quantity is misplaced when more of its words belong, in the evidence, only to other
    values of that dimension than only to this one. For an asked value the question's own words
    do not count (they name the subject); another value needs one of them or two others to be
    misplaced: 허용 한계는 3 nm.
    """
    subject = set(words(read(question).text))
    for dimension in {m.quantity.dimension for m in asked if m.quantity} - {""}:
        said = [pair for reading in evidence for pair in _labelled(reading, dimension)]
        for q, own in _labelled(answer, dimension):
            here = {w for other, label in said if _same(other, q) for w in label}
            there = {w for other, label in said if not _same(other, q) for w in label}
            if not here or not there:
                continue
            keyed = any(m.quantity and _same(m.quantity, q) for m in asked)
            mine = own & (here - there)
            theirs = own & (there - here) - (subject if keyed else set())
            telling = keyed or theirs & subject or (len(theirs) > 1 and not mine)
            if len(theirs) > len(mine) and telling:
                return answer.text[q.start : q.end]
    return ""


def rival(answer: Reading, evidence: Sequence[Reading], asked: Sequence[Match]) -> str:
    """A second value for the asked thing, or "": of the same dimension, with no word of its own
    that the right value does not have, and in no evidence; or the value of a correction."""
    turn = max((m.end() for m in ACTUALLY.finditer(answer.text)), default=len(answer.text))
    for match in asked:
        q = match.quantity
        if q is None or not q.dimension:
            continue
        pairs = _labelled(answer, q.dimension)
        named = {w for other, own in pairs if _same(other, q) for w in own}
        for other, own in pairs:
            if any(m.quantity and _same(m.quantity, other) for m in asked):
                continue
            grounded = any(_same(other, known) for r in evidence for known in r.quantities)
            if match.end < turn <= other.start or (not grounded and own <= named):
                return answer.text[other.start : other.end]
    return ""


def stretched(
    answer: Reading, match: Match, asked: Sequence[Match], evidence: Sequence[Reading]
) -> bool:
    """Whether a value is one end of a range whose other end nobody asked for and no evidence
    holds: 5 mTorr within 5~50 mTorr."""
    for left, right in _ranges(answer):
        if match.quantity not in (left, right):
            continue
        other = right if match.quantity == left else left
        if any(m.quantity and _same(m.quantity, other) for m in asked):
            continue
        return not any(
            _same(left, low) and _same(right, high) for r in evidence for low, high in _ranges(r)
        )
    return False


def listed(match: Match, answer: Reading, asked: Sequence[Match]) -> bool:
    """Whether a quantity stands in a bare run of three or more, two of which nobody asked for:
    0.5초, 8초, 0.2초, 12초."""
    held = [q for q in answer.quantities if _overlap(q, match)]
    if not held:
        return False
    run = held[:1]
    for step in (1, -1):
        index = answer.quantities.index(held[0])
        while 0 <= (index := index + step) < len(answer.quantities):
            other, last = answer.quantities[index], run[-1] if step > 0 else run[0]
            gap = answer.text[min(last.end, other.end) : max(last.start, other.start)]
            if _JOIN.sub("", gap):
                break
            run.insert(len(run) if step > 0 else 0, other)
    strangers = [q for q in run if not any(_overlap(q, m) for m in asked)]
    return len(run) > 2 and len(strangers) > 1


def _labelled(reading: Reading, dimension: str) -> list[tuple[Quantity, frozenset[str]]]:
    """The quantities of a dimension, each with the words around it up to its neighbours."""
    found = []
    text = reading.text
    for start, end in reading.clauses:
        own = [q for q in reading.quantities if q.dimension == dimension and start <= q.start < end]
        if not own:
            continue
        opening = _OPENING.match(text, reading.sentence(start)[0])
        topic = opening[1] if opening and opening.start() < start else ""
        for low, high in pieces(text, start, end):
            here = [q for q in own if low <= q.start < high]
            for left, q, right in zip([None, *here], here, [*here[1:], None], strict=False):
                before = (
                    _ATTACHED.sub("", text[left.end : q.start]) if left else text[low : q.start]
                )
                after = _ATTACHED.sub("", text[q.end : right.start if right else high])
                found.append((q, frozenset(words(f"{topic} {before} {after}"))))
    return found


def _ranges(reading: Reading) -> list[tuple[Quantity, Quantity]]:
    pairs = zip(reading.quantities, reading.quantities[1:], strict=False)
    return [
        (left, right)
        for left, right in pairs
        if left.dimension == right.dimension
        and _BETWEEN.fullmatch(reading.text[left.end : right.start])
    ]


def _same(one: Quantity, other: Quantity) -> bool:
    near = 1e-6 * abs(one.base) + 1e-12
    return one.dimension == other.dimension and abs(one.base - other.base) <= near


def _overlap(q: Quantity, match: Match) -> bool:
    return q.start < match.end and match.start < q.end
