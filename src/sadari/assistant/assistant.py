"""A recipe brought to life: find passages, build the prompt, ask the model, tie the answer down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sadari.assistant.grounding import cite, ungrounded_numbers
from sadari.assistant.prompt import build_messages, last_question
from sadari.assistant.types import Answer, AssistantError, Citation, Recipe
from sadari.domain.message import Message
from sadari.llm.types import Completion, Delta, Failure, LanguageModel, Request
from sadari.retrieval import Index, Passage
from sadari.text import SadariError


@dataclass(frozen=True)
class _Prepared:
    """A request on its way to the model, with what was found for it."""

    request: Request
    retrieved: tuple[Citation, ...]
    evidence: tuple[str, ...]


class Assistant:
    """Answers as its recipe says. `release` is the digest that is named with every answer."""

    def __init__(
        self, recipe: Recipe, model: LanguageModel, *, name: str = "", release: str = ""
    ) -> None:
        self.recipe = recipe
        self.model = model
        self.name = name or recipe.name
        self.release = release
        self.index = Index.open(Path(recipe.retrieval.index)) if recipe.retrieval else None

    async def answer(self, conversation: Sequence[Message]) -> Answer:
        """The answer to the last user turn. Raises what the model raises."""
        prepared = self._prepare(conversation)
        return self._finish(prepared, await self.model.complete(prepared.request))

    async def answer_all(
        self, conversations: Sequence[Sequence[Message]]
    ) -> list[Answer | Failure]:
        """Answers in order, in the model's fixed batches; a failed one is a Failure."""
        prepared = [self._try_prepare(conversation) for conversation in conversations]
        requests = [p.request for p in prepared if isinstance(p, _Prepared)]
        completions = iter(await self.model.complete_all(requests))
        return [
            self._finish_or_fail(ready, next(completions))
            if isinstance(ready, _Prepared)
            else ready
            for ready in prepared
        ]

    async def stream(self, conversation: Sequence[Message]) -> AsyncIterator[Delta]:
        """The answer piece by piece; closing the iterator stops the model."""
        pieces = self.model.stream(self._prepare(conversation).request)
        try:
            async for piece in pieces:
                yield piece
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    def _try_prepare(self, conversation: Sequence[Message]) -> _Prepared | Failure:
        try:
            return self._prepare(conversation)
        except SadariError as error:
            return Failure(str(error))

    def _finish_or_fail(self, ready: _Prepared, done: Completion | Failure) -> Answer | Failure:
        return done if isinstance(done, Failure) else self._finish(ready, done)

    def _prepare(self, conversation: Sequence[Message]) -> _Prepared:
        passages = self._find(last_question(conversation))
        messages = build_messages(self.recipe.prompt, conversation, passages)
        room = self.model.info.context_length - self.recipe.sampling.max_tokens
        while self.model.count_tokens(messages) > room:
            if not passages:
                raise AssistantError(
                    f"the prompt is longer than the {room} tokens that {self.model.info.name} "
                    "leaves for it.",
                    todo="Shorten the persona, the examples or the question.",
                )
            passages = passages[:-1]
            messages = build_messages(self.recipe.prompt, conversation, passages)
        request = Request(
            messages=messages, sampling=self.recipe.sampling, adapter=self.recipe.adapter
        )
        found = tuple(Citation(p.document, p.heading or p.title, p.text) for p in passages)
        return _Prepared(request, found, self._evidence(messages))

    def _evidence(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """What an answer may take its numbers from: the instruction, the passages, what the user
        and the tools said. Neither the worked examples nor what the model itself said before."""
        system, conversation = messages[0], messages[1 + 2 * len(self.recipe.prompt.examples) :]
        return (system.content, *(m.content for m in conversation if m.role != "assistant"))

    def _find(self, question: str) -> tuple[Passage, ...]:
        """The best passages, as many as fit into the recipe's length, the best one always."""
        if self.index is None or self.recipe.retrieval is None:
            return ()
        taken: list[Passage] = []
        room = self.recipe.retrieval.characters
        for hit in self.index.search(question, self.recipe.retrieval.k):
            room -= len(hit.passage.text)
            if room < 0 and taken:
                break
            taken.append(hit.passage)
        return tuple(taken)

    def _finish(self, prepared: _Prepared, completion: Completion) -> Answer:
        return Answer(
            text=completion.text.strip(),
            messages=prepared.request.messages,
            retrieved=prepared.retrieved,
            citations=cite(completion.text, prepared.retrieved),
            usage=completion.usage,
            seconds=completion.seconds,
            finish_reason=completion.finish_reason,
            tool_calls=completion.tool_calls,
            ungrounded=ungrounded_numbers(completion.text, prepared.evidence),
        )
