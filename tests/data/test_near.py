"""Near duplicates are found by their 5-grams, and nothing is called one that is none."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.data.near import BANDS, NEAR, bands_of, grams, jaccard, near_pairs
from sadari.text import normalise

WORDS = (
    "반품 배송 주문 교환 환불 기간 상자 창고 고객 송장 결제 쿠폰 문의 포장 수리 예약 매장 방문 "
    "적립 선물 지연 취소 확인 신청 접수 안내 요청 처리 완료 변경"
).split()


def sentences(number: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return [f"{' '.join(draw.choices(WORDS, k=30))} {n}번입니다" for n in range(number)]


def planted(number: int, seed: int) -> tuple[list[str], set[tuple[int, int]]]:
    """Texts with a near copy behind each: one or two syllables differ."""
    draw = random.Random(seed)
    texts: list[str] = []
    for text in sentences(number, seed):
        copy = list(text)
        for _ in range(draw.randint(1, 2)):
            copy[draw.randrange(len(copy))] = draw.choice("가나다라마바사")
        texts += [text, "".join(copy)]
    return texts, {
        (i, i + 1)
        for i in range(0, len(texts), 2)
        if jaccard(grams(texts[i]), grams(texts[i + 1])) >= NEAR
    }


def test_planted_copies_are_found() -> None:
    texts, pairs = planted(1500, seed=1)
    assert len(pairs) > 400
    found = {(i, j) for i, j, _ in near_pairs(texts)}
    assert len(pairs & found) / len(pairs) >= 0.99


def test_what_is_found_is_near() -> None:
    texts, _ = planted(300, seed=2)
    for i, j, alike in near_pairs(texts, 0.5):
        assert i < j
        assert alike == jaccard(grams(texts[i]), grams(texts[j])) >= 0.5


def test_a_crowd_of_copies_is_one_chain() -> None:
    """A bucket of a thousand costs a thousand looks, not a million."""
    pairs = near_pairs(["같은 말을 하는 긴 문장입니다"] * 1000)
    assert len(pairs) < 10_000
    joined = {0}
    for i, j, _ in pairs:
        if i in joined:
            joined.add(j)
    assert len(joined) == 1000


@pytest.mark.parametrize("alike", [0.5, 0.8])
def test_buckets_are_shared_as_often_as_the_formula_says(alike: float) -> None:
    draw = random.Random(3)
    syllables = [chr(draw.randrange(ord("가"), ord("힣"))) for _ in range(60_000)]
    texts = []
    for n in range(0, 60_000, 60):
        whole = "".join(syllables[n : n + 60])
        texts += [whole, whole[round(56 * (1 - alike)) :]]
    bands = bands_of(texts)
    shared = (bands[::2] == bands[1::2]).mean()
    assert shared == pytest.approx(alike**5, abs=0.03)


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_texts(texts: list[str]) -> None:
    bands = bands_of(texts)
    assert bands.shape == (len(texts), BANDS)
    assert np.array_equal(bands, bands_of(list(map(normalise, texts))))
    for i, j, alike in near_pairs(texts):
        assert alike >= NEAR
        assert i != j
