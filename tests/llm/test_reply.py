"""Replies taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.domain.message import ToolCall
from sadari.llm.reply import parse, stop_at, visible

CALL = '<tool_call>\n{"name": "look", "arguments": {"id": 7}}\n</tool_call>'


def test_plain_text_is_left_alone() -> None:
    assert parse(" 5초입니다.\n").text == " 5초입니다.\n"


def test_thinking_is_not_the_answer() -> None:
    reply = parse("<think>\n음…\n</think>\n\n5초입니다.")
    assert (reply.reasoning, reply.text) == ("음…", "5초입니다.")


def test_thinking_that_never_ends_is_no_answer() -> None:
    assert parse("<think>음…").text == ""
    assert parse("음…</think>5초", thinking=True).text == "5초"


def test_tool_calls_are_read() -> None:
    reply = parse(f"찾아볼게요.\n{CALL}\n{CALL}")
    assert reply.text == "찾아볼게요."
    assert reply.tool_calls == (
        ToolCall("look", {"id": 7}, "call_0"),
        ToolCall("look", {"id": 7}, "call_1"),
    )


@pytest.mark.parametrize("body", ["{", "[]", '{"name": 3}', '{"name": "f", "arguments": [1]}'])
def test_a_malformed_call_stays_in_the_text(body: str) -> None:
    raw = f"<tool_call>{body}</tool_call>"
    assert parse(raw).text == raw
    assert parse(raw).tool_calls == ()


def test_arguments_as_text_and_a_missing_end_are_read() -> None:
    reply = parse('<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}')
    assert reply.tool_calls == (ToolCall("f", {"a": 1}, "call_0"),)


@given(st.sampled_from(["네. " + CALL, "<think>음</think>\n네.", "STO STOP 끝", "a<b <tool"]))
def test_what_was_shown_is_never_taken_back(raw: str) -> None:
    stops = ("STOP",)
    shown = ""
    for length in range(len(raw) + 1):
        now = visible(raw[:length], stops) if stop_at(raw[:length], stops) is None else shown
        assert now.startswith(shown)
        shown = now
    final = parse(raw[: stop_at(raw, stops)]).text
    assert final.startswith(shown.rstrip())


def test_the_first_stop_string_counts() -> None:
    assert stop_at("a 그리고 b 하지만", ("하지만", "그리고")) == 2
    assert stop_at("abc", ("x", "")) is None
