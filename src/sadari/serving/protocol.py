"""OpenAI's chat protocol: what a client may send, and what it gets back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sadari.assistant.types import Answer
from sadari.domain.message import Message, Role, ToolCall
from sadari.llm.types import Usage

Given = dict[str, Any]


class TextPart(BaseModel):
    """A piece of a message; only text is understood."""

    type: Literal["text"]
    text: str


class CalledFunction(BaseModel):
    """The function that an earlier assistant turn called, its arguments as JSON text."""

    name: str
    arguments: str = "{}"


class CalledTool(BaseModel):
    """One call of an earlier assistant turn."""

    id: str = ""
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(BaseModel):
    """One turn as a client writes it. `developer` is OpenAI's newer word for `system`."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[CalledTool] = Field(default_factory=list)
    tool_call_id: str | None = None

    def as_message(self) -> Message:
        """The turn in sadari's form. Raises ValueError for arguments that are no JSON object."""
        role: Role = "system" if self.role == "developer" else self.role
        content = self.content or ""
        if not isinstance(content, str):
            content = "".join(part.text for part in content)
        calls = tuple(_call(call) for call in self.tool_calls)
        return Message(role, content, calls, self.tool_call_id)


class StreamOptions(BaseModel):
    """How a stream ends."""

    include_usage: bool = False


class NamedSchema(BaseModel):
    """A JSON schema with its name. The answer is held to it, `strict` or not."""

    model_config = ConfigDict(extra="allow")

    name: str
    schema_: dict[str, Any] = Field(alias="schema")


class ResponseFormat(BaseModel):
    """The form of the answer: text as it comes, any JSON object, or JSON of a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: NamedSchema | None = None

    @model_validator(mode="after")
    def _has_its_schema(self) -> ResponseFormat:
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("json_schema goes with the type json_schema")
        return self

    def as_sent(self) -> Given | None:
        """What the client sent, whole; None for text."""
        if self.type == "text":
            return None
        return self.model_dump(by_alias=True, exclude_unset=True)


class ChatRequest(BaseModel):
    """The body of POST /v1/chat/completions. A release answers as it was measured: fields that
    would change how (temperature, max_tokens, seed…) are named in the answer as ignored. Only its
    form may be asked for."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] = 1
    response_format: ResponseFormat | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, body: Any) -> Any:
        """JSON can spell half of a character ("\\ud800"), which no answer could quote."""
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("half of a surrogate pair stands alone; send whole characters") from (
                error
            )
        return body

    def ignored(self) -> list[str]:
        """Names of the fields that were sent and change nothing."""
        return sorted(self.model_extra or {})


def completion(answer: Answer, head: Given, sadari: Given) -> Given:
    """The body of a whole answer; `head` holds id, created and model."""
    message: Given = {"role": "assistant", "content": answer.text}
    if answer.tool_calls:
        message["tool_calls"] = _called(answer.tool_calls)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": answer.finish_reason,
    }
    return {
        "object": "chat.completion",
        **head,
        "choices": [choice],
        "usage": counted(answer.usage),
        "sadari": sadari,
    }


def chunk(head: Given, delta: Given, finish_reason: str | None, sadari: Given) -> Given:
    """One piece of a streamed answer."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return {"object": "chat.completion.chunk", **head, "choices": [choice], "sadari": sadari}


def calls_delta(calls: Sequence[ToolCall]) -> Given:
    """Tool calls as the content of one streamed piece."""
    return {"tool_calls": [{"index": index, **call} for index, call in enumerate(_called(calls))]}


def counted(usage: Usage) -> Given:
    """Tokens in OpenAI's words."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def refusal(message: str, kind: str, param: str | None = None, code: str | None = None) -> Given:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def event(data: Given) -> str:
    """One server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _call(call: CalledTool) -> ToolCall:
    arguments = json.loads(call.function.arguments or "{}")
    if not isinstance(arguments, dict):
        raise ValueError(f"the arguments of {call.function.name} are not a JSON object")
    return ToolCall(call.function.name, arguments, call.id)


def _called(calls: Sequence[ToolCall]) -> list[Given]:
    return [
        {
            "id": call.id or f"call_{index}",
            "type": "function",
            "function": {
                "name": call.name,
                "arguments": json.dumps(dict(call.arguments), ensure_ascii=False),
            },
        }
        for index, call in enumerate(calls)
    ]
