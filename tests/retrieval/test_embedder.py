"""Vectors learned from the domain's own text."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from sadari.retrieval import RetrievalError, SentenceTransformerEmbedder, TermEmbedder
from sadari.text import bigrams

TEXTS = [
    f"레시피 R{n % 7}의 압력은 {n % 5} Torr이고 퍼지 시간은 {n % 3} s이다." for n in range(40)
] + [
    "전구체가 남으면 막이 두꺼워진다.",
    "막이 두꺼우면 전구체가 남았는지 본다.",
    "퍼지를 늘리면 막이 얇아진다.",
]


def test_rows_have_unit_length_and_nothing_known_is_zero() -> None:
    embedder = TermEmbedder.learn(TEXTS, dimension=16)
    vectors = embedder.embed([*TEXTS, "qwertz", ""])
    assert vectors.shape == (len(TEXTS) + 2, 16)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors[:-2], axis=1), 1, atol=1e-5)
    assert not vectors[-2:].any()


def test_equals_scikit_learn() -> None:
    embedder = TermEmbedder.learn(TEXTS, dimension=8)
    assert 0.5 < embedder.kept < 1
    tfidf = TfidfVectorizer(analyzer=bigrams, sublinear_tf=True, min_df=2)
    svd = TruncatedSVD(8, random_state=0)
    expected = svd.fit_transform(tfidf.fit_transform(TEXTS))
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    vectors = embedder.embed(TEXTS)
    assert np.allclose(vectors @ vectors.T, expected @ expected.T, atol=1e-3)


def test_the_same_texts_give_the_same_name_with_any_number_of_threads() -> None:
    program = (
        "from tests_texts import TEXTS\nfrom sadari.retrieval import TermEmbedder\n"
        "print(TermEmbedder.learn(TEXTS).name)"
    ).replace("from tests_texts import TEXTS", f"TEXTS = {TEXTS!r}")
    names = {
        subprocess.check_output(
            [sys.executable, "-c", program], env={**os.environ, "OMP_NUM_THREADS": threads}
        )
        for threads in ("1", "2")
    }
    assert len(names) == 1


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is not None, reason="the library is there"
)
def test_a_missing_library_is_named() -> None:
    with pytest.raises(RetrievalError, match="pip install sentence-transformers"):
        SentenceTransformerEmbedder("BAAI/bge-m3")


def test_importing_loads_neither_torch_nor_scikit_learn() -> None:
    program = (
        "import sys, sadari.retrieval\n"
        "print([name for name in ('torch', 'sklearn', 'scipy') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
