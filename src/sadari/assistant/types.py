"""Recipe, bundle, answer: how an assistant is described, pinned, and what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sadari.domain.document import Term
from sadari.domain.message import Message, ToolCall
from sadari.domain.tasks import prefixed, without_prefix
from sadari.llm.types import Sampling, Usage
from sadari.text import SadariError
from sadari.tools import ToolResult


class AssistantError(SadariError):
    """A recipe that cannot be brought to life, or an answer that cannot be given."""


@dataclass(frozen=True)
class Prompt:
    """What surrounds the question: the instruction, the glossary to explain terms from
    (each term with its meaning and aliases), worked examples (question, answer), what stands before
    a conversation of each task (task, prefix), the language of the labels in between, and what the
    model's chat template is told beside the turns (name, value)."""

    system: str
    glossary: tuple[Term, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    tasks: tuple[tuple[str, str], ...] = ()
    language: str = "ko"
    template_kwargs: tuple[tuple[str, Any], ...] = ()

    def of_task(self, messages: Sequence[Message], task: str) -> tuple[Message, ...]:
        """A conversation behind the prefix of its task, if it has one."""
        return prefixed(messages, dict(self.tasks).get(task, ""))

    def searched(self, question: str) -> str:
        """The words of a question, without the prefix of a task."""
        return without_prefix(question, [prefix for _, prefix in self.tasks])


@dataclass(frozen=True)
class Retrieval:
    """Which index, how many passages, and how long together (characters)."""

    index: str
    k: int = 3
    characters: int = 900


@dataclass(frozen=True)
class Tools:
    """The file whose functions the model may call, and the folders that they are told of."""

    file: str
    domain: str
    home: str


@dataclass(frozen=True)
class Recipe:
    """A frozen way to answer. A rung of the ladder is a named recipe."""

    name: str
    model: str
    prompt: Prompt
    parent: str | None = None
    adapter: str | None = None
    retrieval: Retrieval | None = None
    tools: Tools | None = None
    sampling: Sampling = Sampling()
    refusal: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Bundle:
    """A recipe with the SHA-256 of everything it names. Scores and releases are keyed by
    `digest`; `pinned` is False where a remote model's weights cannot be hashed."""

    recipe: Recipe
    files: Mapping[str, str]
    pinned: bool

    @property
    def digest(self) -> str:
        """SHA-256 over what answers, not over where it lies or what it is called."""
        content = self.recipe.as_dict()
        for word in ("name", "parent", "adapter"):
            content.pop(word)
        if content["retrieval"]:
            content["retrieval"].pop("index")
        for word in ("tasks", "template_kwargs"):
            if not content["prompt"][word]:
                content["prompt"].pop(word)
        content["tools"] = content["tools"] is not None
        content["files"] = sorted(self.files.values())
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Citation:
    """A passage that an answer rests on."""

    document: str
    heading: str
    text: str


@dataclass(frozen=True)
class Answer:
    """What the assistant said, what it was given, and what that took. `ungrounded` are numbers
    in the answer that stand neither in the question nor in what was retrieved or called.
    `plain` says that the text is what the tools said, in place of a model's words that could not
    stand, or of a model that did not answer."""

    text: str
    messages: tuple[Message, ...]
    retrieved: tuple[Citation, ...] = ()
    citations: tuple[Citation, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0
    finish_reason: str = "stop"
    tool_calls: tuple[ToolCall, ...] = ()
    ungrounded: tuple[str, ...] = ()
    called: tuple[ToolResult, ...] = ()
    plain: bool = False
