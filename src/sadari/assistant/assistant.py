"""A recipe brought to life: find passages, build the prompt, ask the model, run the tools that it
calls, tie the answer down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sadari.assistant.grounding import cite, ungrounded_numbers
from sadari.assistant.passages import passages_for
from sadari.assistant.prompt import build_messages, check_learnt_behind, last_question
from sadari.assistant.types import Answer, AssistantError, Citation, Recipe
from sadari.domain.message import Message, system
from sadari.llm.types import (
    Completion,
    Delta,
    Failure,
    LanguageModel,
    ModelError,
    Request,
    Usage,
)
from sadari.retrieval import Index, Passage
from sadari.text import SadariError, normalise
from sadari.tools import Context, ToolResult, load_tools, read_call, run_tool

MOST_ROUNDS = 4  # times that a model may call tools before it has to answer


@dataclass(frozen=True)
class _Prepared:
    """A request on its way to the model, with what was found, called and spent for it."""

    question: str
    request: Request
    retrieved: tuple[Citation, ...]
    evidence: tuple[str, ...]
    called: tuple[ToolResult, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0


class Assistant:
    """Answers as its recipe says. `release` is the digest that is named with every answer."""

    def __init__(
        self, recipe: Recipe, model: LanguageModel, *, name: str = "", release: str = ""
    ) -> None:
        self.recipe = recipe
        self.model = model
        self.name = name or recipe.name
        self.release = release
        if recipe.adapter:
            check_learnt_behind(recipe.prompt, Path(recipe.adapter))
        self.index = Index.open(Path(recipe.retrieval.index)) if recipe.retrieval else None
        names = recipe.tools
        self.tools = (
            load_tools(Path(names.file), Context(Path(names.domain), Path(names.home)))
            if names
            else ()
        )

    async def answer(
        self,
        conversation: Sequence[Message],
        response_format: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The answer to the last user turn, in OpenAI's `response_format` if one is given. Raises
        what the model raises, and AssistantError where tools answer in words of their own."""
        prepared = self._prepare(conversation, response_format)
        if not self.tools:
            return self._finish(prepared, await self.model.complete(prepared.request))
        answer = (await self._converse([prepared]))[0]
        if isinstance(answer, Failure):
            raise ModelError(answer.reason)
        return answer

    async def answer_all(
        self, conversations: Sequence[Sequence[Message]]
    ) -> list[Answer | Failure]:
        """Answers in order, in the model's fixed batches; a failed one is a Failure."""
        prepared = [self._try_prepare(conversation) for conversation in conversations]
        answers = iter(await self._converse([p for p in prepared if isinstance(p, _Prepared)]))
        return [ready if isinstance(ready, Failure) else next(answers) for ready in prepared]

    async def stream(
        self,
        conversation: Sequence[Message],
        response_format: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[Delta]:
        """The answer piece by piece; closing the iterator stops the model. With tools it comes in
        one piece: it may only be shown once its numbers are checked."""
        if self.tools:
            answer = await self.answer(conversation, response_format)
            yield Delta(answer.text)
            yield Delta(finish_reason=answer.finish_reason, usage=answer.usage)
            return
        pieces = self.model.stream(self._prepare(conversation, response_format).request)
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

    async def _converse(self, prepared: Sequence[_Prepared]) -> list[Answer | Failure]:
        """Asks all of them together, runs the tools that are called and asks those again."""
        asked = dict(enumerate(prepared))
        answers: dict[int, Answer | Failure] = {}
        for rounds_left in reversed(range(MOST_ROUNDS)):
            completions = await self.model.complete_all([p.request for p in asked.values()])
            for number, done in zip(list(asked), completions, strict=True):
                ready = asked.pop(number)
                if isinstance(done, Failure):
                    plain = await self._plain(ready) if self.tools else None
                    answers[number] = plain or done
                elif done.tool_calls and self.tools and rounds_left:
                    asked[number] = await self._call(ready, done)
                else:
                    answers[number] = await self._checked(ready, self._finish(ready, done))
            if not asked:
                break
        return [answers[number] for number in range(len(prepared))]

    async def _call(self, ready: _Prepared, done: Completion) -> _Prepared:
        """The conversation with the calls that the model made and what they gave."""
        results = [await asyncio.to_thread(run_tool, call, self.tools) for call in done.tool_calls]
        turns = [Message("tool", r.text, tool_call_id=r.call.id) for r in results]
        messages = (
            *ready.request.messages,
            Message("assistant", done.text, done.tool_calls),
            *turns,
        )
        return replace(
            ready,
            request=replace(ready.request, messages=messages),
            evidence=(*ready.evidence, *(r.text for r in results)),
            called=(*ready.called, *results),
            usage=_sum(ready.usage, done.usage),
            seconds=ready.seconds + done.seconds,
        )

    async def _checked(self, ready: _Prepared, answer: Answer) -> Answer:
        """The answer; or what the tools say themselves, where the model gives numbers that come
        from nowhere, never gets a call right, says nothing, or refuses what a tool answers."""
        if not self.tools:
            return answer
        refuses = normalise(answer.text) in ("", normalise(self.recipe.refusal))
        unfinished = bool(answer.tool_calls) or "<tool_call>" in answer.text
        failed = bool(ready.called) and not any(result.ok for result in ready.called)
        if not (answer.ungrounded or refuses or unfinished or failed):
            return answer
        if plain := await self._plain(ready):
            return plain
        return replace(answer, text=self.recipe.refusal, ungrounded=(), tool_calls=())

    async def _plain(self, ready: _Prepared) -> Answer | None:
        """What the tools that were called said, or else the one that the question asks for."""
        called = ready.called
        if not any(result.ok for result in called):
            call = read_call(ready.question, self.tools)
            if call is None:
                return None
            called = (*called, await asyncio.to_thread(run_tool, call, self.tools))
        said = "\n".join(dict.fromkeys(result.text for result in called if result.ok))
        if not said:
            return None
        return Answer(
            text=said,
            messages=ready.request.messages,
            retrieved=ready.retrieved,
            usage=ready.usage,
            seconds=ready.seconds,
            called=called,
            plain=True,
        )

    def _prepare(
        self,
        conversation: Sequence[Message],
        response_format: Mapping[str, Any] | None = None,
    ) -> _Prepared:
        if response_format is not None and self.tools:
            raise AssistantError(
                "this assistant calls tools, and what they say is not held to a JSON form.",
                todo="Ask without response_format.",
            )
        question = last_question(conversation)
        passages: list[Passage] = []
        if self.index is not None and self.recipe.retrieval is not None:
            words = self.recipe.prompt.searched(question)
            passages = passages_for(words, self.index, self.recipe.retrieval)
        messages = build_messages(self.recipe.prompt, conversation, passages)
        room = self.model.info.context_length - self.recipe.sampling.max_tokens
        schemas = tuple(tool.schema for tool in self.tools)
        described = [system(json.dumps(schemas, ensure_ascii=False))] if schemas else []
        while self.model.count_tokens([*messages, *described]) > room:
            if not passages:
                raise AssistantError(
                    f"the prompt is longer than the {room} tokens that {self.model.info.name} "
                    "leaves for it.",
                    todo="Shorten the persona, the examples or the question.",
                )
            passages.pop()
            messages = build_messages(self.recipe.prompt, conversation, passages)
        request = Request(
            messages=messages,
            tools=schemas,
            response_format=response_format,
            sampling=self.recipe.sampling,
            adapter=self.recipe.adapter,
            template_kwargs=dict(self.recipe.prompt.template_kwargs),
        )
        found = tuple(Citation(p.document, p.heading or p.title, p.text) for p in passages)
        return _Prepared(question, request, found, self._evidence(messages))

    def _evidence(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """What an answer may take its numbers from: the instruction, the passages, what the user
        and the tools said. Neither the worked examples nor what the model itself said before."""
        system, conversation = messages[0], messages[1 + 2 * len(self.recipe.prompt.examples) :]
        return (system.content, *(m.content for m in conversation if m.role != "assistant"))

    def _finish(self, prepared: _Prepared, completion: Completion) -> Answer:
        return Answer(
            text=completion.text.strip(),
            messages=prepared.request.messages,
            retrieved=prepared.retrieved,
            citations=cite(completion.text, prepared.retrieved),
            usage=_sum(prepared.usage, completion.usage),
            seconds=prepared.seconds + completion.seconds,
            finish_reason=completion.finish_reason,
            tool_calls=completion.tool_calls,
            ungrounded=ungrounded_numbers(completion.text, prepared.evidence),
            called=prepared.called,
        )


def _sum(a: Usage, b: Usage) -> Usage:
    read, written = a.prompt_tokens + b.prompt_tokens, a.completion_tokens + b.completion_tokens
    return Usage(read, written)
