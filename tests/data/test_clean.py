"""Text is tidied without losing what it says; broken rows are set aside with where they stood."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.data import Record
from sadari.data.clean import clean, clean_text, without_furniture
from sadari.domain import Document, Message
from sadari.domain.message import assistant, user


@pytest.mark.parametrize(
    ("raw", "tidy"),
    [
        (unicodedata.normalize("NFD", "반품"), "반품"),
        ("<p>반품은 <b>7일</b>입니다.</p><p>교환도요</p>", "반품은 7일입니다.\n\n교환도요"),
        ("가격&nbsp;3,000원 &amp;amp; 배송비", "가격 3,000원 & 배송비"),
        ("<script>alert('x')</script>안내<!-- 비밀 -->", "안내"),
        ("압력 < 3 Torr 이고 a<b>c", "압력 < 3 Torr 이고 ac"),
        ("<제품명>을 넣으세요", "<제품명>을 넣으세요"),
        ("```html\n<b>굵게</b>\n```", "```html\n<b>굵게</b>\n```"),
        ("줄\r\n끝  \r\n\n\n\n다음\x00\u200b", "줄\n끝\n\n다음"),
        ("AT&T와 R&D", "AT&T와 R&D"),
    ],
)
def test_text_is_tidied(raw: str, tidy: str) -> None:
    assert clean_text(raw) == tidy


@given(st.text(st.sampled_from("가a<>&;/bpbr amp lt\n\r\t\x00 !-`#3"), max_size=60))
def test_tidying_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ((user("왜?"), assistant(" \x00")), "an empty turn"),
        ((user("가" * 9000), assistant("네")), "a turn of more than 8000 characters"),
        ((user("왜?"), assistant("반\ufffd")), "characters that were lost"),
        ((user("왜?"), assistant("안녕".encode().decode("latin-1"))), "a wrong encoding"),
        ((assistant("네"),), "nobody asks"),
        ((user("왜?"),), "nobody answers"),
    ],
)
def test_broken_rows_are_set_aside(turns: tuple[Message, ...], reason: str) -> None:
    good = Record("good", (user("왜?"), assistant("그래서")), "g", "f.jsonl:1")
    kept, step = clean([good, Record("bad", turns, "g", "f.jsonl:2")])
    assert kept == [good]
    (aside,) = step.set_aside
    assert aside.source == "f.jsonl:2 (bad)"
    assert reason in aside.reason


def test_page_furniture_goes_and_what_is_said_stays() -> None:
    pages = [
        Document(
            f"d{n}",
            "t",
            f"사내 대외비 {n} / 9쪽\n\n## 정의\n\n{'가나다라마바'[n]}의 내용이다.\n| 표 | 줄 |",
            source=f"d{n}.md:3",
        )
        for n in range(6)
    ]
    kept, step = without_furniture(pages)
    assert [d.text.split("\n")[0] for d in kept] == ["## 정의"] * 6
    assert all("의 내용이다." in d.text and "| 표 | 줄 |" in d.text for d in kept)
    assert step.set_aside[1].source == "d1.md:3"
    assert step.unit == "lines"


def test_few_documents_have_no_furniture() -> None:
    pages = [Document(f"d{n}", "t", "같은 줄이다.", source=f"d{n}.md:1") for n in range(3)]
    assert without_furniture(pages)[0] == pages
