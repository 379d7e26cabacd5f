"""The language-model protocol: a request goes in, a completion comes out, batched or streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from sadari.domain.message import Message, ToolCall
from sadari.text import SadariError


class ModelError(SadariError):
    """A model could not be opened, asked, or understood."""


class FormatError(ModelError):
    """A form of the answer that was asked for and cannot be given: the asker's to mend."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. Temperature 0 is greedy, and the default everywhere."""

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """One question to a model. `adapter` is the folder of a PEFT adapter, or None for the base;
    `response_format` is OpenAI's: `{"type": "json_object"}`, or `json_schema` with a schema."""

    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    response_format: Mapping[str, Any] | None = None
    sampling: Sampling = Sampling()
    adapter: str | None = None
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Usage:
    """Tokens read and written."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Completion:
    """What the model said. `seconds` is its share of the batch; `prompt_digest` names the prompt's
    token ids (or its text, for a remote model)."""

    text: str
    finish_reason: str = "stop"
    usage: Usage = Usage()
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    seconds: float = 0.0
    first_token_seconds: float | None = None
    prompt_digest: str = ""


@dataclass(frozen=True)
class Failure:
    """A request that could not be asked: not a wrong answer, no answer."""

    reason: str


@dataclass(frozen=True)
class Delta:
    """A piece of a streamed completion; the last one carries `finish_reason`, `usage` and the tool
    calls."""

    text: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True)
class Price:
    """Money per million tokens, with where and when the figure was read."""

    input_per_million: float
    output_per_million: float
    currency: str = "KRW"
    source: str = ""


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model. `digest` hashes its weights; None for a remote one, which lies at
    `endpoint`."""

    name: str
    context_length: int
    remote: bool = False
    digest: str | None = None
    price: Price | None = None
    endpoint: str = ""


class LanguageModel(Protocol):
    """A model that answers. Failures of a single request come back as `Failure`, never raised
    across its neighbours in `complete_all`."""

    @property
    def info(self) -> ModelInfo: ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered prompt (an upper estimate for a remote model)."""
        ...

    async def complete(self, request: Request) -> Completion: ...

    async def complete_all(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        """Answers in order, in fixed batches, so that the same requests give the same answers."""
        ...

    def stream(self, request: Request) -> AsyncIterator[Delta]: ...


@runtime_checkable
class HasLogprobs(Protocol):
    """A model that can say how likely it finds an answer."""

    def answer_logprobs(
        self, pairs: Sequence[tuple[tuple[Message, ...], str]], adapter: str | None = None
    ) -> list[list[float]]:
        """Log-probability of each answer token, one list per (prompt messages, answer) pair."""
        ...


class Embedder(Protocol):
    """Text to vectors: rows of unit length, float32, shape (len(texts), dimension)."""

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Any: ...


@dataclass(frozen=True)
class Rendered:
    """A conversation as the model reads it: token ids, and which of them carry loss.
    Made only by `llm.render`; preview, training and serving all read this one thing. `source` is
    the file:line that it comes from, for errors."""

    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    source: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class ModelSpec:
    """Which model: `practice`, a Transformers folder or hub name, or `url` + name for any
    OpenAI-compatible endpoint, whose key is read from the environment variable `key_env`."""

    name: str = "practice"
    url: str | None = None
    key_env: str | None = None
    dtype: str | None = None
    price: Price | None = None
