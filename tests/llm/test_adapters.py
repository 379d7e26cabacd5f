"""Adapters come and go; none serves the base in disguise (PREVENT 5, 12)."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from peft import IA3Config, PeftModel, PromptEncoderConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from sadari.domain.message import user
from sadari.llm import Completion, Failure, ModelError, Request, Sampling, render
from sadari.llm.folders import BASE_CARD
from sadari.llm.local import LocalModel
from tests.tiny import tiny_adapter, tiny_model

QUESTION = (user("퍼지 시간은?"),)


@pytest.fixture
def model(folders: dict[str, Path]) -> Iterator[LocalModel]:
    opened = LocalModel(folders["llama"])
    yield opened
    opened.close()


def ask(model: LocalModel, adapter: Path | None = None) -> str:
    request = Request(QUESTION, sampling=Sampling(12), adapter=str(adapter) if adapter else None)
    return asyncio.run(model.complete(request)).text


def test_an_adapter_answers_as_peft_says(
    model: LocalModel, folders: dict[str, Path], adapter: Path
) -> None:
    base = AutoModelForCausalLM.from_pretrained(folders["llama"], dtype=torch.float32)
    tuned = PeftModel.from_pretrained(base, adapter)
    ids = torch.tensor([render(model.tokenizer, QUESTION).ids])
    out = tuned.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12
    )
    wanted = model.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    assert ask(model, adapter) == wanted


def test_adapters_come_and_go_and_the_base_stays_itself(
    model: LocalModel, folders: dict[str, Path], adapter: Path, tmp_path: Path
) -> None:
    other = tiny_adapter(tmp_path, folders["llama"], seed=2)
    bare, first, second = ask(model), ask(model, adapter), ask(model, other)
    assert len({bare, first, second}) == 3
    assert [ask(model), ask(model, adapter), ask(model, other)] == [bare, first, second]
    assert set(model.adapters) == {str(adapter), str(other)}
    asyncio.run(model.drop(str(adapter)))
    assert model.adapters == (str(other),)
    assert [ask(model, other), ask(model)] == [second, bare]
    asyncio.run(model.drop(str(other)))
    assert ask(model) == bare
    assert ask(model, adapter) == first


def test_one_call_may_mix_adapters(model: LocalModel, adapter: Path) -> None:
    requests = [
        Request(QUESTION, sampling=Sampling(12), adapter=name)
        for name in (None, str(adapter), None, "nowhere", str(adapter))
    ]
    answers = asyncio.run(model.complete_all(requests))
    words = [answer.text for answer in answers if isinstance(answer, Completion)]
    assert words == [ask(model), ask(model, adapter), ask(model), ask(model, adapter)]
    assert isinstance(answers[3], Failure)
    assert "no adapter in nowhere" in answers[3].reason


def test_a_retrained_adapter_is_loaded_again(
    model: LocalModel, folders: dict[str, Path], tmp_path: Path
) -> None:
    before = ask(model, tiny_adapter(tmp_path, folders["llama"], seed=3))
    after = ask(model, tiny_adapter(tmp_path, folders["llama"], seed=4))
    assert before != after
    assert len(model.adapters) == 1


def test_an_adapter_that_changes_nothing_is_refused(
    model: LocalModel, folders: dict[str, Path], tmp_path: Path
) -> None:
    useless = tiny_adapter(tmp_path, folders["llama"], scale=0.0)
    with pytest.raises(ModelError, match="exactly as the base does"):
        ask(model, useless)
    assert model.adapters == ()


def test_an_adapter_of_another_shape_is_refused(model: LocalModel, tmp_path: Path) -> None:
    wide = tiny_model(tmp_path / "wide", width=128)
    bare = ask(model)
    with pytest.raises(ModelError, match="does not fit this model"):
        ask(model, tiny_adapter(tmp_path / "adapter", wide))
    assert ask(model) == bare


def test_an_adapter_of_a_deeper_model_is_refused(model: LocalModel, tmp_path: Path) -> None:
    deep = tiny_model(tmp_path / "deep", layers=3)
    with pytest.raises(ModelError, match="belongs to another model"):
        ask(model, tiny_adapter(tmp_path / "adapter", deep))


def test_an_adapter_of_a_twin_is_refused_by_its_card(model: LocalModel, tmp_path: Path) -> None:
    """Same shape, other weights: nothing but the recorded digest can tell."""
    twin = LocalModel(tiny_model(tmp_path / "twin", seed=9))
    adapter = tiny_adapter(tmp_path / "adapter", tmp_path / "twin")
    asyncio.run(twin.record(str(adapter)))
    assert ask(twin, adapter)
    with pytest.raises(ModelError, match="was trained on another base"):
        ask(model, adapter)
    twin.close()


def test_changed_weights_are_found_by_the_canary(
    model: LocalModel, adapter: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(adapter, tmp_path / "copy"))
    asyncio.run(model.record(str(copy)))
    assert ask(model, copy) == ask(model, adapter)
    weights = copy / "adapter_model.safetensors"
    save_file({name: 3 * value for name, value in load_file(weights).items()}, weights)
    with pytest.raises(ModelError, match="differently than when it was trained"):
        ask(model, copy)


def test_another_template_is_found_by_the_prompt(
    model: LocalModel, adapter: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(adapter, tmp_path / "copy"))
    asyncio.run(model.record(str(copy)))
    card = json.loads((copy / BASE_CARD).read_text())
    card["prompt_ids"] = card["prompt_ids"][1:]
    (copy / BASE_CARD).write_text(json.dumps(card))
    asyncio.run(model.drop(str(copy)))
    with pytest.raises(ModelError, match="renders other tokens"):
        ask(model, copy)


def test_pickled_adapters_are_never_read(model: LocalModel, adapter: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(adapter, tmp_path / "copy"))
    (copy / "adapter_model.safetensors").rename(copy / "adapter_model.bin")
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors is missing"):
        ask(model, copy)


def test_other_methods_take_turns(
    model: LocalModel, folders: dict[str, Path], adapter: Path, tmp_path: Path
) -> None:
    base = AutoModelForCausalLM.from_pretrained(folders["llama"], dtype=torch.float32)
    scaled = get_peft_model(
        base,
        IA3Config(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"]),
    )
    with torch.no_grad():
        for name, weight in scaled.named_parameters():
            if "ia3" in name:
                weight.mul_(1.7)
    scaled.save_pretrained(tmp_path)
    bare, lora, ia3 = ask(model), ask(model, adapter), ask(model, tmp_path)
    assert len({bare, lora, ia3}) == 3
    assert [ask(model, adapter), ask(model), ask(model, tmp_path)] == [lora, bare, ia3]


def test_virtual_tokens_of_another_kind_are_refused(
    model: LocalModel, folders: dict[str, Path], tmp_path: Path
) -> None:
    base = AutoModelForCausalLM.from_pretrained(folders["llama"], dtype=torch.float32)
    config = PromptEncoderConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    get_peft_model(base, config).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="P_TUNING adapter, which is not read here"):
        ask(model, tmp_path)
