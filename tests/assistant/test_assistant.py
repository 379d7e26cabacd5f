"""A recipe brought to life answers, cites, says what is ungrounded, and stops when told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sadari.assistant import (
    Answer,
    Assistant,
    AssistantError,
    Prompt,
    Recipe,
    Retrieval,
    bundle,
    recipe_for,
)
from sadari.domain import Message, read_domain
from sadari.domain.message import assistant as said
from sadari.domain.message import user
from sadari.domain.skeleton import write_skeleton
from sadari.llm.types import Failure, Request
from sadari.releases.release import recipe_from_json
from tests.assistant.conftest import Parrot


def rag(index: Path, **changes: object) -> Recipe:
    return Recipe("rag", "parrot", Prompt("전문가."), retrieval=Retrieval(str(index), **changes))  # type: ignore[arg-type]


def ask(recipe: Recipe, model: Parrot, *turns: Message) -> Answer:
    return asyncio.run(Assistant(recipe, model).answer(turns))


def test_an_answer_carries_what_it_rests_on(index: Path) -> None:
    model = Parrot(lambda _: " 반품 기간은 7일이다. 비용은 9,000원이다. ")
    answer = ask(rag(index), model, user("반품 기간은 며칠인가요?"))
    assert answer.text == "반품 기간은 7일이다. 비용은 9,000원이다."
    assert answer.retrieved[0].document == "returns"
    assert [c.heading for c in answer.citations] == ["기간", "비용"]
    assert answer.ungrounded == ("9,000원",)
    assert "[1] 반품 > 기간" in answer.messages[-1].content


def test_numbers_from_examples_and_former_answers_are_no_evidence() -> None:
    recipe = Recipe("prompt", "parrot", Prompt("전문가.", examples=(("예?", "41일이다."),)))
    model = Parrot(lambda _: "41일, 42일, 43일이다.")
    answer = ask(recipe, model, user("43일이지?"), said("42일이다."), user("정말?"))
    assert answer.ungrounded == ("41일", "42일")


def test_passages_are_dropped_from_the_end_until_the_prompt_fits(index: Path) -> None:
    model = Parrot(lambda _: "x", context_length=400)
    long = ask(rag(index), model, user("반품"))
    assert len(long.retrieved) > 1
    model.context_length = 256 + 60
    short = ask(rag(index), model, user("반품"))
    assert len(short.retrieved) == 1
    assert short.retrieved == long.retrieved[:1]


def test_a_prompt_that_never_fits_is_said() -> None:
    model = Parrot(lambda _: "x", context_length=260)
    with pytest.raises(AssistantError, match=r"longer than the 4 tokens that parrot leaves"):
        ask(Recipe("prompt", "parrot", Prompt("전문가.")), model, user("긴 질문?"))


def test_a_passage_longer_than_the_room_is_still_given(index: Path) -> None:
    answer = ask(rag(index, characters=1), Parrot(lambda _: "x"), user("반품 기간"))
    assert len(answer.retrieved) == 1


def test_one_bad_conversation_does_not_spoil_its_neighbours(index: Path) -> None:
    talks = [[user("반품?")], [said("?")], [user("어려운 것?")], [user("배송?")]]
    model = Parrot(lambda r: r.messages[-1].content[-3:])
    answers = asyncio.run(Assistant(rag(index), model).answer_all(talks))
    assert [type(a) for a in answers] == [Answer, Failure, Failure, Answer]
    assert isinstance(answers[3], Answer)
    assert answers[3].text == "배송?"


def test_a_form_of_the_answer_reaches_the_model_as_it_is(index: Path) -> None:
    model = Parrot(lambda _: "{}")
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"const": None}}}
    asyncio.run(Assistant(rag(index), model).answer([user("반품?")], form))
    ask(rag(index), model, user("반품?"))
    assert [request.response_format for request in model.asked] == [form, None]


def test_what_the_chat_template_is_told_reaches_the_model(tmp_path: Path) -> None:
    write_skeleton(tmp_path / "shop")
    settings = tmp_path / "shop" / "domain.toml"
    text = settings.read_text(encoding="utf-8")
    told = "[models]\ntemplate_kwargs = { enable_thinking = false }"
    settings.write_text(text.replace("[models]", told), encoding="utf-8")
    recipe = recipe_for(read_domain(tmp_path / "shop"), "prompt")
    model = Parrot(lambda _: "x")
    ask(recipe, model, user("반품?"))
    assert model.asked[0].template_kwargs == {"enable_thinking": False}
    kept = json.loads(json.dumps(recipe.as_dict()))
    assert recipe_from_json(kept) == recipe
    plain = replace(recipe, prompt=replace(recipe.prompt, template_kwargs=()))
    assert bundle(plain, model.info).digest != bundle(recipe, model.info).digest


def test_a_closed_stream_stops_the_model(index: Path) -> None:
    """PREVENT 24, on this floor."""
    model = Parrot(lambda _: "하나 둘 셋 넷")

    async def first() -> str:
        stream = Assistant(rag(index), model).stream([user("반품?")])
        async for piece in stream:
            await stream.aclose()  # type: ignore[attr-defined]
            return piece.text
        return ""

    assert asyncio.run(first()) == "하나 "
    assert model.closed


def test_the_recipes_of_a_domain(tmp_path: Path) -> None:
    write_skeleton(tmp_path / "shop")
    domain = read_domain(tmp_path / "shop")
    index = tmp_path / "i.sqlite"
    prompt = recipe_for(domain, "prompt")
    tuned = recipe_for(domain, "tuned+rag", index=index, adapter=tmp_path / "a")
    assert (prompt.retrieval, prompt.adapter, prompt.parent) == (None, None, None)
    assert tuned.retrieval is not None
    assert (tuned.retrieval.index, tuned.adapter, tuned.parent) == (
        str(index),
        f"{tmp_path}/a",
        "rag",
    )
    assert prompt.prompt.glossary == domain.glossary
    assert prompt.sampling.temperature == 0
    with pytest.raises(AssistantError, match=r"there is no rung oracle\. Choose prompt, rag"):
        recipe_for(domain, "oracle")
    with pytest.raises(AssistantError, match=r"shop: there is no tools\.py"):
        recipe_for(domain, "tools", home=tmp_path)
    for rung, needs in (("rag", "an index"), ("tools", "the state's folder")):
        with pytest.raises(AssistantError, match=f"the rung {rung} needs {needs}"):
            recipe_for(domain, rung)


def test_a_bundle_is_named_by_what_answers(index: Path, tmp_path: Path) -> None:
    model = Parrot(lambda _: "x")
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(index.read_bytes())
    here, there = bundle(rag(index), model.info), bundle(rag(copy), model.info)
    assert here.digest == there.digest, "not by where it lies"
    assert here.digest != bundle(rag(index, k=1), model.info).digest
    assert here.pinned
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (adapter / name).write_text("a")
    digests = set()
    for content in ("a", "b"):
        (adapter / "adapter_model.safetensors").write_text(content)
        recipe = Recipe("tuned", "parrot", Prompt("x"), adapter=str(adapter))
        digests.add(bundle(recipe, model.info).digest)
    assert len(digests) == 2


def test_a_bundle_misses_no_file(tmp_path: Path) -> None:
    recipe = Recipe("tuned", "parrot", Prompt("x"), adapter=str(tmp_path))
    with pytest.raises(AssistantError, match=r"adapter_config\.json: cannot be read"):
        bundle(recipe, Parrot(lambda _: "x").info)


def test_the_same_question_gives_the_same_request(index: Path) -> None:
    """PREVENT 20, on this floor."""
    model = Parrot(lambda _: "x")
    for _ in range(2):
        ask(rag(index), model, user("반품 기간은?"))
    first, second = model.asked
    assert first == second
    assert isinstance(first, Request)
