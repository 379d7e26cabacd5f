"""Sections under their headings, sentences within them, and nothing lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.text.sentences import Part, pieces, sections, sentences


def test_sections_know_the_headings_above_them() -> None:
    text = "앞말.\n# 가 #\n## 나\n하나.\n\n둘.\n### 다\n셋.\n## 라\n넷.\n##\n다섯."
    assert sections(text) == [
        Part((), "앞말."),
        Part(("가", "나"), "하나.\n\n둘."),
        Part(("가", "나", "다"), "셋."),
        Part(("가", "라"), "넷.\n##\n다섯."),
    ]
    assert [part.heading for part in sections(text)] == ["", "나", "다", "라"]


def test_what_is_no_heading() -> None:
    text = "#태그\n####### 일곱\n```\n# 주석\n~~~\n```\n끝."
    assert [part.path for part in sections(text)] == [()]


def test_an_empty_heading_closes_a_section_and_names_nothing() -> None:
    assert sections("# 가\n하나.\n#  \n둘.") == [Part(("가",), "하나."), Part((), "둘.")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("하나다. 둘이다! 셋인가?", ["하나다.", "둘이다!", "셋인가?"]),
        ("압력은 1.5 Torr이다. 끝.", ["압력은 1.5 Torr이다.", "끝."]),
        ("줄이\n바뀐 문장이다.", ["줄이 바뀐 문장이다."]),
        ("- 하나\n- 둘", ["- 하나", "- 둘"]),
        ('"닫았다." 그는 갔다.', ['"닫았다."', "그는 갔다."]),
        ("A vs. B이다. 1. 첫째", ["A vs. B이다.", "1. 첫째"]),
        ("  \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text("가나다ab1.!?。\"' \n-|`#", max_size=120))
def test_pieces_give_the_text_back(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("unit", [".", " ", "#", "\n", ". ", "`", "```\n", "- ", "가", '."', "。"])
def test_a_huge_line_takes_linear_time(unit: str) -> None:
    start = time.process_time()
    for text in (unit * 50_000, f"# {unit * 50_000}x"):
        sections(text)
        sentences(text)
    assert time.process_time() - start < 10
