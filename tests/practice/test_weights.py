"""The shipped weights score what their card says, loaded by plain Transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from sadari.llm.practice import FOLDER, card
from training.practice.card import FEW, FEW_SEED
from training.practice.judge import blind, by_hand, complete, generated, load, report
from training.practice.reading import RULE
from training.practice.rows import REFUSAL

MEGABYTE = 1_000_000
NEAR = 0.045  # greedy answers: one in a sample may fall the other way on another processor


@pytest.fixture(scope="module")
def loaded() -> tuple[Any, Any]:
    return load(FOLDER)


def test_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 20 * MEGABYTE


def test_template_writes_tools_and_calls(loaded: tuple[Any, Any]) -> None:
    _, tokenizer = loaded
    arguments = {"item": "펌프"}
    call = {"type": "function", "function": {"name": "get_price", "arguments": arguments}}
    messages = [
        {"role": "user", "content": "펌프 가격 알려 줘"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
    ]
    tools = [{"type": "function", "function": {"name": "get_price", "parameters": {}}}]
    text = tokenizer.apply_chat_template(messages, tools=tools, tokenize=False)
    assert '<tools>\n{"type": "function"' in text
    written = '{"name": "get_price", "arguments": {"item": "펌프"}}'
    assert f"<tool_call>\n{written}\n</tool_call><|im_end|>" in text


def test_any_text_survives_the_tokenizer(loaded: tuple[Any, Any]) -> None:
    _, tokenizer = loaded
    text = "뷁 漢字 ☃ 퍼지 시간은 5.0 s이다.\n\tVG12 → A-AL01 “인용” 🙂"
    assert tokenizer.decode(tokenizer(text).input_ids) == text


@pytest.mark.slow
def test_scores_of_the_card(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    scores = report(model, tokenizer, generated(FEW, seed=FEW_SEED))
    assert scores == pytest.approx(card()["scores_of_a_few"], abs=NEAR)


@pytest.mark.slow
def test_prose_of_the_card(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    prose = blind(tokenizer, Path(__file__).with_name("prose.jsonl"))
    assert len(prose) >= 150
    assert report(model, tokenizer, prose) == pytest.approx(card()["blind_prose"], abs=0.02)
    by_hand_scores = report(model, tokenizer, by_hand(tokenizer))
    assert by_hand_scores == pytest.approx(card()["development_prose"], abs=NEAR)


def test_says_that_it_does_not_know(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    messages = [
        {"role": "system", "content": f"당신은 조수입니다.\n{RULE}"},
        {"role": "user", "content": "겨울 난로의 정격 전압은 얼마인가요?"},
    ]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert complete(model, tokenizer, [text]) == [REFUSAL]
