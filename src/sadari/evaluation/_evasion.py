"""Answers that satisfy a key without answering: pasted evidence, lists, keyword salad, echoes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache

from sadari.domain.question import Key
from sadari.evaluation._matching import Match, places
from sadari.evaluation._reading import Reading, read, stems, words

FEWEST_SENTENCES = 3
_PIECE = re.compile(r"[^,·]+")
_WHICH = re.compile(r"무엇|무슨|어떤|어느|누구|뭐|뭔|어디|종류|두 가지|세 가지")
_HOW = re.compile(r"왜|이유|어떻게|까닭")
_NOISE = re.compile(r"[\W_]+")


def pasted(answer: Reading, evidence: Sequence[Reading], key: Key) -> bool:
    """Whether the answer reproduces a passage instead of answering from it: most of the sentences
    of a document that has three or more, or more of them than the key could need."""
    whole = _bare(answer.text)
    for document in evidence:
        own = [_bare(document.text[s:e]) for s, e in document.sentences]
        own = [sentence for sentence in own if sentence]
        copied = sum(sentence in whole for sentence in own)
        if len(own) < FEWEST_SENTENCES:
            continue
        most = copied > max(len(own) / 2, len(key.must))
        if copied >= FEWEST_SENTENCES and (most or copied > len(key.must) + 1):
            return True
    return False


def enumerated(
    match: Match,
    answer: Reading,
    known: Sequence[str],
    evidence: Sequence[Reading],
    asked: Sequence[Match],
) -> bool:
    """Whether a thing stands in a list with two or more that the evidence names elsewhere, not
    where it names this one: 탄탄면, 월남쌈, 짜조, 쌀국수, of which only the first two are right."""
    start, end = answer.sentence(match.start)
    here = "".join(stem for sentence in known for stem in stems(sentence))
    everywhere = "".join(stem for reading in evidence for stem in stems(reading.text))
    strangers = 0
    for piece in _PIECE.finditer(answer.text, start, end):
        if any(piece.start() <= m.start < piece.end() for m in asked):
            continue
        own = stems(piece.group())
        if 0 < len(own) <= 2 and all(w in everywhere and w not in here for w in own):
            strangers += 1
    return strangers >= 2


def salad(answer: Reading, key: Key, question: str) -> bool:
    """Whether the answer is nothing but the key's own strings: several alternatives of one item,
    or several items without a link. Things that were asked for may be listed (무엇, 어떤…)."""
    rest = list(answer.text)
    several, items, plain = False, 0, False
    for item in key.must:
        hits: set[tuple[int, int]] = set()
        for alternative in item:
            if isinstance(alternative, str):
                for start, end in places(alternative, answer):
                    rest[start:end] = " " * (end - start)
                    plain |= not any(c.isdigit() for c in alternative)
                    if not any(low < end and start < high for low, high in hits):
                        hits.add((start, end))
        several |= len(hits) > 1
        items += bool(hits)
    for q in answer.quantities:
        rest[q.start : q.end] = " " * (q.end - q.start)
    left = "".join(rest)
    if len(_NOISE.sub("", left)) > 1 or not plain:
        return False
    asked = _WHICH.search(question) and not _HOW.search(question)
    return several or (items > 1 and not (asked and re.search(r",|[과와]\s", left)))


def scrambled(answer: Reading, evidence: Sequence[Reading], question: str) -> bool:
    """Whether the answer shuffles words of the evidence: four or more, nearly all of them known,
    and no two neighbours in the order of any sentence of the evidence or of the question."""
    known: set[tuple[str, str]] = set()
    vocabulary: set[str] = set()
    for reading in (*evidence, read(question)):
        for start, end in reading.sentences:
            own = words(reading.text[start:end])
            vocabulary.update(own)
            known.update((a, b) for i, a in enumerate(own) for b in own[i + 1 : i + 3])
    said = words(_blank(answer))
    if len(said) < 4 or sum(word in vocabulary for word in said) < 0.7 * len(said):
        return False
    return not any(pair in known for pair in itertools.pairwise(said))


def strays(
    answer: Reading, evidence: Sequence[Reading], question: str, asked: Sequence[Match]
) -> bool:
    """Whether a longer answer speaks of something else: of five or more words beside the key's,
    fewer than three in ten stand in the question or in the evidence. A short stem in a key must
    not be satisfied by a sentence of another document."""
    text = list(_blank(answer))
    for match in asked:
        text[match.start : match.end] = " " * (match.end - match.start)
    said = words("".join(text))
    near = set(words(read(question).text)).union(*(words(r.text) for r in evidence))
    return len(said) >= 5 and sum(word in near for word in said) < 0.3 * len(said)


def echoes(answer: Reading, question: str) -> bool:
    """Whether the answer says nothing that the question did not."""
    asked = _bare(read(question).text)
    said = _bare(answer.text)
    return bool(said) and (said in asked or (asked in said and len(said) - len(asked) < 3))


def _blank(reading: Reading) -> str:
    text = list(reading.text)
    for q in reading.quantities:
        text[q.start : q.end] = " " * (q.end - q.start)
    return "".join(text)


@lru_cache(maxsize=4096)
def _bare(text: str) -> str:
    return _NOISE.sub("", text)
