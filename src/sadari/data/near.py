"""Near duplicates: MinHash (Broder 1997) over character 5-grams, banded into buckets (Indyk and
Motwani 1998), every candidate checked by its exact Jaccard similarity.

Signatures are made for many texts at once in NumPy: short Korean texts have a few dozen 5-grams,
where a call per text costs more than its hashing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sadari.text import normalise

GRAM = 5  # characters
NEAR = 0.8  # Jaccard similarity from which two texts are the same text
BANDS, ROWS = 20, 5  # at similarity .8 a pair is missed once in 2,800
WINDOW = 8  # neighbours compared within a bucket: large buckets cost no more than their length

Hashes = NDArray[np.uint64]

_MIX, _FINISH = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(32)
_MULTIPLIERS = np.random.default_rng(5).integers(1, 2**63, BANDS * ROWS, np.uint64) * 2 + 1
_SIGNS = re.compile(r"[\W_]+")
_RARE = re.compile(r"[^\x00-\x7f가-힣]")


def compact(text: str) -> str:
    """What is compared: letters and digits in one spelling, without spaces and signs."""
    # ASCII and whole syllables are normal but for their case; spaces are most of the signs.
    plain = (normalise(text) if _RARE.search(text) else text.lower()).replace(" ", "")
    return _SIGNS.sub("", plain) if _SIGNS.search(plain) else plain


def grams(text: str) -> frozenset[str]:
    """The character 5-grams of `text`; a shorter text is one gram, an empty one none."""
    whole = compact(text)
    return frozenset(whole[i : i + GRAM] for i in range(max(1, len(whole) - GRAM + 1)) if whole)


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared share of two sets, 0 to 1; 0 for two empty ones."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def bands_of(texts: Sequence[str]) -> Hashes:
    """One row of `BANDS` bucket numbers per text, shape (len(texts), BANDS). Two texts of
    similarity s share a bucket with probability 1 - (1 - s^ROWS)^BANDS."""
    if not texts:
        return np.zeros((0, BANDS), np.uint64)
    flat, starts = _gram_hashes(texts)
    signature = np.empty((len(_MULTIPLIERS), len(texts)), np.uint64)
    for row, multiplier in zip(signature, _MULTIPLIERS, strict=True):
        row[:] = np.minimum.reduceat((flat * multiplier) >> _HALF, starts)
    bands = np.zeros((BANDS, len(texts)), np.uint64)
    for part in signature.reshape(BANDS, ROWS, len(texts)).swapaxes(0, 1):
        bands = (bands ^ part) * _MIX
        bands ^= bands >> _HALF
    return np.ascontiguousarray(bands.T)


def candidates(bands: Callable[[int], Hashes] | Hashes, number: int) -> Iterator[NDArray[np.int64]]:
    """Pairs (i < j) of texts that share a bucket, shape (n, 2), band by band, so that memory
    holds one band at a time; a pair may come more than once. `bands` is the matrix of `bands_of`,
    or a function from a band's index to its column of `number` bucket numbers."""
    for band in range(BANDS):
        column = bands(band) if callable(bands) else bands[:, band]
        order = np.argsort(column, kind="stable")
        sorted_column = column[order]
        found = []
        for distance in range(1, min(WINDOW, number)):
            same = sorted_column[distance:] == sorted_column[:-distance]
            if not same.any():
                break
            found.append(np.stack([order[:-distance][same], order[distance:][same]], axis=1))
        if found:
            yield np.concatenate(found)


def near_pairs(texts: Sequence[str], threshold: float = NEAR) -> list[tuple[int, int, float]]:
    """(i, j, similarity) of the texts that are at least `threshold` alike, i < j, in order.
    Misses a pair with the probability that `bands_of` states; finds no false one."""
    bands = bands_of(texts)
    packed = [np.empty(0, np.int64)]
    for pairs in candidates(bands, len(texts)):
        packed.append(pairs.min(axis=1) << 32 | pairs.max(axis=1))
    together = np.unique(np.concatenate(packed))
    left, right = together >> 32, together & 0xFFFFFFFF
    involved = np.unique(np.concatenate([left, right])).tolist()
    of = dict(zip(involved, _gram_sets([texts[i] for i in involved]), strict=True))
    found = []
    for i, j in zip(left.tolist(), right.tolist(), strict=True):
        shared = len(of[i] & of[j])
        alike = shared / max(1, len(of[i]) + len(of[j]) - shared)
        if alike >= threshold and shared:
            found.append((i, j, alike))
    return found


def _gram_sets(texts: Sequence[str]) -> list[frozenset[int]]:
    """The 5-gram hashes of each text: as good as `grams`, a tenth of the time."""
    if not texts:
        return []
    flat, starts = _gram_hashes(texts)
    ends = [*starts[1:].tolist(), len(flat)]
    whole = flat.tolist()
    spans = zip(starts.tolist(), ends, strict=True)  # an empty text is one gram of padding: 0
    return [frozenset(whole[a:b] if whole[a] else ()) for a, b in spans]


def _gram_hashes(texts: Sequence[str]) -> tuple[Hashes, NDArray[np.int64]]:
    """The 5-gram hashes of all texts behind each other, and where each text's begin. Every text
    has at least one: short ones are padded."""
    padded = [compact(text).ljust(GRAM, "\0") for text in texts]
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32)
    wide = codes.astype(np.uint64)
    last = len(wide) - GRAM + 1
    hashes = np.zeros(last, np.uint64)
    for place in range(GRAM):
        hashes *= _MIX
        hashes += wide[place : place + last]
    hashes ^= hashes >> np.uint64(29)
    hashes *= _FINISH
    hashes ^= hashes >> _HALF
    ends = np.cumsum(lengths)
    inside = np.ones(len(wide), bool)
    for place in range(1, GRAM):  # grams that would reach into the next text
        inside[ends - place] = False
    starts = np.concatenate([[0], np.cumsum(lengths - GRAM + 1)[:-1]])
    return hashes[inside[:last]], starts
