"""Cutting documents: at headings and sentences, nowhere else, and nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.domain.document import Document
from sadari.retrieval import RetrievalError, chunk


def texts(text: str, characters: int = 320) -> list[str]:
    return [passage.text for passage in chunk(Document("d", "제목", text), characters)]


def test_a_section_is_a_passage_with_its_place() -> None:
    document = Document(
        "purge/time", "퍼지 시간", "앞말.\n\n## 원인\n\n가.\n\n### 밸브\n\n나.\n\n## 조치\n다."
    )
    passages = chunk(document)
    assert [(p.id, p.heading, p.text) for p in passages] == [
        ("purge/time#1", "", "앞말."),
        ("purge/time#2", "원인", "가."),
        ("purge/time#3", "원인 > 밸브", "나."),
        ("purge/time#4", "조치", "다."),
    ]
    assert passages[2].place == "퍼지 시간 > 원인 > 밸브"


def test_a_long_section_is_split_at_sentences_into_parts_of_like_length() -> None:
    sentences = [f"퍼지 단계 {n}의 시간은 {n}.5 s이고 압력은 낮다." for n in range(10, 30)]
    parts = texts(" ".join(sentences), characters=100)
    assert " ".join(parts) == " ".join(sentences)
    assert all(part.endswith("낮다.") for part in parts)
    assert max(map(len, parts)) <= 100
    assert min(map(len, parts)) > 25


def test_a_sentence_longer_than_a_passage_stays_whole() -> None:
    long = "아주 " * 50 + "길다."
    assert texts(f"짧다. {long} 짧다.", characters=20) == ["짧다.", long, "짧다."]


@pytest.mark.parametrize(
    "sentence",
    [
        "압력은 1.5 Torr이다.",
        "그림은 Fig. 3에 있다.",
        "A vs. B를 견준다.",
        "1. 밸브를 닫는다.",
        '그는 "닫았다."',
    ],
)
def test_points_inside_a_sentence_are_no_ends(sentence: str) -> None:
    assert texts(f"{sentence} 끝이다.", characters=1) == [sentence, "끝이다."]


def test_list_items_rows_and_code_stay_whole() -> None:
    text = (
        "- 하나와\n  둘\n- 셋\n\n| a | b |\n| c | d |\n\n```\nx = 1. \n# kein Kopf\n\ny\n```\n끝."
    )
    assert texts(text, characters=1) == [
        "- 하나와\n  둘",
        "- 셋",
        "| a | b |",
        "| c | d |",
        "```\nx = 1. \n# kein Kopf\n\ny\n```",
        "끝.",
    ]


def test_no_text_no_passage() -> None:
    assert texts("") == []
    assert texts("## 머리말\n\n## 다음\n") == []


def test_less_than_one_character_is_refused() -> None:
    with pytest.raises(RetrievalError, match="at least 1 character, not 0"):
        texts("가.", characters=0)


@given(
    st.lists(st.text("가나다ab1.!?。\"' \n-|`", max_size=60), max_size=6).map("\n\n".join),
    st.integers(1, 80),
)
def test_nothing_is_lost_and_nothing_doubled(text: str, characters: int) -> None:
    assert re.sub(r"\s", "", "".join(texts(text, characters))) == re.sub(r"\s", "", text)
