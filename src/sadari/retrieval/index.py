"""The index: passages found by words, by likeness, or by both."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

import numpy as np

from sadari.llm.types import Embedder
from sadari.retrieval.embedder import (
    SENTENCE_TRANSFORMER,
    SentenceTransformerEmbedder,
    TermEmbedder,
    Vectors,
)
from sadari.retrieval.errors import RetrievalError
from sadari.retrieval.passage import Passage
from sadari.text import bigrams

FORMAT = 1
"""Raised whenever the same documents would give other passages, terms or vectors."""

Mode = Literal["hybrid", "text", "dense"]

# What likeness adds to a hybrid score, beside 1 for words. Learned vectors are worth what they
# keep of the passages' differences: much in a small domain, little in a large one.
_LIKENESS_TRAINED = 1.0
_LIKENESS_LEARNED = 0.3
# A question has fewer terms; a whole pasted page is cut here.
_MOST_TERMS = 400


@dataclass(frozen=True)
class Hit:
    """A passage and its score: larger is better, comparable within one search only. BM25 in text
    mode, cosine in dense mode, in hybrid mode their weighted sum after scaling each to 0..1."""

    passage: Passage
    score: float


class Index:
    """An opened index, never written. Safe to share between threads."""

    def __init__(
        self,
        db: sqlite3.Connection,
        meta: dict[str, str],
        passages: tuple[Passage, ...],
        vectors: Vectors,
        embedder: Embedder | None,
    ) -> None:
        """Use `open`. `vectors` has one row for each passage."""
        self.digest = meta["digest"]
        self.content = meta["content"]
        self._db = db
        self._lock = Lock()
        self._passages = passages
        self._vectors = vectors
        self._embedder_name = meta["embedder"]
        self._embedder = embedder

    @classmethod
    def open(cls, path: Path, embedder: Embedder | None = None) -> Index:
        """Returns the index at `path`, verified. `embedder` is needed only for dense and hybrid
        searches of an index that was built with one of your own. Raises RetrievalError when the
        file is missing, no index, of another format or damaged, or the embedder is another."""
        if not path.is_file():
            raise RetrievalError("There is no index.", where=str(path), todo=_REBUILD)
        db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        try:
            return cls(db, *_read(db, path, embedder))
        except (sqlite3.Error, KeyError, ValueError) as error:
            db.close()
            raise RetrievalError(
                f"The file is no index or is damaged ({error}).", where=str(path), todo=_REBUILD
            ) from error
        except RetrievalError:
            db.close()
            raise

    def close(self) -> None:
        """Closes the file; searching afterwards raises RetrievalError."""
        with self._lock:
            self._db.close()

    def passages(self) -> tuple[Passage, ...]:
        """All passages, by document and position."""
        return self._passages

    def search(self, query: str, k: int = 3, mode: Mode = "hybrid") -> list[Hit]:
        """Returns the best `k` passages, fewer where fewer have anything in common with `query`,
        and none for a query without letters or digits. Any text is a legal query.

        Hybrid scores are a convex combination of scaled scores, which keeps the margins that
        reciprocal ranks throw away (Bruch et al. 2023). Raises RetrievalError for k below 1.
        """
        if k < 1:
            raise RetrievalError(f"A search returns at least 1 passage; k is {k}.")
        terms = list(dict.fromkeys(bigrams(query)))[:_MOST_TERMS]
        if not terms:
            return []
        if mode == "text":
            scores = self._by_words(terms)
        elif mode == "dense":
            scores = self._by_likeness(query)
        else:
            likeness = _scaled(self._by_likeness(query))
            scores = _scaled(self._by_words(terms)) + self._likeness * likeness
        best = np.argsort(-scores, kind="stable")[:k]
        return [Hit(self._passages[n], float(scores[n])) for n in best if scores[n] > 0]

    def _by_words(self, terms: list[str]) -> Vectors:
        marks = ", ".join("?" * len(terms))
        try:
            with self._lock:
                rows = self._db.execute(
                    f"SELECT passages, scores FROM terms WHERE term IN ({marks})", terms
                ).fetchall()
        except sqlite3.Error as error:
            raise RetrievalError(
                f"The index cannot be searched: {error}.", todo=_REBUILD
            ) from error
        scores = np.zeros(len(self._passages), np.float32)
        for passages, added in rows:
            scores[np.frombuffer(passages, np.uint32)] += np.frombuffer(added, np.float32)
        return scores

    def _by_likeness(self, query: str) -> Vectors:
        vector = np.asarray(self._query_embedder().embed([query]), np.float32)[0]
        cosines: Vectors = self._vectors @ vector
        return np.maximum(cosines, 0)

    @property
    def _likeness(self) -> float:
        if isinstance(self._embedder, TermEmbedder):
            return _LIKENESS_LEARNED * self._embedder.kept
        return _LIKENESS_TRAINED

    def _query_embedder(self) -> Embedder:
        with self._lock:
            if self._embedder is None and self._embedder_name.startswith(SENTENCE_TRANSFORMER):
                model = self._embedder_name.removeprefix(SENTENCE_TRANSFORMER)
                self._embedder = SentenceTransformerEmbedder(model)
        if self._embedder is None:
            raise RetrievalError(
                f"The index was built with the embedder {self._embedder_name!r}, which is needed "
                "to embed a question.",
                todo="Give it to Index.open, or search with mode='text'.",
            )
        return self._embedder


_REBUILD = "Build it again with `sadari index`."
_TABLES = ("passages", "terms", "embedder")


def content_digest(db: sqlite3.Connection) -> str:
    """Returns the SHA-256 of everything that an index holds: passages, vectors, terms."""
    seen = hashlib.sha256()
    for table in _TABLES:
        for row in db.execute(f"SELECT * FROM {table} ORDER BY 1"):
            for value in row:
                data = value if isinstance(value, bytes) else str(value).encode()
                seen.update(len(data).to_bytes(8, "little") + data)
    return seen.hexdigest()


def _read(
    db: sqlite3.Connection, path: Path, embedder: Embedder | None
) -> tuple[dict[str, str], tuple[Passage, ...], Vectors, Embedder | None]:
    meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
    if meta["format"] != str(FORMAT):
        raise RetrievalError(
            f"The index has format {meta['format']}; this version of sadari reads {FORMAT}.",
            where=str(path),
            todo=_REBUILD,
        )
    if content_digest(db) != meta["content"]:
        raise ValueError("its content is not what was written")
    if embedder is not None and embedder.name != meta["embedder"]:
        raise RetrievalError(
            f"The index was built with the embedder {meta['embedder']!r}, not {embedder.name!r}.",
            where=str(path),
            todo="Open it with that one, or build the index again.",
        )
    rows = db.execute(
        "SELECT id, document, title, heading, text, vector FROM passages ORDER BY number"
    ).fetchall()
    passages = tuple(Passage(*row[:5]) for row in rows)
    vectors = np.frombuffer(b"".join(row[5] for row in rows), np.float32).reshape(len(rows), -1)
    parts = dict(db.execute("SELECT name, data FROM embedder").fetchall())
    if parts:
        terms = tuple(parts["terms"].decode().split("\n")) if parts["terms"] else ()
        idf = np.frombuffer(parts["idf"], np.float32)
        directions = np.frombuffer(parts["directions"], np.float32).reshape(
            len(terms), vectors.shape[1]
        )
        kept = float(np.frombuffer(parts["kept"], np.float32)[0])
        embedder = TermEmbedder(terms, idf, directions, kept)
    return meta, passages, vectors, embedder


def _scaled(scores: Vectors) -> Vectors:
    """Scores from 0 (nothing in common) to 1 (the best)."""
    top = float(scores.max())
    return scores / top if top > 0 else scores
