"""What the evidence says of a key, and answers that say it of something else or take it back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sadari.domain.question import AnyOf
from sadari.evaluation._matching import Match, matches
from sadari.evaluation._negation import bound, leaves_open, negations
from sadari.evaluation._reading import Reading, pieces, read, words

# "Actually", "no": only where a claim begins; in mid-sentence 실제로 is an adverb like any other
ACTUALLY = re.compile(
    r"(?:^|(?<=[.!?,데만]\s)|(?<=\n))(?:사실은?|실제로는?|정확히는|아니[,\s]|아니다|아닙니다|정정)"
)
_TURN = re.compile(
    rf"(?:^|(?<=[.!?\s]))(?:그러나|하지만|그렇지만|그런데|반면)|{ACTUALLY.pattern}|(?<!까)지만(?=[\s,])"
)
_SUBJECT = re.compile(r"([^\s,.]+(?:은|는|이|가))(?=\s)")


@dataclass(frozen=True)
class Facts:
    """Where the evidence holds one item of a key: its sentences, clauses and limits."""

    sentences: tuple[str, ...]
    clauses: tuple[str, ...]
    bounds: frozenset[int]

    @property
    def open(self) -> bool:
        """Whether the evidence itself names two ways."""
        return any(leaves_open(sentence) for sentence in self.sentences)

    def nearest(self, text: str) -> str:
        """The clause of the evidence that shares most words with `text`."""
        own = set(words(text))
        return max(self.clauses, key=lambda clause: len(own & set(words(clause))), default="")


def facts(item: AnyOf, evidence: Sequence[Reading]) -> Facts:
    """What the evidence says about `item`."""
    sentences, clauses, bounds = [], [], set()
    for reading in evidence:
        for match in matches(item, reading):
            sentences.append(reading.text[slice(*reading.sentence(match.start))])
            clauses.append(reading.text[slice(*reading.clause(match.start))])
            if match.quantity:
                bounds.add(bound(reading.text, match.end))
    return Facts(tuple(sentences), tuple(clauses), frozenset(bounds))


def swapped(
    answer: Reading, match: Match, known: Facts, evidence: Sequence[Reading], question: str
) -> bool:
    """Whether the key stands with another thing's words, and what was asked stands elsewhere:
    경비실에 신청하고 총무팀에서 열쇠를 받는다, where the evidence has it the other way round."""
    blank = answer.text[: match.start] + " " * (match.end - match.start) + answer.text[match.end :]
    own: list[str] = []
    elsewhere: list[str] = []
    for low, high in (piece for span in answer.clauses for piece in pieces(blank, *span)):
        (own if low <= match.start < high else elsewhere).append(blank[low:high])
    here, home, subject = _all(own), _all(known.sentences), set(words(read(question).text))
    if not (subject & home & _all(elsewhere)) - here:
        return False
    strangers = (here & _all(reading.text for reading in evidence)) - home - subject
    marked = _all(found for piece in own for found in _SUBJECT.findall(piece))
    return len(strangers) > 1 or bool(strangers & marked)


def usurped(
    answer: Reading, match: Match, known: Facts, evidence: Sequence[Reading], question: str
) -> bool:
    """Whether the clause of a value has a subject to which the evidence gives other values, and
    that is neither where it holds this one nor in the question: 냉각수 온도는 0.5초로 둔다."""
    start, _ = answer.clause(match.start)
    subjects = _SUBJECT.findall(answer.text[start : match.start])
    if match.quantity is None or not subjects:
        return False
    valued = {
        r.text[slice(*r.clause(q.start))] for r in evidence for q in r.quantities if q.dimension
    }
    named = set(words(subjects[-1]))
    near = _all(known.sentences) | set(words(read(question).text))
    return bool(named) and named <= _all(valued) and not named & near


def postponed(answer: Reading, match: Match, question: str) -> bool:
    """Whether the answer does last what the question asks to do first."""
    clause = answer.text[answer.clause(match.start)[0] : match.start]
    first = re.search(r"먼저|처음|우선|첫", question)
    return bool(first and re.search(r"마지막|나중|끝으로", clause))


def turned(answer: Reading, first: int, evidence: Sequence[Reading], question: str) -> str:
    """A claim after "but" or "actually" that speaks of the asked thing and that no evidence makes:
    올라갑니다. 하지만 온도는 점점 낮아집니다. "" when every turn is grounded."""
    subject = set(words(read(question).text))
    for turn in _TURN.finditer(answer.text, first):
        claim = answer.text[turn.end() : answer.sentence(turn.end())[1]]
        said = words(claim)
        if not subject & set(said):
            continue
        if negations(claim, 0, len(claim)) and subject >= set(said):
            continue  # 교환은 되지만 환불은 되지 않는다: only sets the question right
        if not any(_holds(r.text[s:e], said) for r in evidence for s, e in r.sentences):
            return claim.strip()
    return ""


def _holds(sentence: str, said: tuple[str, ...]) -> bool:
    """Whether a sentence of the evidence makes a claim: its predicate and half of its words."""
    own = set(words(sentence))
    return said[-1] in own and 2 * sum(w in own for w in said) >= len(said)


def _all(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in words(text)}
