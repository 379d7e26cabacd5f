"""Building: reproducible, reused, and whole whatever happens in the middle."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from sadari.domain.document import Document
from sadari.retrieval import Index, RetrievalError, build_index, chunk
from sadari.retrieval.index import FORMAT
from sadari.text import bigrams
from tests.files import digest


class Lengths:
    """A user's own embedder: short texts are like short texts."""

    name = "lengths"

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        angles = np.array([min(len(text), 300) / 300 for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_one_digest_is_the_same_bytes(documents: list[Document], tmp_path: Path) -> None:
    one = build_index(documents, tmp_path / "one")
    two = build_index(documents[::-1], tmp_path / "two")
    assert one.name == two.name == f"{Index.open(one).digest}.sqlite"
    assert digest(one) == digest(two)
    assert [p.id for p in Index.open(one).passages()] == [p.id for p in Index.open(two).passages()]


def test_every_word_and_setting_is_in_the_digest(documents: list[Document], tmp_path: Path) -> None:
    other = Document(documents[0].id, documents[0].title + "!", documents[0].text)
    names = {
        build_index(documents, tmp_path).name,
        build_index([other, *documents[1:]], tmp_path).name,
        build_index(documents[1:], tmp_path).name,
        build_index(documents, tmp_path, characters=40).name,
        build_index(documents, tmp_path, embedder=Lengths()).name,
    }
    assert len(names) == 5


def test_an_index_that_exists_is_used_again(documents: list[Document], tmp_path: Path) -> None:
    path = build_index(documents, tmp_path)
    before = path.stat()
    assert build_index(documents, tmp_path) == path
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_damaged_index_is_replaced(documents: list[Document], tmp_path: Path) -> None:
    path = build_index(documents, tmp_path)
    whole = digest(path)
    path.write_bytes(path.read_bytes()[:1000])
    assert digest(build_index(documents, tmp_path)) == whole


def test_progress_counts_every_passage(documents: list[Document], tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = build_index(
        documents, tmp_path, on_progress=lambda done, total: seen.append((done, total))
    )
    total = len(Index.open(path).passages())
    assert seen[-1] == (total, total)


def test_own_embedder(documents: list[Document], tmp_path: Path) -> None:
    path = build_index(documents, tmp_path, embedder=Lengths())
    assert Index.open(path, Lengths()).search("막", k=1, mode="dense")
    unaided = Index.open(path)
    assert unaided.search("막", mode="text")
    with pytest.raises(RetrievalError, match="embedder 'lengths'"):
        unaided.search("막")

    class Other(Lengths):
        name = "other"

    with pytest.raises(RetrievalError, match="built with the embedder 'lengths', not 'other'"):
        Index.open(path, Other())


def test_an_embedder_that_gives_nonsense_is_refused(
    documents: list[Document], tmp_path: Path
) -> None:
    class Broken(Lengths):
        def embed(self, texts: Sequence[str]) -> np.ndarray:
            return np.full((len(texts), 2), np.nan)

    with pytest.raises(RetrievalError, match="not finite"):
        build_index(documents, tmp_path, embedder=Broken())
    assert list(tmp_path.iterdir()) == []


def test_no_documents_no_index(tmp_path: Path) -> None:
    with pytest.raises(RetrievalError, match="no documents"):
        build_index([], tmp_path)
    with pytest.raises(RetrievalError, match=r"a\.md:1: None of the 1 documents has any text"):
        build_index([Document("a", "A", "", source="a.md:1")], tmp_path)


def test_an_id_used_twice_is_an_error(tmp_path: Path) -> None:
    twins = [
        Document("a", "A", "가.", source="a.md:1"),
        Document("a", "B", "나.", source="b.json:1"),
    ]
    with pytest.raises(RetrievalError, match=r"b\.json:1: Two documents have the id 'a'.*a\.md:1"):
        build_index(twins, tmp_path)


def test_one_short_document_is_enough(tmp_path: Path) -> None:
    index = Index.open(build_index([Document("a", "", "막.")], tmp_path))
    assert [hit.passage.document for hit in index.search("막이")] == ["a"]


def test_signs_alone_are_indexed_and_never_found(tmp_path: Path) -> None:
    index = Index.open(build_index([Document("a", "", "?!")], tmp_path))
    assert index.search("막") == []


BUILD = """
import sys
from pathlib import Path
from sadari.domain.document import Document
from sadari.retrieval import build_index
documents = [
    Document(
        f"d{n:04}",
        f"문서 {n}",
        f"## 절 {n}\\n\\nR{n}의 압력은 {n} Torr이다. 퍼지는 {n % 9} s이다.",
    )
    for n in range(1500)
]
print("ready", flush=True)
print(build_index(documents, Path(sys.argv[1]), on_progress=lambda *_: print("at", flush=True)))
"""


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(folder)], stdout=subprocess.PIPE, text=True
    )


def test_kill_in_the_middle_leaves_no_half_index(tmp_path: Path) -> None:
    whole = start(tmp_path / "whole")
    path = Path(whole.communicate()[0].split()[-1])
    expected = Index.open(path).content

    folder = tmp_path / "killed"
    for stop_at in (0, 3, 6, "file"):
        process = start(folder)
        assert process.stdout is not None
        if stop_at == "file":  # as soon as something lies in the folder
            while (
                process.poll() is None and not any(folder.glob("*")) and not any(folder.glob(".u*"))
            ):
                time.sleep(0.0005)
        else:
            for _ in range(int(stop_at) + 1):
                process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for found in folder.glob("*.sqlite"):
            assert Index.open(found).content == expected

    finished = start(folder)
    again = Path(finished.communicate()[0].split()[-1])
    assert Index.open(again).content == expected
    assert len(Index.open(again).passages()) == 1500


def test_what_killed_builds_left_is_removed_later(
    documents: list[Document], tmp_path: Path
) -> None:
    left = tmp_path / ".unfinished-abc"
    fresh = tmp_path / ".unfinished-def"
    left.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)
    build_index(documents, tmp_path)
    assert not left.exists()
    assert fresh.exists()


def test_what_an_index_holds_changes_only_with_its_format(documents: list[Document]) -> None:
    held = [
        (astuple(passage), bigrams(passage.text)) for d in documents for passage in chunk(d, 60)
    ]
    digest = hashlib.sha256(json.dumps(held).encode()).hexdigest()
    assert (FORMAT, digest[:16]) == (1, "1ff8521e620c5392"), (
        "raise FORMAT, then note the new digest here"
    )
