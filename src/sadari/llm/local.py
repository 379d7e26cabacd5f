"""A Transformers model on this machine: batched, streamed, with adapters that come and go."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from sadari.domain.message import Message
from sadari.llm import weights
from sadari.llm.adapters import Adapters
from sadari.llm.decode import Row, Timing
from sadari.llm.generator import BATCH_ROWS, Generator
from sadari.llm.grammar import schema_of
from sadari.llm.logprobs import answer_logprobs
from sadari.llm.processes import give_memory_back
from sadari.llm.render import ids_digest, render
from sadari.llm.reply import parse, visible
from sadari.llm.types import (
    Completion,
    Delta,
    Failure,
    FormatError,
    ModelError,
    ModelInfo,
    Price,
    Request,
    Usage,
)

T = TypeVar("T")


@dataclass
class _Job:
    """One request on its way through the worker."""

    request: Request
    show: Callable[[str], None] | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    row: Row | None = None
    future: Future[Completion] = field(default_factory=Future)


class LocalModel:
    """A causal language model and the adapters over it.

    All work with the weights happens in one thread, so the event loop stays free; requests that
    wait for it together are answered in one batch. `complete_all` makes its batches from the
    requests alone, so the same requests give the same answers."""

    def __init__(
        self, folder: Path, *, name: str = "", dtype: str | None = None, price: Price | None = None
    ) -> None:
        self.tokenizer = weights.load_tokenizer(folder)
        self.model = weights.load_model(folder, dtype)
        config, called = self.model.config, name or folder.name
        self._info = weights.info_of(folder, config, name=called, price=price)
        self._adapters = Adapters(self.model, self.tokenizer, self._info.digest or "")
        self._generator = Generator(self.model, self.tokenizer, self._adapters)
        threads = 1 if weights.is_small(folder) else torch.get_num_threads()
        self._worker = ThreadPoolExecutor(
            1,
            thread_name_prefix="sadari-model",
            initializer=torch.set_num_threads,
            initargs=(threads,),
        )
        self._waiting: deque[_Job] = deque()

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def adapters(self) -> tuple[str, ...]:
        """Folders of the adapters in memory."""
        return self._adapters.loaded

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return len(render(self.tokenizer, messages).ids)

    async def complete(self, request: Request) -> Completion:
        """The answer to one request; requests that wait together share a batch.

        Raises `ModelError`. Cancelling the task ends the generation within one token."""
        job = _Job(request)
        self._enqueue(job)
        try:
            return await asyncio.wrap_future(job.future)
        finally:
            job.cancelled.set()

    async def complete_all(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        answers: list[Completion | Failure] = [Failure("not asked")] * len(requests)
        rows: list[Row | None] = []
        for place, request in enumerate(requests):
            try:
                rows.append(self._row(_Job(request)))
            except ModelError as error:
                rows.append(None)
                answers[place] = Failure(str(error))
        stop = threading.Event()
        try:
            for adapter, places in self._groups(requests, rows):
                group = [row for place in places if (row := rows[place]) is not None]
                for row in group:
                    row.cancelled = stop
                try:
                    timings = await self._work(self._generator.answer, adapter, group)
                except ModelError as error:
                    for place in places:
                        answers[place] = Failure(str(error))
                    continue
                for place, row, timing in zip(places, group, timings, strict=True):
                    answers[place] = self._completion(row, timing)
        finally:
            stop.set()
            if len(requests) > 1:
                give_memory_back()
        return answers

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Text as it is written, thinking and tool-call markup left out; the last delta carries
        the reason for stopping, the usage and the tool calls. Closing the iterator ends the
        generation within one token."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[str | None] = asyncio.Queue()

        def put(event: str | None) -> None:
            with suppress(RuntimeError):  # the loop is gone, and nobody reads any more
                loop.call_soon_threadsafe(events.put_nowait, event)

        job = _Job(request, show=put)
        job.future.add_done_callback(lambda _: put(None))
        self._enqueue(job)
        raw, shown = "", ""
        try:
            while (piece := await events.get()) is not None:
                raw += piece
                thinking = job.row is not None and job.row.thinking
                text = visible(raw, request.sampling.stop, thinking)
                if len(text) > len(shown):
                    yield Delta(text[len(shown) :])
                    shown = text
            done = job.future.result()
            if done.text.startswith(shown) and done.text != shown:
                yield Delta(done.text[len(shown) :])
            yield Delta(
                finish_reason=done.finish_reason, usage=done.usage, tool_calls=done.tool_calls
            )
        finally:
            job.cancelled.set()

    def answer_logprobs(
        self, pairs: Sequence[tuple[tuple[Message, ...], str]], adapter: str | None = None
    ) -> list[list[float]]:
        """Log-probability of each token of the answers, end-of-turn token included."""

        def work() -> list[list[float]]:
            with self._adapters.active(adapter) as prefix:
                return answer_logprobs(self.model, self.tokenizer, pairs, prefix)

        return self._worker.submit(work).result()

    async def drop(self, adapter: str) -> None:
        """Frees the memory of an adapter; the next request for it loads it again."""
        await self._work(self._adapters.drop, adapter)

    async def record(self, adapter: str) -> None:
        """Writes `base.json` beside an adapter that was just trained on this model: which base it
        belongs to and how it answers a canary prompt. From then on, loading it checks both."""
        await self._work(self._adapters.record, adapter)

    def close(self) -> None:
        """Waits for the work in hand and ends the worker thread."""
        self._worker.shutdown()

    async def _work(self, function: Callable[..., T], *arguments: Any) -> T:
        """Runs a function in the thread that owns the weights."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, function, *arguments)

    def _enqueue(self, job: _Job) -> None:
        self._waiting.append(job)
        self._worker.submit(self._answer_waiting)

    def _answer_waiting(self) -> None:
        """One batch of what waits, all for one adapter. Runs once per request that ever waited,
        so it finds nothing left where an earlier run took several."""
        jobs: list[_Job] = []
        others: list[_Job] = []
        while self._waiting and len(jobs) < BATCH_ROWS:
            job = self._waiting.popleft()
            if jobs and job.request.adapter != jobs[0].request.adapter:
                others.append(job)
            elif job.future.set_running_or_notify_cancel():
                jobs.append(job)
        self._waiting.extendleft(reversed(others))
        rows: list[Row] = []
        asked: list[_Job] = []
        for job in jobs:
            try:
                rows.append(self._row(job))
                asked.append(job)
            except Exception as error:  # whatever happens, nobody may wait for ever
                job.future.set_exception(error)
        if rows:
            self._answer(asked, rows)

    def _answer(self, jobs: Sequence[_Job], rows: Sequence[Row]) -> None:
        try:
            timings = self._generator.answer(jobs[0].request.adapter, rows, share=False)
            done = [
                self._completion(row, timing) for row, timing in zip(rows, timings, strict=True)
            ]
        except Exception as error:  # as above
            for job in jobs:
                job.future.set_exception(error)
            return
        for job, completion in zip(jobs, done, strict=True):
            job.future.set_result(completion)

    def _groups(
        self, requests: Sequence[Request], rows: Sequence[Row | None]
    ) -> list[tuple[str | None, list[int]]]:
        """Places of the askable requests by adapter, like lengths together, longest first, so
        that running out of memory shows at once."""
        groups: dict[str | None, list[tuple[int, int]]] = {}
        for place, row in enumerate(rows):
            if row is not None:
                lengths = groups.setdefault(requests[place].adapter, [])
                lengths.append((-len(row.prompt), place))
        return [
            (adapter, [place for _, place in sorted(lengths)])
            for adapter, lengths in groups.items()
        ]

    def _row(self, job: _Job) -> Row:
        request = job.request
        schema = schema_of(request.response_format)
        if schema is not None and request.tools:
            raise FormatError(
                "an answer that must be JSON cannot call tools as well.",
                todo="Ask without response_format, or without tools.",
            )
        prompt = render(
            self.tokenizer, request.messages, request.tools, True, request.template_kwargs
        ).ids
        room = self._info.context_length - len(prompt)
        if room < 1:
            raise ModelError(
                f"the prompt has {len(prompt):,} tokens and {self._info.name} reads "
                f"{self._info.context_length:,}.",
                todo="Give fewer or shorter passages, or fewer examples.",
            )
        sampling = replace(
            request.sampling, max_tokens=max(1, min(request.sampling.max_tokens, room))
        )
        thinking = self.tokenizer.decode(prompt[-12:]).rstrip().endswith("<think>")
        job.row = Row(prompt, sampling, thinking, job.show, job.cancelled)
        if schema is not None:
            job.row.constraint = self._generator.grammars.constraint(schema, thinking)
        return job.row

    def _completion(self, row: Row, timing: Timing) -> Completion:
        reply = parse(row.text, row.thinking, calls_tools=row.constraint is None)
        reason = row.finish_reason or "stop"
        return Completion(
            text=reply.text,
            finish_reason="tool_calls" if reply.tool_calls and reason == "stop" else reason,
            usage=Usage(len(row.prompt), len(row.tokens)),
            tool_calls=reply.tool_calls,
            reasoning=reply.reasoning,
            seconds=timing.total,
            first_token_seconds=timing.first_token,
            prompt_digest=ids_digest(row.prompt),
        )
