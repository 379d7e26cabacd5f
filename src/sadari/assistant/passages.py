"""The passages that a question is answered from."""

from __future__ import annotations

from sadari.assistant.types import Retrieval
from sadari.retrieval import Index, Passage


def passages_for(question: str, index: Index, retrieval: Retrieval) -> list[Passage]:
    """The best passages first, as many as fit into the recipe's length, the best one always."""
    taken: list[Passage] = []
    room = retrieval.characters
    for hit in index.search(question, retrieval.k):
        room -= len(hit.passage.text)
        if room < 0 and taken:
            break
        taken.append(hit.passage)
    return taken
