"""Documents to passages found: cut at headings and sentences, kept in one immutable SQLite file,
found by words (character bigrams, BM25), by likeness (vectors), or by both."""

from sadari.retrieval.build import build_index
from sadari.retrieval.embedder import SentenceTransformerEmbedder, TermEmbedder
from sadari.retrieval.errors import RetrievalError
from sadari.retrieval.index import Hit, Index, Mode
from sadari.retrieval.passage import Passage, chunk
from sadari.retrieval.recall import found_share, recall_at_k

__all__ = [
    "Hit",
    "Index",
    "Mode",
    "Passage",
    "RetrievalError",
    "SentenceTransformerEmbedder",
    "TermEmbedder",
    "build_index",
    "chunk",
    "found_share",
    "recall_at_k",
]
