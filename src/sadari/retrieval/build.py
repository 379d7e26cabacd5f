"""Documents become an index: one immutable SQLite file, complete or absent."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import astuple
from itertools import pairwise
from pathlib import Path
from secrets import token_hex

import numpy as np

from sadari.domain.document import Document
from sadari.llm.types import Embedder
from sadari.retrieval.embedder import TermEmbedder, Vectors
from sadari.retrieval.errors import RetrievalError
from sadari.retrieval.index import FORMAT, Index, content_digest
from sadari.retrieval.passage import Passage, chunk
from sadari.retrieval.ranking import term_scores
from sadari.store import settle

Progress = Callable[[int, int], None]

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE passages (number INTEGER PRIMARY KEY, id TEXT NOT NULL, document TEXT NOT NULL,
    title TEXT NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL, vector BLOB NOT NULL);
CREATE TABLE embedder (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE terms (term TEXT PRIMARY KEY, passages BLOB NOT NULL, scores BLOB NOT NULL)
    WITHOUT ROWID;
"""


def build_index(
    documents: Sequence[Document],
    folder: Path,
    *,
    characters: int = 320,
    embedder: Embedder | None = None,
    on_progress: Progress | None = None,
) -> Path:
    """Returns the path of `folder/<digest>.sqlite`, the index of `documents`.

    The digest covers the documents' words, the settings and the index's format, so an index that
    exists is used again; a damaged one is replaced. The file is written under another name,
    synced and renamed: whatever kills the process, a half index is never found. Without
    `embedder` vectors are learned from the documents. `on_progress(done, total)` counts passages.

    Raises RetrievalError for an empty set, documents without text, and ids used twice.
    """
    documents = sorted(documents, key=lambda document: document.id)
    digest = _digest(documents, characters, embedder)
    path = folder / f"{digest}.sqlite"
    if path.exists() and _intact(path):
        return path
    passages = [passage for document in documents for passage in chunk(document, characters)]
    _check(documents, passages)
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _fill(db, digest, passages, embedder, on_progress)
        _publish(db, path)
    return path


def _publish(db: sqlite3.Connection, path: Path) -> None:
    unfinished = path.with_name(f"{_UNFINISHED}{os.getpid()}-{token_hex(4)}")
    try:
        db.execute("VACUUM INTO ?", (str(unfinished),))
        settle(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


_UNFINISHED = ".unfinished-"
_HOUR_SECONDS = 3600


def _digest(documents: Sequence[Document], characters: int, embedder: Embedder | None) -> str:
    words = [[document.id, document.title, document.text] for document in documents]
    name = embedder.name if embedder else ""
    text = json.dumps([FORMAT, characters, name, words])
    return hashlib.sha256(text.encode()).hexdigest()


def _intact(path: Path) -> bool:
    try:
        Index.open(path).close()
    except RetrievalError:
        return False
    return True


def _check(documents: Sequence[Document], passages: Sequence[Passage]) -> None:
    if not documents:
        raise RetrievalError("There are no documents to index.", todo="Add some to documents/.")
    for earlier, later in pairwise(documents):
        if earlier.id == later.id:
            raise RetrievalError(
                f"Two documents have the id {later.id!r} .",
                where=later.source,
                todo=f"Rename it, or the other one ({earlier.source or 'source unknown'}).",
            )
    if not passages:
        raise RetrievalError(
            f"None of the {len(documents)} documents has any text.",
            where=documents[0].source,
            todo="Write sentences below their titles.",
        )


def _fill(
    db: sqlite3.Connection,
    digest: str,
    passages: Sequence[Passage],
    embedder: Embedder | None,
    on_progress: Progress | None,
) -> None:
    texts = [f"{passage.place}\n{passage.text}" for passage in passages]
    own = TermEmbedder.learn(texts) if embedder is None else None
    chosen = own or embedder
    assert chosen is not None
    db.executescript(_TABLES)
    for start in range(0, len(passages), _BATCH):
        batch = passages[start : start + _BATCH]
        vectors = _vectors(chosen, texts[start : start + _BATCH])
        for number, (passage, vector) in enumerate(zip(batch, vectors, strict=True), start=start):
            row = (number, *astuple(passage), vector.tobytes())
            db.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        if on_progress:
            on_progress(start + len(batch), len(passages))
    for term, numbers, scores in term_scores(passages):
        row = (term, numbers.tobytes(), scores.tobytes())
        db.execute("INSERT INTO terms VALUES (?, ?, ?)", row)
    if own:
        parts = {
            "terms": "\n".join(own.terms).encode(),
            "idf": own.idf.tobytes(),
            "directions": own.directions.tobytes(),
            "kept": np.float32(own.kept).tobytes(),
        }
        db.executemany("INSERT INTO embedder VALUES (?, ?)", parts.items())
    meta = {
        "format": str(FORMAT),
        "digest": digest,
        "embedder": chosen.name,
        "content": content_digest(db),
    }
    db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())


_BATCH = 256


def _vectors(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    vectors = np.asarray(embedder.embed(texts), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise RetrievalError(
            f"The embedder {embedder.name!r} gave an array of shape {vectors.shape} for "
            f"{len(texts)} texts, or numbers that are not finite.",
        )
    return vectors


def _sweep(folder: Path) -> None:
    """Removes what builds that were killed have left."""
    for file in folder.glob(f"{_UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if time.time() - file.stat().st_mtime > _HOUR_SECONDS:
                file.unlink()
