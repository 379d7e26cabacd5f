"""From records to what the model reads in training: the very prompts that it will be asked with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sadari.assistant import Recipe, build_messages
from sadari.data import Record
from sadari.domain import Message
from sadari.llm import Rendered, render_examples
from sadari.retrieval import Index, Passage


def lessons(
    records: Sequence[Record],
    tokenizer: Any,
    *,
    closed: Recipe,
    open_book: Recipe | None,
    index: Index | None,
    with_passages: float,
    seed: int,
    shuffled: bool = False,
) -> list[Rendered]:
    """Each record as training examples: `with_passages` of them behind retrieved passages in the
    words of the recipe `open_book`, the others as `closed` asks. The passage that answers is put
    in where retrieval missed it. `shuffled` gives every question another one's answer: the control
    that must teach nothing."""
    draw = random.Random(f"{seed}/lessons")
    chosen = shuffle_answers(records, seed) if shuffled else list(records)
    examples: list[Rendered] = []
    for record in chosen:
        passages: Sequence[Passage] = ()
        recipe = closed
        if open_book is not None and index is not None and draw.random() < with_passages:
            recipe = open_book
            passages = _passages(record, index, open_book, draw)
        *asked, answer = record.messages
        prompt = replace(recipe.prompt, examples=())
        messages = (*build_messages(prompt, asked, passages), answer)
        examples.extend(render_examples(tokenizer, messages))
    return examples


def shuffle_answers(records: Sequence[Record], seed: int) -> list[Record]:
    """The same questions and the same answers, matched at random, none with its own."""
    order = list(range(len(records)))
    random.Random(f"{seed}/shuffle").shuffle(order)
    answer_of = dict(zip(order, [*order[1:], order[0]], strict=True))
    return [
        replace(r, messages=(*r.messages[:-1], records[answer_of[i]].messages[-1]))
        for i, r in enumerate(records)
    ]


def _passages(
    record: Record, index: Index, recipe: Recipe, draw: random.Random
) -> tuple[Passage, ...]:
    assert recipe.retrieval is not None
    found: list[Passage] = []
    room = recipe.retrieval.characters
    for hit in index.search(_question(record.messages), recipe.retrieval.k):
        room -= len(hit.passage.text)
        if room < 0 and found:
            break
        found.append(hit.passage)
    answer = record.messages[-1].content
    if record.task == "refusal" or any(answer in p.text for p in found):
        return tuple(found)
    own = next(
        (p for p in index.passages() if p.document == record.group and answer in p.text), None
    )
    if own is None:
        return tuple(found)
    if found:
        found[draw.randrange(len(found))] = own
    return tuple(found or [own])


def _question(messages: Sequence[Message]) -> str:
    return next(m.content for m in reversed(messages) if m.role == "user")
