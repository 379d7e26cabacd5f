"""BM25, against the formula worked by hand and against BM25S."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sadari.retrieval import Passage
from sadari.retrieval.ranking import term_scores
from sadari.text import bigrams


def passages(*texts: str, title: str = "") -> list[Passage]:
    return [Passage(f"d#{n}", "d", title, "", text) for n, text in enumerate(texts)]


def test_the_formula() -> None:
    scores = {
        term: (list(numbers), list(added))
        for term, numbers, added in term_scores(passages("vg12 vg12 torr", "torr"))
    }
    # idf = ln(1 + (N - n + .5) / (n + .5)); mean length 2 terms; k1 1.2, b 0.75
    vg12 = math.log(1 + 1.5 / 1.5) * 2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2))
    torr = [math.log(1 + 0.5 / 2.5) / (1 + 1.2 * (0.25 + 0.75 * n / 2)) for n in (3, 1)]
    assert scores["vg12"] == ([0], [pytest.approx(vg12)])
    assert scores["torr"] == ([0, 1], [pytest.approx(torr[0]), pytest.approx(torr[1])])


def test_the_title_counts_twice() -> None:
    [with_title] = [
        added[0] for term, _, added in term_scores(passages("torr", title="vg12")) if term == "vg12"
    ]
    [twice] = [
        added[0] for term, _, added in term_scores(passages("torr vg12 vg12")) if term == "vg12"
    ]
    assert with_title == pytest.approx(twice)


def test_equals_bm25s() -> None:
    bm25s = pytest.importorskip("bm25s")
    texts = [
        f"레시피 R{n % 7}의 압력은 {n % 5} Torr이고 퍼지 시간은 {n} s이다." * (n % 3 + 1)
        for n in range(40)
    ]
    query = list(dict.fromkeys(bigrams("R3의 퍼지 시간은 몇 초인가요? 압력은?")))
    reference = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    reference.index([bigrams(text) for text in texts], show_progress=False)
    known = [term for term in query if term in reference.vocab_dict]
    ours = np.zeros(len(texts), np.float32)
    for term, numbers, added in term_scores(passages(*texts)):
        if term in query:
            ours[numbers] += added
    assert np.allclose(ours, reference.get_scores(known), rtol=1e-4)
