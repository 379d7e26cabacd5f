"""What people preferred: a chosen beside a rejected answer, or one answer with a thumb (KTO)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sadari.data.formats.format import Content, Format, Row, RowError, text_of
from sadari.data.formats.openai import read_turns, write_turn
from sadari.domain.message import Message, assistant, user


def _read_pair(row: Row) -> Content:
    chosen = _turns(row, "chosen")
    rejected = _turns(row, "rejected")
    prompt = _prompt(row) if "prompt" in row else ()
    if not prompt:  # both hold the whole conversation
        prompt = chosen[:-1]
        if rejected[:-1] != prompt or not prompt:
            raise RowError("chosen and rejected do not share their prompt")
        chosen, rejected = chosen[-1:], rejected[-1:]
    if len(chosen) != 1 or len(rejected) != 1 or rejected[0].role != "assistant":
        raise RowError("chosen and rejected are not one answer each")
    if rejected[0].tool_calls:
        raise RowError("rejected calls a tool")
    if not rejected[0].content.strip():
        raise RowError("rejected is empty")
    return Content((*prompt, *chosen), rejected[0].content)


def _write_pair(content: Content) -> dict[str, Any]:
    if content.rejected is None:
        raise RowError("there is no rejected answer")
    prompt, answer = _parted(content.messages)
    if _is_plain(content.messages):
        return {"prompt": prompt[0].content, "chosen": answer.content, "rejected": content.rejected}
    return {
        "prompt": [write_turn(message) for message in prompt],
        "chosen": [write_turn(answer)],
        "rejected": [write_turn(assistant(content.rejected))],
    }


def _read_rating(row: Row) -> Content:
    label = row.get("label")
    if not isinstance(label, bool):
        raise RowError("label is neither true nor false")
    completion = _turns(row, "completion")
    if len(completion) != 1:
        raise RowError("completion is not one answer")
    return Content((*_prompt(row), *completion), rating="up" if label else "down")


def _write_rating(content: Content) -> dict[str, Any]:
    if content.rating is None:
        raise RowError("there is no rating")
    prompt, answer = _parted(content.messages)
    row: dict[str, Any] = {"label": content.rating == "up"}
    if _is_plain(content.messages):
        return {"prompt": prompt[0].content, "completion": answer.content, **row}
    return {
        "prompt": [write_turn(message) for message in prompt],
        "completion": [write_turn(answer)],
        **row,
    }


def _prompt(row: Row) -> tuple[Message, ...]:
    if isinstance(row.get("prompt"), list):
        return read_turns(row["prompt"], "prompt")
    return (user(text_of(row, "prompt")),)


def _turns(row: Row, name: str) -> tuple[Message, ...]:
    if isinstance(row.get(name), list):
        return read_turns(row[name], name)
    return (assistant(text_of(row, name)),)


def _parted(messages: Sequence[Message]) -> tuple[Sequence[Message], Message]:
    if len(messages) < 2 or messages[-1].role != "assistant":
        raise RowError("it does not end with an answer to something")
    return messages[:-1], messages[-1]


def _is_plain(messages: Sequence[Message]) -> bool:
    return [m.role for m in messages] == ["user", "assistant"] and not any(
        m.tool_calls or m.tool_call_id or m.train is not None for m in messages
    )


PREFERENCE = Format(
    "preference",
    (frozenset({"chosen", "rejected"}),),
    _read_pair,
    _write_pair,
)
KTO = Format(
    "kto",
    (frozenset({"completion", "label"}),),
    _read_rating,
    _write_rating,
)
