"""What a format can say comes back: rows through records, and records through rows."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadari.data import Record
from sadari.data.formats import FORMATS, NAMES, Source, export_records, format_of, import_records
from sadari.data.formats.known import read_row, write_row
from sadari.domain import Message, ToolCall

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)
WORD = st.text("abcdef_", min_size=1, max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORD, inner, max_size=2),
    max_leaves=4,
)
OBJECT = st.dictionaries(WORD, JSON, max_size=3)
TOOLS = st.lists(
    st.fixed_dictionaries({"type": st.just("function"), "function": OBJECT}), min_size=1, max_size=2
)
ANSWERS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3)


def turns(pairs: list[tuple[str, str]], asked: str = "user", answered: str = "") -> list[Any]:
    names = ("from", "value") if answered else ("role", "content")
    answered = answered or "assistant"
    return [
        dict(zip(names, turn, strict=True))
        for question, answer in pairs
        for turn in ((asked, question), (answered, answer))
    ]


@st.composite
def openai_rows(draw: st.DrawFn) -> dict[str, Any]:
    messages = turns(draw(ANSWERS))
    if draw(st.booleans()):
        role = draw(st.sampled_from(["system", "developer"]))
        messages.insert(0, {"role": role, "content": draw(TEXT)})
    for turn in messages:
        if turn["role"] == "assistant" and draw(st.booleans()):
            turn["weight"] = draw(st.sampled_from([0, 1]))
        if turn["role"] == "user" and draw(st.booleans()):
            turn["name"] = draw(WORD)
    if draw(st.booleans()):
        arguments = json.dumps(draw(OBJECT), indent=draw(st.sampled_from([None, 2])))
        call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}
        messages += [
            {"role": "user", "content": draw(TEXT)},
            draw(
                st.sampled_from(
                    [
                        {"role": "assistant", "content": None, "tool_calls": [call]},
                        {"role": "assistant", "tool_calls": [call]},
                        {"role": "assistant", "content": "찾아보죠", "tool_calls": [call]},
                    ]
                )
            ),
            {"role": "tool", "tool_call_id": "c1", "content": draw(TEXT)},
            {"role": "assistant", "content": [{"type": "text", "text": draw(TEXT)}]},
        ]
    row: dict[str, Any] = {"messages": messages}
    if draw(st.booleans()):
        row |= {"tools": draw(TOOLS), "parallel_tool_calls": draw(st.booleans())}
    return row


@st.composite
def alpaca_rows(draw: st.DrawFn) -> dict[str, Any]:
    row: dict[str, Any] = {"instruction": draw(TEXT), "output": draw(TEXT)}
    more = {"input": st.just("") | TEXT, "system": st.just("") | TEXT,
            "history": st.lists(st.tuples(TEXT, TEXT).map(list), max_size=2)}  # fmt: skip
    return row | {name: draw(value) for name, value in more.items() if draw(st.booleans())}


@st.composite
def sharegpt_rows(draw: st.DrawFn) -> dict[str, Any]:
    asked = draw(st.sampled_from(["human", "user"]))
    conversations = turns(draw(ANSWERS), asked, draw(st.sampled_from(["gpt", "assistant"])))
    row: dict[str, Any] = {"conversations": conversations}
    if draw(st.booleans()):
        call = json.dumps({"name": "f", "arguments": draw(OBJECT)})
        conversations += [
            {"from": asked, "value": draw(TEXT)},
            {"from": "function_call", "value": call},
            {"from": "observation", "value": draw(TEXT)},
            {"from": "gpt", "value": draw(TEXT)},
        ]
        tools = draw(TOOLS)
        row["tools"] = draw(st.sampled_from([tools, json.dumps(tools)]))
    return row | ({"system": draw(TEXT)} if draw(st.booleans()) else {})


@st.composite
def preference_rows(draw: st.DrawFn) -> dict[str, Any]:
    prompt, chosen, rejected = draw(TEXT), draw(TEXT), draw(TEXT)
    ask, good, bad = (
        [{"role": role, "content": text}]
        for role, text in (("user", prompt), ("assistant", chosen), ("assistant", rejected))
    )
    return draw(
        st.sampled_from(
            [
                {"prompt": prompt, "chosen": chosen, "rejected": rejected},
                {"prompt": ask, "chosen": good, "rejected": bad},
                {"chosen": ask + good, "rejected": ask + bad},
                {"prompt": prompt, "chosen": good, "rejected": rejected},
            ]
        )
    )


@st.composite
def session_rows(draw: st.DrawFn) -> dict[str, Any]:
    messages = turns(draw(ANSWERS))
    name = draw(st.sampled_from(["order_state", "state"]))
    messages[-1][name] = draw(OBJECT)
    return {"customer_name": draw(TEXT), "messages": messages}


ROWS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "qa": st.tuples(
        st.sampled_from([("question", "answer"), ("Q", "A"), ("질문", "답변")]), TEXT, TEXT
    ).map(lambda drawn: {drawn[0][0]: drawn[1], drawn[0][1]: drawn[2]}),
    "openai": openai_rows(),
    "alpaca": alpaca_rows(),
    "sharegpt": sharegpt_rows(),
    "preference": preference_rows(),
    "kto": st.fixed_dictionaries({"prompt": TEXT, "completion": TEXT, "label": st.booleans()}),
    "session": session_rows(),
}
BESIDE = st.fixed_dictionaries(
    {},
    optional={"id": TEXT | st.integers(), "group": TEXT, "meta": JSON, "task": TEXT, "lang": TEXT},
)


def test_every_format_is_tried() -> None:
    assert set(ROWS) == {form.name for form in FORMATS}


@pytest.mark.parametrize("name", sorted(ROWS))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_row_comes_back(name: str, data: st.DataObject) -> None:
    row = {**data.draw(BESIDE), **data.draw(ROWS[name])}
    assert format_of(row) == name
    record = read_row(name, row, "x.jsonl:1")
    assert json.dumps(write_row(name, record), sort_keys=True) == json.dumps(row, sort_keys=True)
    kept = json.loads(json.dumps(write_row("sadari", record)))
    assert read_row("sadari", kept, "y:1") == record, "our own lines keep every format's rest"


@pytest.mark.parametrize("name", sorted(set(ROWS) - {"openai"}))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=TEXT, answered=TEXT, group=TEXT, task=TEXT)
def test_a_record_comes_back(name: str, asked: str, answered: str, group: str, task: str) -> None:
    record = Record(
        "r1", (Message("user", asked), Message("assistant", answered)), group, "f:1", task,
        rejected="틀린 답", rating="up", parent="r0",
    )  # fmt: skip
    row = json.loads(json.dumps(write_row(name, record)))
    back = read_row(name, row, "elsewhere:9")
    assert (back.id, back.messages, back.group, back.source) == (
        "r1",
        record.messages,
        group,
        "f:1",
    )
    assert (back.task, back.rejected, back.rating, back.parent) == (task, "틀린 답", "up", "r0")


# What tables, lines and JSON have their own meaning for.
MESSY = st.text("a가,\"'\r\n\t[]{}:1", min_size=1, max_size=8).filter(
    lambda text: bool(text.strip())
)


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".tsv", ""])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(pairs=st.lists(st.tuples(TEXT | MESSY, TEXT | MESSY), min_size=1, max_size=3))
def test_files_of_every_kind_come_back(suffix: str, pairs: list[tuple[str, str]]) -> None:
    records = [
        Record(f"r{n}", (Message("user", q), Message("assistant", a)), "g", "s:1")
        for n, (q, a) in enumerate(pairs)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out{suffix}"
        step = export_records(records, path, "qa")
        assert (step.rows_in, step.rows_out) == (len(records), len(records))
        back, step = import_records(Source(path))
    assert (step.rows_in, step.rows_out) == (len(records), len(records))
    assert [(r.id, r.messages, r.group) for r in back] == [
        (r.id, r.messages, r.group) for r in records
    ]


def test_cells_that_look_like_json_are_texts(tmp_path: Path) -> None:
    records = [
        Record(f"r{n}", (Message("user", asked), Message("assistant", said)), "g", "s", rating="up")
        for n, (asked, said) in enumerate([("[1]", '{"a": 1}'), ("[", '[{"x": "y"}]'), ("{", "[]")])
    ]
    export_records(records, tmp_path / "kto.csv", "kto")
    back, _ = import_records(Source(tmp_path / "kto.csv"))
    assert [r.messages for r in back] == [r.messages for r in records]


def test_tools_and_calls_survive_a_datasets_folder(tmp_path: Path) -> None:
    call = ToolCall("find", {"where": {"deep": [1, "둘"]}}, "c1")
    rich = Record(
        "r",
        (
            Message("user", "찾아 줘"),
            Message("assistant", "", (call,)),
            Message("tool", "7", tool_call_id="c1"),
            Message("assistant", "7입니다.", train=True),
        ),
        "g",
        "s",
        extra={"tools": [{"type": "function", "function": {"name": "find"}}]},
    )
    plain = Record("p", (Message("user", "json:{}"), Message("assistant", "네")), "g", "s")
    export_records([rich, plain], tmp_path / "set", "sadari")
    back, _ = import_records(Source(tmp_path / "set"))
    assert back == [rich, plain]


def test_splits_of_a_datasets_folder_are_read_one_after_the_other(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict

    splits = {
        name: Dataset.from_list([{"question": f"{name}?", "answer": "네", "note": None}])
        for name in ("train", "test")
    }
    DatasetDict(splits).save_to_disk(str(tmp_path / "set"))
    records, step = import_records(Source(tmp_path / "set"))
    assert step.rows_out == 2
    assert [r.source for r in records] == [f"{tmp_path}/set/{n} row 1" for n in ("train", "test")]


def test_what_a_format_cannot_hold_is_counted(tmp_path: Path) -> None:
    two = Record("a", (Message("user", "?"), Message("assistant", "!")) * 2, "g", "f:1")
    step = export_records([two], tmp_path / "out.jsonl", "qa")
    assert step.rows_out == 0
    assert step.set_aside[0].source == "f:1 (a)"
    assert step.set_aside[0].reason == "qa: 4 turns do not fit a question and an answer"
    step = export_records([two], tmp_path / "out2.jsonl", "kto")
    assert step.set_aside[0].reason == "kto: there is no rating"


def test_a_record_changed_since_it_was_read_is_written_as_it_is_now() -> None:
    row = {"instruction": "고쳐라", "input": "글", "output": "고친 글", "meta": 5}
    record = read_row("alpaca", row, "x:1")
    changed = replace(record, messages=(record.messages[0], Message("assistant", "다른 글")))
    assert write_row("alpaca", changed) == {**row, "output": "다른 글"}
    other = replace(record, messages=(Message("user", "새 물음"), record.messages[1]))
    assert write_row("alpaca", other)["instruction"] == "새 물음"
    assert write_row("alpaca", other)["meta"] == 5


def test_names_are_those_that_help_shows() -> None:
    assert NAMES == (
        "sadari", "session", "preference", "kto", "alpaca", "sharegpt", "qa", "openai",
    )  # fmt: skip
