"""Holding an answer against its evidence: values on the wrong thing, and claims out of nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sadari.domain.question import AnyOf
from sadari.evaluation._matching import Match, matches
from sadari.evaluation._negation import bound, leaves_open, negations
from sadari.evaluation._reading import Reading, among, read, words
from sadari.text.quantity import Quantity

_TURN = re.compile(
    r"(?:^|(?<=[.!?\s]))(?:그러나|하지만|그렇지만|그런데|반면|사실은?|아니[,\s]|아니다|정정)|지만(?=[\s,])"
)
_CORRECTION = re.compile(r"(?:^|(?<=[.!?\s]))(?:사실은?|아니[,\s]|아니다|아닙니다|정정)")
_ATTACHED = re.compile(r"^[가-힣]+")  # the particle or copula of a quantity
# A name that opens a sentence holds for all of its clauses: A-AL01의 … 3 s이고 … 5 s이다
_OPENING = re.compile(r"\s*([^\s,.]+?)(?:의|에서는?|은|는)\s")
_BETWEEN = re.compile(r"\s*(?:[~\-]|에서|부터|내지)\s*")


@dataclass(frozen=True)
class Facts:
    """What the evidence says about one item of a key: the sentences that hold it."""

    item: AnyOf
    sentences: tuple[str, ...]
    clauses: tuple[str, ...]
    bounds: frozenset[int]

    def nearest(self, text: str) -> str:
        """The clause of the evidence that shares most words with `text`."""
        own = words(text)
        return max(
            self.clauses,
            key=lambda clause: sum(among(w, words(clause)) for w in own),
            default="",
        )

    @property
    def open(self) -> bool:
        """Whether the evidence names two ways."""
        return any(leaves_open(sentence) for sentence in self.sentences)


def facts(item: AnyOf, evidence: Sequence[Reading]) -> Facts:
    """Where the evidence holds `item`."""
    sentences, clauses, bounds = [], [], set()
    for reading in evidence:
        for match in matches(item, reading):
            sentences.append(reading.text[slice(*reading.sentence(match.start))])
            clauses.append(reading.text[slice(*reading.clause(match.start))])
            if match.quantity:
                bounds.add(bound(reading.text, match.end))
    return Facts(item, tuple(sentences), tuple(clauses), frozenset(bounds))


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
    dimensions = {m.quantity.dimension for m in asked if m.quantity and m.quantity.dimension}
    right = {round(m.quantity.base, 9) for m in asked if m.quantity}
    subject = words(read(question).text)
    for dimension in dimensions:
        said = [pair for reading in evidence for pair in _labelled(reading, dimension)]
        for q, own in _labelled(answer, dimension):
            here = tuple(w for other, ws in said if _same(other, q) for w in ws)
            there = tuple(w for other, ws in said if not _same(other, q) for w in ws)
            if not here or not there:
                continue
            keyed = round(q.base, 9) in right
            mine = sum(among(w, here) and not among(w, there) for w in own)
            theirs = [w for w in own if among(w, there) and not among(w, here)]
            if keyed:
                theirs = [w for w in theirs if not among(w, subject)]
            on_subject = any(among(w, subject) for w in theirs)
            if len(theirs) > mine and (keyed or on_subject or (len(theirs) > 1 and not mine)):
                return answer.text[q.start : q.end]
    return ""


def rival(answer: Reading, evidence: Sequence[Reading], asked: Sequence[Match]) -> str:
    """A second value for the asked thing, or "": of the same dimension, with no word of its own
    that the right value does not have, and in no evidence; or the value of a correction."""
    turn = max((m.end() for m in _CORRECTION.finditer(answer.text)), default=len(answer.text))
    for match in asked:
        q = match.quantity
        if q is None or not q.dimension:
            continue
        pairs = _labelled(answer, q.dimension)
        named = tuple(w for other, own in pairs if _same(other, q) for w in own)
        for other, own in pairs:
            if any(m.quantity and _same(m.quantity, other) for m in asked):
                continue
            if match.end < turn <= other.start:
                return answer.text[other.start : other.end]
            grounded = any(_same(other, known) for r in evidence for known in r.quantities)
            if not grounded and all(among(w, named) for w in own):
                return answer.text[other.start : other.end]
    return ""


def stretched(
    answer: Reading, match: Match, asked: Sequence[Match], evidence: Sequence[Reading]
) -> bool:
    """Whether a value is one end of a range whose other end nobody asked for and no evidence
    holds: 5 mTorr within 5~50 mTorr."""
    for left, right in zip(answer.quantities, answer.quantities[1:], strict=False):
        if match.quantity not in (left, right) or not _range(answer, left, right):
            continue
        other = right if match.quantity == left else left
        if any(m.quantity and _same(m.quantity, other) for m in asked):
            continue
        return not any(
            _same(left, a) and _same(right, b) and _range(r, a, b)
            for r in evidence
            for a, b in zip(r.quantities, r.quantities[1:], strict=False)
        )
    return False


def _range(reading: Reading, left: Quantity, right: Quantity) -> bool:
    gap = reading.text[left.end : right.start]
    return left.dimension == right.dimension and bool(_BETWEEN.fullmatch(gap))


def swapped(
    answer: Reading, match: Match, known: Facts, evidence: Sequence[Reading], question: str
) -> bool:
    """Whether the key stands with another thing's words, and what was asked stands elsewhere:
    경비실에 신청하고 총무팀에서 열쇠를 받는다, where the evidence has it the other way round."""
    span = answer.clause(match.start)
    own = [w for w in words(answer.text[slice(*span)])]
    home = tuple(w for sentence in known.sentences for w in words(sentence))
    asked = [w for w in words(read(question).text) if among(w, home)]
    if not asked or any(among(w, tuple(asked)) for w in own):
        return False
    elsewhere = tuple(w for s in answer.clauses if s != span for w in words(answer.text[slice(*s)]))
    if not any(among(w, elsewhere) for w in asked):
        return False
    everything = tuple(w for reading in evidence for w in words(reading.text))
    return any(among(w, everything) and not among(w, home) for w in own)


def postponed(answer: Reading, match: Match, question: str) -> bool:
    """Whether the answer does last what the question asks to do first."""
    clause = answer.text[answer.clause(match.start)[0] : match.start]
    return bool(
        re.search(r"먼저|처음|우선|첫", question) and re.search(r"마지막|나중|끝으로", clause)
    )


def turned(answer: Reading, first: int, evidence: Sequence[Reading], question: str) -> str:
    """A claim after "but" or "actually" that speaks of the asked thing and that no evidence makes:
    올라갑니다. 하지만 온도는 점점 낮아집니다. "" when every turn is grounded."""
    subject = words(read(question).text)
    for turn in _TURN.finditer(answer.text, first):
        claim = answer.text[turn.end() : answer.sentence(turn.end())[1]]
        said = words(claim)
        if not any(among(w, subject) for w in said):
            continue
        if negations(claim, 0, len(claim)) and all(among(w, subject) for w in said):
            continue  # 교환은 되지만 환불은 되지 않는다: only sets the question right
        if not any(_holds(sentence, said) for r in evidence for sentence in _sentences(r)):
            return claim.strip()
    return ""


def _holds(sentence: str, said: tuple[str, ...]) -> bool:
    """Whether a sentence of the evidence makes a claim: its predicate and half of its words."""
    own = words(sentence)
    shared = sum(among(w, own) for w in said)
    return among(said[-1], own) and 2 * shared >= len(said)


def _sentences(reading: Reading) -> list[str]:
    return [reading.text[slice(*span)] for span in reading.sentences]


def _same(one: Quantity, other: Quantity) -> bool:
    return abs(one.base - other.base) <= 1e-6 * abs(one.base) + 1e-12 and (
        one.dimension == other.dimension
    )


def _labelled(reading: Reading, dimension: str) -> list[tuple[Quantity, tuple[str, ...]]]:
    """The quantities of a dimension, each with the words around it up to its neighbours."""
    found = []
    text = reading.text
    for start, end in reading.clauses:
        opening = _OPENING.match(text, reading.sentence(start)[0])
        topic = opening[1] if opening and opening.start() < start else ""
        for low, high in _pieces(text, start, end):
            own = [q for q in reading.quantities if q.dimension == dimension]
            own = [q for q in own if low <= q.start < high]
            for left, q, right in zip([None, *own], own, [*own[1:], None], strict=False):
                before = text[low : q.start]
                if left:
                    before = _ATTACHED.sub("", text[left.end : q.start])
                after = text[q.end : right.start if right else high]
                found.append((q, words(f"{topic} {before} {_ATTACHED.sub('', after)}")))
    return found


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    cuts = [start, *(start + m.end() for m in re.finditer(r"[,(]", text[start:end])), end]
    return [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]
