"""Random weights held to a schema: what comes out is JSON of it, whole or said to be cut off."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sadari.domain.message import user
from sadari.llm.grammar import Grammars, schema_of
from sadari.llm.local import LocalModel
from sadari.llm.types import Completion, FormatError, ModelError, Request, Sampling
from tests.tiny import tiny_tokenizer

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "메뉴": {"enum": ["발렌타인", "프렌치", "뷁"]},
        "수": {"type": "integer", "minimum": 1, "maximum": 10},
        "이름": {"type": "string", "maxLength": 4},
        "확정": {"type": "boolean"},
        "주소": {"type": "null"},
    },
    "required": ["메뉴", "수", "이름", "확정", "주소"],
    "additionalProperties": False,
}
FLAGS: dict[str, Any] = {
    "type": "array",
    "items": {"type": "boolean"},
    "minItems": 2,
    "maxItems": 5,
}


def held_to(schema: dict[str, Any]) -> dict[str, Any]:
    named = {"name": "order", "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": named}


def asked(
    text: str, schema: dict[str, Any] | None, *, tokens: int = 160, temperature: float = 0.0
) -> Request:
    form = held_to(schema) if schema else None
    sampling = Sampling(tokens, temperature, seed=3)
    return Request((user(text),), response_format=form, sampling=sampling)


def is_order(text: str) -> bool:
    found = json.loads(text)
    return (
        list(found) == ORDER["required"]
        and found["메뉴"] in ORDER["properties"]["메뉴"]["enum"]
        and type(found["수"]) is int
        and 1 <= found["수"] <= 10
        and isinstance(found["이름"], str)
        and len(found["이름"]) <= 4
        and isinstance(found["확정"], bool)
        and found["주소"] is None
    )


@pytest.fixture(scope="module", params=["llama", "mistral"])
def model(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Any:
    """The ragged engine's shape and the padded one's."""
    opened = LocalModel(folders[request.param])
    yield opened
    opened.close()


def test_rows_of_a_batch_are_held_each_to_its_own(model: LocalModel) -> None:
    """Unequal prompts, two schemas and free text in one batch: no row feels its neighbours."""
    requests = [
        asked("주문?", ORDER),
        asked("이것은 훨씬 더 긴 질문입니다. 무엇을 드릴까요? 몇 개를 드릴까요?", ORDER),
        asked("참인가요?", FLAGS),
        asked("아무 말이나 하세요.", None, tokens=20),
        asked("주문해 주세요.", ORDER, temperature=1.5),
    ]
    together = asyncio.run(model.complete_all(requests))
    assert all(isinstance(one, Completion) for one in together)
    first, second, flags, free, drawn = (one for one in together if isinstance(one, Completion))
    for order in (first, second, drawn):
        assert order.finish_reason == "stop"
        assert is_order(order.text), order.text
    assert all(type(flag) is bool for flag in json.loads(flags.text))
    assert 2 <= len(json.loads(flags.text)) <= 5
    alone = asyncio.run(model.complete(requests[3]))
    assert free.text == alone.text
    assert free.text != "", "a free row is not masked"
    with pytest.raises(json.JSONDecodeError):
        json.loads(free.text)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_drawn_is_of_the_schema(model: LocalModel, seed: int) -> None:
    sampling = Sampling(160, temperature=2.0, seed=seed)
    done = asyncio.run(
        model.complete(Request((user("?"),), response_format=held_to(ORDER), sampling=sampling))
    )
    assert done.finish_reason == "stop"
    assert is_order(done.text)


def test_an_answer_that_is_cut_off_says_so(model: LocalModel) -> None:
    done = asyncio.run(model.complete(asked("?", ORDER, tokens=5)))
    assert done.finish_reason == "length"
    assert done.usage.completion_tokens == 5
    assert json.dumps({"메뉴": "발렌타인"}, ensure_ascii=False).startswith(done.text[:5])


def test_any_object_will_do(folders: dict[str, Path], tmp_path: Path) -> None:
    """`json_object`: an object of any kind, or the beginning of one that was cut off."""
    model = LocalModel(folders["llama"])
    request = Request((user("?"),), response_format={"type": "json_object"}, sampling=Sampling(60))
    done = asyncio.run(model.complete(request))
    model.close()
    assert done.text.startswith("{")
    if done.finish_reason == "stop":
        assert isinstance(json.loads(done.text), dict)
    else:
        assert (done.finish_reason, done.usage.completion_tokens) == ("length", 60)


def test_it_streams(model: LocalModel) -> None:
    async def run() -> tuple[str, str | None]:
        text, reason = "", None
        async for delta in model.stream(asked("주문?", ORDER)):
            text, reason = text + delta.text, delta.finish_reason or reason
        return text, reason

    text, reason = asyncio.run(run())
    assert reason == "stop"
    assert is_order(text)


def test_the_practice_model_fills_a_schema() -> None:
    from sadari.llm import ModelSpec, open_model

    model = open_model(ModelSpec("practice"))
    done = asyncio.run(model.complete(asked("주문할게요.", ORDER)))
    assert isinstance(model, LocalModel)
    model.close()
    assert done.finish_reason == "stop"
    assert is_order(done.text), done.text


def test_markup_inside_a_string_is_no_tool_call(folders: dict[str, Path]) -> None:
    text = '<tool_call>{"name": "x", "arguments": {}}</tool_call>'
    model = LocalModel(folders["llama"])
    done = asyncio.run(model.complete(asked("?", {"const": text}, tokens=200)))
    model.close()
    assert json.loads(done.text) == text
    assert (done.tool_calls, done.finish_reason) == ((), "stop")


def test_thoughts_are_free_and_what_follows_is_not() -> None:
    tokenizer = tiny_tokenizer()
    stop = tokenizer.eos_token_id
    constraint = Grammars(tokenizer, len(tokenizer), frozenset({stop})).constraint(FLAGS, True)
    text = "음</think>["
    reasons = []
    for place, token in enumerate(tokenizer.encode(text, add_special_tokens=False), start=1):
        reasons.append(constraint.take(token, text[:place]))
        assert constraint.waiting == ("</think>" not in text[:place])
    assert set(reasons) == {None}


def test_a_schema_too_large_to_go_on_with_does_not_pass_for_whole(model: LocalModel) -> None:
    """The grammar gives up after a few tokens: no "stop" may stand under half an object."""
    properties = {f"p{number}": {"type": "string"} for number in range(3_000)}
    try:
        done = asyncio.run(model.complete(asked("?", {"type": "object", "properties": properties})))
    except FormatError:
        return
    assert done.finish_reason == "length" or isinstance(json.loads(done.text), dict)


def test_thoughts_do_not_end_the_answer() -> None:
    import torch

    tokenizer = tiny_tokenizer()
    stop = tokenizer.eos_token_id
    grammars = Grammars(tokenizer, len(tokenizer), frozenset({stop}))
    logits = torch.zeros(len(tokenizer))
    grammars.constraint(FLAGS, True).apply(logits)
    assert (logits == float("-inf")).nonzero().flatten().tolist() == [stop]


def test_the_end_is_allowed_where_the_answer_may_end() -> None:
    import torch

    tokenizer = tiny_tokenizer()
    stop = tokenizer.eos_token_id
    grammars = Grammars(tokenizer, len(tokenizer) + 5, frozenset({stop}))
    constraint = grammars.constraint({"type": "integer"})
    logits = torch.zeros(len(tokenizer) + 5)
    constraint.apply(logits)
    assert logits[stop] == float("-inf"), "nothing is no integer"
    assert (logits[len(tokenizer) :] == float("-inf")).all(), "logits that are no token"
    (seven,) = tokenizer.encode("7", add_special_tokens=False)
    assert logits[seven] == 0
    constraint.take(seven, "7")
    logits = torch.zeros(len(tokenizer) + 5)
    constraint.apply(logits)
    assert logits[stop] == 0


@pytest.mark.parametrize(
    "form",
    [
        {"type": "xml"},
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {"name": "x", "schema": 7}},
        {},
    ],
)
def test_an_unknown_form_is_refused(form: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="not known"):
        schema_of(form)


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(levels):
        schema = {"anyOf": [schema, {"type": "null"}]}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "banana"},
        {"minimum": "x"},
        {"$ref": "#/nowhere"},
        {"$ref": "file:///etc/hostname"},
        {"type": "integer", "minimum": 5, "maximum": 3},
        {"type": "array", "uniqueItems": True},
        {"type": "array", "uniqueItems": True, "x-guidance": {"lenient": True}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        deep(200),
        deep(5000),
    ],
    ids=[
        "type",
        "limit",
        "ref",
        "file",
        "empty",
        "keyword",
        "lenient",
        "circle",
        "deep",
        "deepest",
    ],
)
def test_a_schema_that_cannot_be_followed_is_refused(
    model: LocalModel, schema: dict[str, Any]
) -> None:
    with pytest.raises(FormatError, match="cannot be followed"):
        asyncio.run(model.complete(asked("?", schema)))
    assert asyncio.run(model.complete(asked("?", FLAGS))).finish_reason == "stop", "and goes on"


def test_tools_and_a_form_are_not_both_promised(model: LocalModel) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    request = Request((user("?"),), tools=(tool,), response_format={"type": "json_object"})
    with pytest.raises(FormatError, match="cannot call tools"):
        asyncio.run(model.complete(request))


def test_without_the_extra_the_command_is_named(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "llguidance", None)
    model = LocalModel(folders["llama"])
    with pytest.raises(ModelError, match=r"sadari\[json\]"):
        asyncio.run(model.complete(asked("?", FLAGS)))
    model.close()
