"""From records to what the model reads in training: the very prompts that it will be asked with."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sadari.assistant import Recipe, build_messages, last_question, passages_for
from sadari.data import Record
from sadari.domain import Message
from sadari.jobs.types import JobError
from sadari.llm import ModelError, Rendered, render_examples
from sadari.retrieval import Index, Passage


@dataclass(frozen=True)
class Asking:
    """How records are put to the model: as the recipe `closed` asks, and `with_passages` of them
    as `open_book` does, behind passages of its index."""

    closed: Recipe
    open_book: Recipe | None = None
    with_passages: float = 0.0

    @cached_property
    def index(self) -> Index | None:
        """Where passages are found; None where no record gets any."""
        found = self.open_book and self.open_book.retrieval
        return Index.open(Path(found.index)) if found and self.with_passages else None

    @property
    def template_kwargs(self) -> Mapping[str, Any]:
        """What the chat template is told."""
        return dict(self.closed.prompt.template_kwargs)


def lessons(
    records: Sequence[Record],
    tokenizer: Any,
    asking: Asking,
    seed: int,
    *,
    shuffled: bool = False,
) -> list[Rendered]:
    """Each record as training examples, put as `asking` says, with the functions that were on
    offer. The passage that answers is put in where retrieval missed it. `shuffled` gives every
    question another one's answer: the control that must teach nothing. An answer that somebody
    disliked is no lesson."""
    chosen = [r for r in records if r.rating != "down" or r.rejected is not None]
    if shuffled:
        chosen = shuffle_answers(chosen, seed)
    told = asking.template_kwargs
    examples: list[Rendered] = []
    for record, prompt in zip(chosen, prompts(chosen, asking, seed), strict=True):
        turns = (*prompt, record.messages[-1])
        try:
            rendered = render_examples(tokenizer, turns, record.tools, told)
        except ModelError as error:
            what = f"cannot be a lesson: {error.what}"
            raise JobError(what, where=record.place, todo=error.todo) from error
        examples.extend(replace(one, source=record.source) for one in rendered)
    return examples


def prompts(records: Sequence[Record], asking: Asking, seed: int) -> Iterator[tuple[Message, ...]]:
    """What the model reads before each record's answer, by the rule of `lessons`."""
    draw = random.Random(f"{seed}/lessons")
    for record in records:
        passages: Sequence[Passage] = ()
        recipe = asking.closed
        if asking.open_book and asking.index and draw.random() < asking.with_passages:
            recipe = asking.open_book
            passages = _passages(record, asking.index, recipe, draw)
        prompt = replace(recipe.prompt, examples=())
        asked = prompt.of_task(record.messages[:-1], record.task)
        yield tuple(build_messages(prompt, asked, passages))


def shuffle_answers(records: Sequence[Record], seed: int) -> list[Record]:
    """The same questions and the same answers, matched at random, none with its own. Earlier turns
    of the assistant stand as they were and are not learned."""
    order = list(range(len(records)))
    random.Random(f"{seed}/shuffle").shuffle(order)
    answer_of = dict(zip(order, [*order[1:], order[0]], strict=True))
    return [
        replace(r, messages=(*unlearned(r.messages[:-1]), records[answer_of[i]].messages[-1]))
        for i, r in enumerate(records)
    ]


def unlearned(turns: Sequence[Message]) -> list[Message]:
    """The turns, none of which is learnt."""
    return [replace(turn, train=False) if turn.role == "assistant" else turn for turn in turns]


def _passages(
    record: Record, index: Index, recipe: Recipe, draw: random.Random
) -> tuple[Passage, ...]:
    assert recipe.retrieval is not None
    found = passages_for(last_question(record.messages), index, recipe.retrieval)
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
