"""Recall at document level."""

from __future__ import annotations

import pytest

from sadari.domain.message import Message
from sadari.domain.question import Key, Question
from sadari.retrieval import Index, RetrievalError, found_share, recall_at_k


def question(name: str, text: str, *evidence: str) -> Question:
    return Question(name, name, (Message("user", text),), "answer", Key(), "dev", evidence=evidence)


def test_recall_counts_documents(index: Index) -> None:
    questions = [
        question("a", "VG12와 VG13의 측정 범위", "gauge/vg12", "gauge/vg13"),
        question("b", "퍼지 시간이 짧으면?", "purge/time"),
        question("c", "퍼지 시간이 짧으면?", "valve/apc"),
        question("d", "점심은 뭐야?"),
    ]
    assert found_share(index, questions, k=1) == {"a": 0.5, "b": 1.0, "c": 0.0}
    assert recall_at_k(index, questions, k=1) == 0.5
    assert found_share(index, questions, k=3)["a"] == 1.0


def test_no_evidence_is_no_zero(index: Index) -> None:
    with pytest.raises(RetrievalError, match="names the documents"):
        recall_at_k(index, [question("d", "점심은 뭐야?")], k=1)
