"""Records on disk: what is written is what is read, and bad lines are said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sadari.data import Record, prepare, read_records, write_records
from sadari.domain import Domain, Message, Problems, ToolCall


def test_records_survive_the_disk(tmp_path: Path, ald: Domain) -> None:
    data = prepare(ald)
    rich = Record(
        "r",
        (
            Message("system", "s", train=False),
            Message("assistant", "", (ToolCall("find", {"q": "값"}, "c1"),), train=True),
            Message("tool", "7", tool_call_id="c1"),
            Message("assistant", "7일\u2028이다."),
        ),
        "g",
        "f.json:1",
        rejected="3일",
        rating="down",
        parent="p",
    )
    path = tmp_path / "deep" / "train.jsonl"
    write_records([rich, *data.train], path)
    problems = Problems()
    assert read_records(path, problems) == [rich, *data.train]
    assert not problems
    assert [p.name for p in path.parent.iterdir()] == ["train.jsonl"]


def test_lines_of_others_are_read(tmp_path: Path) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    turns = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
    ]
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"messages": turns, "weight": 1}))
    (record,) = read_records(path, Problems())
    assert record.messages[1] == Message("assistant", "", (ToolCall("f", {"a": 1}, "c"),))
    assert record.id == record.group == record.source == f"{path}:1"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({}, "messages is missing."),
        ({"messages": []}, "messages: "),
        ({"messages": ["hi"]}, "messages.0: "),
        ({"messages": [{"role": "boss", "content": "x"}]}, "messages.0.role: input should be"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content: "),
        ({"messages": [{"role": "user", "content": "x"}], "rating": 5}, "rating: "),
    ],
)
def test_bad_lines_are_said(tmp_path: Path, line: object, said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f"\n{json.dumps(line)}\n")
    problems = Problems()
    assert read_records(path, problems) == []
    assert str(problems[0]).startswith(f"{path}:2: {said}")


def test_an_id_is_given_once(tmp_path: Path) -> None:
    line = json.dumps({"messages": [{"role": "user", "content": "x"}], "id": "a"})
    path = tmp_path / "x.jsonl"
    path.write_text(f"{line}\n{line}\n")
    problems = Problems()
    assert len(read_records(path, problems)) == 1
    assert "the id a is taken by" in problems[0].what
