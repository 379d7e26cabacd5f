"""BM25 over search terms, worked out once: what each term adds to each passage's score."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sadari.retrieval.passage import Passage
from sadari.text import bigrams

# How much one more occurrence counts, and how much a long passage is held back: the usual values,
# which tuning on Korean questions did not improve.
_SATURATION = 1.2
_LENGTH = 0.75
# A word in the title or heading counts as often as this in the text.
_PLACE_WEIGHT = 2


def term_scores(
    passages: Sequence[Passage],
) -> Iterator[tuple[str, NDArray[np.uint32], NDArray[np.float32]]]:
    """Yields each term, in order, with the numbers of the passages that hold it and what it adds
    to their scores; a query's score is the sum over its terms.

    BM25 with Lucene's idf, which is never negative (Robertson & Zaragoza 2009; Kamphuis et al.
    2020), precomputed as in BM25S (Lù 2024).
    """
    counts = [_count(passage) for passage in passages]
    lengths = np.array([count.total() for count in counts], np.float64)
    mean = max(float(lengths.mean()), 1.0)
    holders: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, count in enumerate(counts):
        for term, times in count.items():
            holders[term].append((number, times))
    for term in sorted(holders):
        numbers, times = np.array(holders[term], np.float64).T
        place = numbers.astype(np.uint32)
        idf = np.log1p((len(passages) - len(place) + 0.5) / (len(place) + 0.5))
        held_back = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[place] / mean)
        yield term, place, (idf * times / (times + held_back)).astype(np.float32)


def _count(passage: Passage) -> Counter[str]:
    place = Counter(bigrams(f"{passage.title}\n{passage.heading}"))
    text = Counter(bigrams(passage.text))
    return text + Counter({term: _PLACE_WEIGHT * times for term, times in place.items()})
