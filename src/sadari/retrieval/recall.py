"""Whether search finds the documents that a question needs, whatever a model makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sadari.domain.question import Question
from sadari.retrieval.errors import RetrievalError
from sadari.retrieval.index import Index, Mode


def found_share(
    index: Index, questions: Sequence[Question], k: int, mode: Mode = "hybrid"
) -> Mapping[str, float]:
    """Returns, for each question that has evidence, the share of its evidence documents among the
    documents of the best `k` passages, by question id."""
    shares: dict[str, float] = {}
    for question in questions:
        needed = set(question.evidence)
        if needed:
            found = {hit.passage.document for hit in index.search(question.text, k, mode)}
            shares[question.id] = len(needed & found) / len(needed)
    return shares


def recall_at_k(
    index: Index, questions: Sequence[Question], k: int, mode: Mode = "hybrid"
) -> float:
    """Returns the mean of `found_share`, 0 to 1. Raises RetrievalError where no question names
    its evidence: the mean of nothing would look like a failure of search."""
    shares = found_share(index, questions, k, mode)
    if not shares:
        raise RetrievalError(
            f"None of the {len(questions)} questions names the documents that answer it.",
            todo="Add `evidence` to the questions.",
        )
    return sum(shares.values()) / len(shares)
