"""Text to vectors: learned offline from the domain's own documents, or a sentence-transformer."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sadari.retrieval.errors import RetrievalError
from sadari.text import bigrams

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TermEmbedder:
    """Latent semantic analysis (Deerwester et al. 1990): TF-IDF of search terms, projected on the
    directions in which the domain's own passages differ most. Terms that are used alike come to
    lie together, without a download.

    `terms` (V), `idf` (V,), `directions` (V, dimension), float32; `kept` is the share of the
    passages' differences that the directions keep, 0 to 1.
    """

    terms: tuple[str, ...]
    idf: Vectors
    directions: Vectors
    kept: float

    @staticmethod
    def learn(texts: Sequence[str], dimension: int = 128, max_terms: int = 20_000) -> TermEmbedder:
        """Returns the embedder for `texts`. One thread, a fixed seed: the same texts give the same
        bytes on the same machine."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.utils.extmath import randomized_svd
        from threadpoolctl import threadpool_limits

        read = [bigrams(text) for text in texts]
        counts = Counter(term for terms in read for term in set(terms))
        # A term of a single passage relates nothing; in a tiny domain every term does count.
        common = {term: n for term, n in counts.items() if n > 1} or counts
        terms = sorted(sorted(common, key=lambda term: (-common[term], term))[:max_terms])
        if not terms:
            return TermEmbedder((), np.zeros(0, np.float32), np.zeros((0, 1), np.float32), 0.0)
        tfidf = TfidfVectorizer(
            analyzer=list, vocabulary=terms, sublinear_tf=True, dtype=np.float32
        )
        with threadpool_limits(1):
            rows = tfidf.fit_transform(read)
            size = min(dimension, len(terms), len(texts))
            _, strengths, directions = randomized_svd(rows, size, n_iter=5, random_state=0)
        return TermEmbedder(
            tuple(terms),
            np.asarray(tfidf.idf_, np.float32),
            np.ascontiguousarray(directions.T, np.float32),
            float((strengths**2).sum() / rows.power(2).sum()),
        )

    @property
    def name(self) -> str:
        """`terms-` and the beginning of a hash of what was learned."""
        seen = hashlib.sha256(json.dumps(self.terms, ensure_ascii=False).encode())
        seen.update(self.idf.tobytes() + self.directions.tobytes())
        return f"terms-{seen.hexdigest()[:12]}"

    @cached_property
    def _row(self) -> dict[str, int]:
        return {term: row for row, term in enumerate(self.terms)}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Returns (len(texts), dimension), unit rows; zeros for a text of unknown terms."""
        vectors = np.zeros((len(texts), self.directions.shape[1]), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            counts = Counter(
                row for term in bigrams(text) if (row := self._row.get(term)) is not None
            )
            if not counts:
                continue
            rows = np.fromiter(counts.keys(), np.int64)
            weights = (1 + np.log(np.fromiter(counts.values(), np.float32))) * self.idf[rows]
            vector[:] = weights @ self.directions[rows]
            vector /= max(float(np.linalg.norm(vector)), 1e-12)
        return vectors


class SentenceTransformerEmbedder:
    """A model of the sentence-transformers library, by hub name or folder (`BAAI/bge-m3`).

    Raises RetrievalError when the library is missing or the model cannot be opened.
    """

    def __init__(self, model: str, batch_size: int = 32) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as missing:
            raise RetrievalError(
                f"The embedder {model!r} needs the sentence-transformers library.",
                todo="Install it (pip install sentence-transformers) or leave the embedder unset.",
            ) from missing
        try:
            self._model = SentenceTransformer(model)
        except (OSError, ValueError) as error:
            raise RetrievalError(
                f"The embedder {model!r} cannot be opened: {error}",
                todo="Check its name, or give the folder of a downloaded model.",
            ) from error
        self._batch_size = batch_size
        self.name = f"{SENTENCE_TRANSFORMER}{model}"

    def embed(self, texts: Sequence[str]) -> Any:
        """Returns (len(texts), dimension), float32, rows of unit length."""
        vectors = self._model.encode(
            list(texts),
            batch_size=self._batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, np.float32)


SENTENCE_TRANSFORMER = "sentence-transformers:"
