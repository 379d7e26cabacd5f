"""The same question in other words: questions compared by what they are about, with everyday
synonyms folded, and by what they ask for.

No model and no dictionary: terms are weighted by how rare they are in the questions at hand, so
that a domain's own words tell its questions apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sadari.data.synonyms import ASKS, MEANINGS
from sadari.text import bigrams, normalise

# A logistic model of three likenesses, fitted on every second topic of a labelled set; the other
# topics say how good it is (benchmarks/leakage.py).
BIAS, ABOUT, COVERED, ASKED = -7.89, 8.73, 2.91, 4.32
SURE = 0.5  # probability from which two questions count as one

_POOL = 400  # questions: in a smaller pool what two of them share would seem common
_FOLDED = 1.6  # a folded word is a whole word: worth more than one of its bigrams
_MEANING = {stem: f"§{n}" for n, stems in reversed(list(enumerate(MEANINGS))) for stem in stems}
_LONGEST_FIRST = sorted(_MEANING, key=lambda stem: (-len(stem), stem))
_STEM = re.compile(
    rf"(?P<stem>(?<![가-힣])(?:{'|'.join(_LONGEST_FIRST)})|"
    rf"(?:{'|'.join(stem for stem in _LONGEST_FIRST if len(stem) > 1)}))"
    r"(?:[하되해돼된될한할했됐시은는이가을를의에로와과도만지고서면야니어아려][가-힣]{0,3})?"
    r"(?=[^가-힣]|$)"
    rf"|(?P<within>{'|'.join(stem for stem in _LONGEST_FIRST if len(stem) > 1)})"
)
_NO_CONTENT = re.compile(
    r"(?:하나요|하는|해야|한가요|인가요|인지|궁금\S*|알려 ?(?:줘|주세요)|주세요|되나요|합니까|"
    r"해요|해|돼요?|야|예요|이야|나요|나와요|있|없|좀|저|제|때|것|거|수|후|뒤|전|중|더|에서|으로|"
    r"[를을이가은는의에로와과도])"
    r"(?=[ ?.]|$)"
)
_OF_TIME = {"often", "lasting", "until", "when"}
_CODES = re.compile(r"[a-z]*\d[\w.-]*|\d+")


@dataclass(frozen=True)
class Match:
    """Text number `text` asks what question number `question` asks, with this probability."""

    text: int
    question: int
    probability: float


@dataclass(frozen=True)
class _Read:
    """What one question is about (terms, often repeated), what it asks for, its codes."""

    terms: Counter[str]
    asks: frozenset[str]
    codes: frozenset[str]


def paraphrases(
    texts: Sequence[str], questions: Sequence[str], *, sure: float = SURE
) -> list[Match]:
    """For each text the question that it most probably repeats, where that is at least `sure`.
    Texts that name different codes or numbers are different questions."""
    if not texts or not questions:
        return []
    likely, left, right = _probabilities(texts, questions)
    best = likely.argmax(axis=1)
    found = []
    for row, column in enumerate(best.tolist()):
        if likely[row, column] >= sure:
            found.append(Match(row, column, float(likely[row, column])))
    return [m for m in found if left[m.text].codes == right[m.question].codes]


def likenesses(texts: Sequence[str], questions: Sequence[str]) -> Any:
    """What the model weighs, shape (3, len(texts), len(questions)), each 0 to 1: the cosine of
    their terms, the share of the longer one's terms that the other has, and how alike they ask."""
    return _likenesses(list(map(_read, texts)), list(map(_read, questions)))


def _probabilities(texts: Sequence[str], questions: Sequence[str]) -> tuple[Any, Any, Any]:
    left, right = list(map(_read, texts)), list(map(_read, questions))
    about, covered, asked = _likenesses(left, right)
    scores = BIAS + ABOUT * about + COVERED * covered + ASKED * asked
    return 1 / (1 + np.exp(-scores)), left, right


def _read(text: str) -> _Read:
    text = normalise(text)
    folded: list[str] = []

    def fold(stem: re.Match[str]) -> str:
        folded.append(_MEANING[stem["stem"] or stem["within"]])
        return " "

    rest = _STEM.sub(fold, text)
    for _, pattern in ASKS:
        rest = pattern.sub(" ", rest)
    terms = Counter([*bigrams(_NO_CONTENT.sub(" ", rest)), *folded])
    return _Read(terms, _asks(text), frozenset(_CODES.findall(text)))


def _asks(text: str) -> frozenset[str]:
    """What a question asks for. Without a question word it asks for a yes, or, told as a trouble,
    for what to do."""
    found = {name for name, pattern in ASKS if pattern.search(text)}
    if found & _OF_TIME:
        found.add("time")
    if found - {"may"}:
        found.discard("may")
    elif not found:
        found.add("may" if text.endswith(("?", "나요", "까")) else "how")
    return frozenset(found)


def _likenesses(left: Sequence[_Read], right: Sequence[_Read]) -> Any:
    pool = [*left, *right]
    about = _weighted([r.terms for r in pool])
    asks = _weighted([Counter(r.asks) for r in pool])
    n = len(left)
    squares = about.power(2)
    norms = np.sqrt(np.asarray(squares.sum(axis=1)).ravel()) + 1e-9
    dots = (about[:n] @ about[n:].T).toarray()
    cosine = dots / norms[:n, None] / norms[None, n:]
    return np.stack([cosine, _shared(about, n, larger=True), _shared(asks, n, larger=False)])


def _weighted(bags: Sequence[Counter[str]]) -> Any:
    """A sparse matrix: a row a bag, a column a term, each present term's rarity in the bags."""
    from scipy.sparse import csr_matrix

    column: dict[str, int] = {}
    rows, columns = [], []
    for row, bag in enumerate(bags):
        for term in bag:
            rows.append(row)
            columns.append(column.setdefault(term, len(column)))
    counts = np.bincount(columns, minlength=len(column)) if columns else np.zeros(0)
    rarity = np.log((max(len(bags), _POOL) + 1) / (counts + 0.5))
    fold = np.fromiter((_FOLDED if t.startswith("§") else 1.0 for t in column), float, len(column))
    values = (rarity * fold)[columns] if columns else np.zeros(0)
    return csr_matrix((values, (rows, columns)), shape=(len(bags), max(1, len(column))))


def _shared(weights: Any, n: int, *, larger: bool) -> Any:
    """The weight of what two bags share, as a share of the heavier one's, or of their union's."""
    present = weights.copy()
    present.data = np.ones_like(present.data)
    shared = (weights[:n] @ present[n:].T).toarray()
    totals = np.asarray(weights.sum(axis=1)).ravel()
    one, other = totals[:n, None], totals[None, n:]
    whole = np.maximum(one, other) if larger else one + other - shared
    return shared / np.maximum(whole, 1e-9)
