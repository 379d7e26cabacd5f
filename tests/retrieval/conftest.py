"""A small domain with the habits of real ones: codes, units, near twins."""

from __future__ import annotations

from pathlib import Path

import pytest

from sadari.domain.document import Document
from sadari.retrieval import Index, build_index


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    return [
        Document(
            "gauge/vg12",
            "VG12 게이지",
            "## 역할\n\nVG12는 공정 챔버의 압력을 잰다. 측정 범위는 0~10 Torr이다.\n\n"
            "## 고장\n\n영점이 어긋나면 값이 한쪽으로 치우친다. 밸브를 닫고 영점을 맞춘다.",
        ),
        Document(
            "gauge/vg13",
            "VG13 게이지",
            "## 역할\n\nVG13은 배기 라인의 진공도를 잰다. 측정 범위는 10⁻⁶ Torr까지이다.",
        ),
        Document(
            "purge/time",
            "퍼지 시간",
            "## 짧을 때\n\n퍼지 시간이 짧으면 전구체가 남아 기상에서 반응한다. 막이 두꺼워진다.\n\n"
            "## 길 때\n\n퍼지 시간이 길면 두께는 그대로이고 처리량이 줄어든다.",
        ),
        Document("film/basics", "박막", "막은 기판에 쌓인 얇은 층이다. 값은 두께로 말한다."),
        Document("valve/apc", "APC 밸브", "APC는 열림 정도를 바꾸어 유량과 압력을 다스린다."),
    ]


@pytest.fixture(scope="session")
def index_path(documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index(documents, tmp_path_factory.mktemp("indexes"))


@pytest.fixture(scope="session")
def index(index_path: Path) -> Index:
    return Index.open(index_path)
