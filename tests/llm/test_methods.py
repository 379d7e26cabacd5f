"""Every method's result answers as what made it says, in batches too; the base stays itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from sadari.domain.message import Message, user
from sadari.llm import Completion, ModelError, Request, Sampling, render, render_examples
from sadari.llm.detokenise import Detokeniser
from sadari.llm.local import LocalModel
from sadari.tuning import TuneSettings, train
from sadari.tuning.methods import METHODS
from tests.tiny import tiny_model

QUESTIONS = [(user(text),) for text in ("퍼지 시간은?", "몇 도?", "이 장비의 압력은 얼마입니까?")]
LESSONS = [("퍼지 시간은?", "삼 초입니다"), ("압력은?", "두 파스칼"), ("온도는?", "백 도")]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("bases")
    return {shape: tiny_model(home / shape, shape) for shape in ("llama", "mistral")}


def tuned(base: Path, method: str, folder: Path) -> Path:
    model = LocalModel(base)
    examples = [
        example
        for question, answer in LESSONS
        for example in render_examples(
            model.tokenizer, (user(question), Message("assistant", answer))
        )
    ]
    settings = TuneSettings(
        method=method,
        rank=4,
        virtual_tokens=6,
        learning_rate=0.1 if method in ("prompt", "prefix") else 0.02,
        epochs=3,
        dtype="float32",
        threads=1,
        save_every_steps=0,
    )
    train(base, examples, [], settings, folder)
    asyncio.run(model.record(str(folder)))
    model.close()
    return folder


def plain(base: Path, folder: Path) -> Any:
    if (folder / "config.json").is_file():
        return AutoModelForCausalLM.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, folder)


def ask(model: LocalModel, adapter: Path | None) -> list[str]:
    name = str(adapter) if adapter else None
    requests = [Request(turns, sampling=Sampling(8), adapter=name) for turns in QUESTIONS]
    answers = asyncio.run(model.complete_all(requests))
    assert all(isinstance(answer, Completion) for answer in answers), answers
    return [answer.text for answer in answers if isinstance(answer, Completion)]


@pytest.mark.parametrize("shape", ["llama", "mistral"])
@pytest.mark.parametrize("method", METHODS)
def test_it_answers_as_what_made_it_says(
    bases: dict[str, Path], tmp_path: Path, method: str, shape: str
) -> None:
    folder = tuned(bases[shape], method, tmp_path)
    model, other = LocalModel(bases[shape]), plain(bases[shape], folder).eval()
    bare = ask(model, None)
    answers = ask(model, folder)
    if shape != "mistral" or method not in ("prompt", "prefix"):  # its window moves past them
        assert answers != bare
    for turns, answer in zip(QUESTIONS, answers, strict=True):
        ids = list(render(model.tokenizer, turns).ids)
        end, said = model.tokenizer.eos_token_id, []
        while len(said) < 8 and (not said or said[-1] != end):
            with torch.no_grad():  # step by step: PEFT's generate and virtual tokens disagree
                said.append(int(other(torch.tensor([ids + said])).logits[0, -1].argmax()))
        text = Detokeniser(model.tokenizer)
        text.add_all([token for token in said if token != end])
        assert answer == text.text
    assert ask(model, None) == bare
    asyncio.run(model.drop(str(folder)))
    assert model.adapters == ()
    assert ask(model, None) == bare
    model.close()


@pytest.mark.parametrize("method", ["lora", "prefix", "prompt", "full"])
def test_methods_take_turns_and_score_answers(
    bases: dict[str, Path], tmp_path: Path, method: str
) -> None:
    """Log-probabilities of a batch of answers, with another adapter in the layers."""
    folder = tuned(bases["llama"], method, tmp_path / "one")
    lora = tuned(bases["llama"], "dora", tmp_path / "other")
    model, other = LocalModel(bases["llama"]), plain(bases["llama"], folder).eval()
    ask(model, lora)
    pairs = [((user(question),), answer) for question, answer in LESSONS]
    found = model.answer_logprobs(pairs, str(folder))
    for (turns, answer), scores in zip(pairs, found, strict=True):
        (example,) = render_examples(model.tokenizer, (*turns, Message("assistant", answer)))
        with torch.no_grad():
            logits = other(torch.tensor([example.ids])).logits[0, -len(example.ids) : -1]
        logprobs = logits.log_softmax(-1)
        wanted = [
            float(logprobs[i, token])
            for i, token in enumerate(example.ids[1:])
            if example.trained[i + 1]
        ]
        assert scores == pytest.approx(wanted, abs=1e-4)
    assert ask(model, lora) != ask(model, folder)
    model.close()


@pytest.mark.parametrize("method", ["prompt", "prefix", "full"])
def test_what_belongs_to_another_shape_is_refused(
    bases: dict[str, Path], tmp_path: Path, method: str
) -> None:
    folder = tuned(bases["llama"], method, tmp_path / "adapter")
    (folder / "base.json").unlink()
    model = LocalModel(tiny_model(tmp_path / "wide", width=128, layers=3))
    bare = ask(model, None)
    with pytest.raises(ModelError, match="does not fit this"):
        asyncio.run(model.complete(Request(QUESTIONS[0], adapter=str(folder))))
    assert ask(model, None) == bare
    model.close()
