"""Formats of a question and an answer: plain pairs, and Alpaca's instructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sadari.data.formats.format import Content, Format, Row, RowError, text_of
from sadari.domain.message import Message, assistant, system, user

_ASKED = ("question", "Q", "q", "질문", "문의")
_ANSWERED = ("answer", "A", "a", "답변", "답", "응답")


def _read_pair(row: Row) -> Content:
    return Content((user(text_of(row, *_ASKED)), assistant(text_of(row, *_ANSWERED))))


def _write_pair(content: Content) -> dict[str, Any]:
    _, turns = split_system(content.messages, "a question and an answer")
    if len(content.messages) != 2 or len(turns) != 1:
        raise RowError(f"{len(content.messages)} turns do not fit a question and an answer")
    [(question, answer)] = turns
    return {"question": question, "answer": answer}


def _read_alpaca(row: Row) -> Content:
    asked = text_of(row, "instruction")
    given = row.get("input") or ""
    if not isinstance(given, str):
        raise RowError("input is no text")
    messages = [user(f"{asked}\n\n{given}" if given else asked), assistant(text_of(row, "output"))]
    history = row.get("history") or []
    if not isinstance(history, list) or not all(_is_pair(pair) for pair in history):
        raise RowError("history is no list of pairs of texts")
    before = [turn for pair in history for turn in (user(pair[0]), assistant(pair[1]))]
    said = row.get("system") or ""
    if not isinstance(said, str):
        raise RowError("system is no text")
    return Content(((system(said),) if said else ()) + (*before, *messages))


def _write_alpaca(content: Content) -> dict[str, Any]:
    said, turns = split_system(content.messages, "Alpaca")
    if not turns:
        raise RowError("no question and answer for Alpaca")
    row: dict[str, Any] = {"instruction": turns[-1][0], "input": "", "output": turns[-1][1]}
    if said:
        row["system"] = said
    if len(turns) > 1:
        row["history"] = [list(turn) for turn in turns[:-1]]
    return row


def split_system(messages: Sequence[Message], where: str) -> tuple[str, list[tuple[str, str]]]:
    """(system text, pairs of a user's and an assistant's text). Raises RowError for what is not
    made of such pairs, calls tools, or says what is learned."""
    said = messages[0].content if messages and messages[0].role == "system" else ""
    spoken = messages[1:] if said else messages
    if any(m.tool_calls or m.tool_call_id or m.train is not None for m in messages):
        raise RowError(f"tool calls and marks of what is learned have no place in {where}")
    if [m.role for m in spoken] != ["user", "assistant"] * (len(spoken) // 2):
        raise RowError(f"turns that do not alternate have no place in {where}")
    words = [message.content for message in spoken]
    return said, list(zip(words[::2], words[1::2], strict=True))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value)


PAIR = Format(
    "qa",
    tuple(frozenset({q, a}) for q in _ASKED for a in _ANSWERED),
    _read_pair,
    _write_pair,
)
ALPACA = Format(
    "alpaca",
    (frozenset({"instruction", "output"}),),
    _read_alpaca,
    _write_alpaca,
)
