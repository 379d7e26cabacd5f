"""The exam is found in the training data: copied, nearly copied, and in other words."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.data import paraphrase
from sadari.data.paraphrase import likenesses, paraphrases

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "paraphrases.jsonl")
    .read_text(encoding="utf-8")
    .split("\n")
    if line
]


def test_hand_written_paraphrases_are_found_and_their_neighbours_are_not() -> None:
    """The negatives ask for something else of the same topic."""
    asked = [text for row in ROWS for text in (row["one"], row["other"])]
    topics = [row["topic"] for row in ROWS for _ in range(2)]
    about, covered, alike = likenesses(asked, asked)
    scores = (
        paraphrase.BIAS
        + paraphrase.ABOUT * about
        + paraphrase.COVERED * covered
        + paraphrase.ASKED * alike
    )
    pairs = [(a, b) for a, b in combinations(range(len(asked)), 2) if topics[a] == topics[b]]
    flagged = np.array([scores[a, b] >= 0 for a, b in pairs])
    same = np.array([a // 2 == b // 2 for a, b in pairs])
    assert same.sum() == 205
    assert flagged[same].mean() >= 0.80
    assert flagged[~same].mean() <= 0.02


def test_the_best_match_is_named() -> None:
    exam = [
        "반품은 며칠 안에 해야 하나요?",
        "휴가를 취소하려면 어떻게 하나요?",
        "급여일은 언제인가요?",
    ]
    found = paraphrases(["신청한 휴가 취소 방법이 뭐예요?", "주차는 어디에 해?"], exam)
    assert [(m.text, m.question) for m in found] == [(0, 1)]
    assert found[0].probability > 0.5


@pytest.mark.parametrize(
    "other", ["A13 경보는 왜 울리나요?", "A12 경보가 울리면 몇 분 기다리나요?"]
)
def test_another_code_or_another_ask_is_another_question(other: str) -> None:
    assert paraphrases(["A12 경보가 울리는 이유가 뭐야?"], [other]) == []


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=4), st.lists(st.text(max_size=20), max_size=4))
def test_any_texts(texts: list[str], exam: list[str]) -> None:
    for match in paraphrases(texts, exam):
        assert 0.5 <= match.probability <= 1
        assert match.text < len(texts)
        assert match.question < len(exam)
