"""Searching: particles, codes, any text as a query, threads, and files that are no index."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.domain.document import Document
from sadari.retrieval import Index, RetrievalError, build_index

PARTICLES = (
    "은 는 이 가 을 를 의 에 에서 에게 와 과 도 만 로 으로 까지 부터 처럼 보다 마다 조차 밖에 "
    "이나 나 이란 란 이랑 랑 하고 에는 에도 에서는 에서도 으로는 까지는 부터는 보다는 이라도 "
    "이라는 인가요 입니다 이며 이고 이다 요 야"
).split()


@pytest.mark.parametrize("particle", ["", *PARTICLES])
@pytest.mark.parametrize(
    ("noun", "document"),
    [
        ("진공도", "gauge/vg13"),
        ("막", "film/basics"),
        ("처리량", "purge/time"),
        ("VG12", "gauge/vg12"),
    ],
)
def test_a_noun_is_found_under_every_particle(
    index: Index, noun: str, particle: str, document: str
) -> None:
    for mode in ("text", "hybrid"):
        found = index.search(noun + particle, k=3, mode=mode)  # type: ignore[arg-type]
        assert document in [hit.passage.document for hit in found]


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("VG 13이 뭐야?", "gauge/vg13"),
        ("vg-12 영점", "gauge/vg12"),
        ("퍼지시간을 줄이면?", "purge/time"),
        ("측정 범위가 10^-6 Torr인 게이지", "gauge/vg13"),
        ("ＡＰＣ의 열림정도", "valve/apc"),
    ],
)
def test_the_right_document_comes_first(index: Index, question: str, document: str) -> None:
    assert index.search(question)[0].passage.document == document


def test_hits_are_ordered_and_counted(index: Index) -> None:
    for mode in ("hybrid", "text", "dense"):
        hits = index.search("퍼지 시간과 압력", k=4, mode=mode)  # type: ignore[arg-type]
        assert 0 < len(hits) <= 4
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert len({hit.passage.id for hit in hits}) == len(hits)


def test_the_whole_page_as_a_question(index: Index) -> None:
    page = " ".join(p.text for p in index.passages()) * 200 + " ".join(map(str, range(10_000)))
    assert index.search(page)


@given(st.text() | st.text('"*^:(){}+-퍼지 NEARANDORT\x00\ud800', max_size=20))
def test_any_text_is_a_legal_query(index: Index, query: str) -> None:
    for mode in ("hybrid", "text", "dense"):
        assert len(index.search(query, k=2, mode=mode)) <= 2  # type: ignore[arg-type]


def test_nothing_to_look_for_finds_nothing(index: Index) -> None:
    assert index.search("?! …") == []
    assert index.search("qwertz") == []


def test_fewer_than_one_passage_is_refused(index: Index) -> None:
    with pytest.raises(RetrievalError, match="k is 0"):
        index.search("퍼지", k=0)


def test_threads_share_an_index(index: Index) -> None:
    questions = [p.text for p in index.passages()] * 20
    alone = [index.search(question) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(index.search, questions)) == alone


def test_a_missing_index_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RetrievalError, match=r"none\.sqlite: There is no index.*sadari index"):
        Index.open(tmp_path / "none.sqlite")


def test_any_other_file_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("퍼지 " * 1000)
    (tmp_path / "empty").touch()
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE t (x)").connection.close()
    for name in ("text", "empty", "other"):
        with pytest.raises(RetrievalError, match="no index or is damaged"):
            Index.open(tmp_path / name)


def test_a_flipped_bit_is_noticed(index_path: Path, tmp_path: Path) -> None:
    whole = index_path.read_bytes()
    copy = tmp_path / "copy.sqlite"
    noticed = 0
    for position in range(100, len(whole), max(1, len(whole) // 60)):
        copy.write_bytes(whole[:position] + bytes([whole[position] ^ 64]) + whole[position + 1 :])
        try:
            damaged = Index.open(copy)
        except RetrievalError:
            noticed += 1
        else:  # the bit lay in unused space: then nothing that is read has changed
            assert damaged.content == index_path_content(index_path)
    assert noticed >= 5


def index_path_content(path: Path) -> str:
    return Index.open(path).content


def test_a_torn_file_is_noticed(index_path: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.sqlite"
    torn.write_bytes(index_path.read_bytes()[: index_path.stat().st_size // 2])
    with pytest.raises(RetrievalError, match="damaged"):
        Index.open(torn)


def test_a_closed_index_says_so(documents: list[Document], tmp_path: Path) -> None:
    index = Index.open(build_index(documents, tmp_path))
    index.close()
    with pytest.raises(RetrievalError, match="cannot be searched"):
        index.search("퍼지")


def test_an_index_of_another_format_is_refused(index_path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(index_path, tmp_path / "copy.sqlite"))
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE meta SET value = '0' WHERE key = 'format'")
    db.close()
    with pytest.raises(RetrievalError, match="format 0; this version of sadari reads"):
        Index.open(copy)
