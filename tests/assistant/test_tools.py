"""The tools rung: calls are run, answers grounded in what they gave, or replaced by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from sadari.assistant import Answer, Assistant, AssistantError, Prompt, Recipe, Tools
from sadari.domain.message import ToolCall, user
from sadari.llm.types import Completion, Failure, Request
from tests.assistant.conftest import Parrot

CLOCK = '''
from typing import Annotated

from pydantic import Field

from sadari.tools import Context


def travel_time(context: Context, bay: Annotated[str, Field(pattern=r"베이\\d+")]) -> str:
    """베이까지 지금 얼마나 걸리는지 알려 준다."""
    return f"{bay}까지 12분 걸립니다."
'''


def _with_tools(folder: Path, say: Callable[[Request], Completion]) -> tuple[Assistant, Parrot]:
    (folder / "tools.py").write_text(CLOCK, encoding="utf-8")
    recipe = Recipe(
        "tools",
        "parrot",
        Prompt("길 안내원이다."),
        tools=Tools(str(folder / "tools.py"), str(folder), str(folder)),
        refusal="모릅니다.",
    )
    model = Caller(lambda request: "", calls=say)
    return Assistant(recipe, model), model


@dataclass
class Caller(Parrot):
    """A parrot that may also call tools, or fail."""

    calls: Callable[[Request], Completion] = lambda request: Completion("")

    async def complete_all(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        self.asked.extend(requests)
        return [
            Failure("the endpoint is down") if "끊긴" in str(r.messages) else self.calls(r)
            for r in requests
        ]


def _call(name: str, **arguments: str) -> Completion:
    return Completion("", tool_calls=(ToolCall(name, arguments, "call_1"),))


def test_a_called_tool_runs_and_its_result_grounds_the_answer(tmp_path: Path) -> None:
    def say(request: Request) -> Completion:
        if request.messages[-1].role == "tool":
            return Completion("약 12분이에요.")
        return _call("travel_time", bay="베이3")

    assistant, model = _with_tools(tmp_path, say)
    answer = asyncio.run(assistant.answer([user("베이3까지 얼마나 걸려?")]))
    assert (answer.text, answer.plain, answer.ungrounded) == ("약 12분이에요.", False, ())
    assert [(r.call.name, r.text) for r in answer.called] == [
        ("travel_time", "베이3까지 12분 걸립니다.")
    ]
    assert model.asked[0].tools[0]["function"]["name"] == "travel_time"
    assert [m.role for m in model.asked[1].messages] == ["system", "user", "assistant", "tool"]


@pytest.mark.parametrize(
    "said",
    [
        Completion("13분 걸려요."),  # a number from nowhere
        Completion("모릅니다."),  # it refuses what a tool answers
        _call("travel_time", bay="화장실"),  # it never gets the arguments right
        _call("no_such_tool"),
        Completion('<tool_call>\n{"name": "travel'),
    ],
)
def test_an_answer_that_cannot_stand_is_replaced_by_what_the_tool_says(
    said: Completion, tmp_path: Path
) -> None:
    """PREVENT: a language model invents a number."""
    assistant, model = _with_tools(tmp_path, lambda request: said)
    answer = asyncio.run(assistant.answer([user("베이3까지 지금 얼마나 걸려?")]))
    assert (answer.text, answer.plain) == ("베이3까지 12분 걸립니다.", True)
    assert len(model.asked) <= 4, "the loop is bounded"


def test_without_a_model_the_tools_still_answer(tmp_path: Path) -> None:
    """PREVENT: one dead dependency takes everything down."""
    assistant, _ = _with_tools(tmp_path, lambda request: Completion("안녕하세요."))
    asked = [[user("끊긴 동안 베이7까지 얼마나 걸려?")], [user("끊긴 인사")], [user("안녕?")]]
    answers = asyncio.run(assistant.answer_all(asked))
    assert isinstance(answers[0], Answer)
    assert (answers[0].text, answers[0].plain) == ("베이7까지 12분 걸립니다.", True)
    assert answers[1] == Failure("the endpoint is down")
    assert isinstance(answers[2], Answer)
    assert answers[2].text == "안녕하세요."


def test_numbers_without_a_tool_that_backs_them_become_a_refusal(tmp_path: Path) -> None:
    assistant, _ = _with_tools(tmp_path, lambda request: Completion("재고는 99개입니다."))
    answer = asyncio.run(assistant.answer([user("창고 재고는?")]))
    assert (answer.text, answer.ungrounded) == ("모릅니다.", ())


def test_words_after_calls_that_all_failed_do_not_stand(tmp_path: Path) -> None:
    replies = iter([_call("no_such_tool"), Completion("곧 도착해요.")])
    assistant, _ = _with_tools(tmp_path, lambda request: next(replies))
    answer = asyncio.run(assistant.answer([user("베이3까지 지금 얼마나 걸려?")]))
    assert (answer.text, answer.plain) == ("베이3까지 12분 걸립니다.", True)
    assert [result.ok for result in answer.called] == [False, True]


def test_what_tools_say_is_not_promised_as_json(tmp_path: Path) -> None:
    assistant, model = _with_tools(tmp_path, lambda _: Completion("{}"))
    with pytest.raises(AssistantError, match="not held to a JSON form"):
        asyncio.run(assistant.answer([user("베이3까지?")], {"type": "json_object"}))
    assert model.asked == []
