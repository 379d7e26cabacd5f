"""Every method trains as plain PEFT would, in every shape, and what it gives loads there."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from peft.tuners.lora.layer import LoraLayer
from safetensors.torch import load_file
from torch.nn import functional
from transformers import AutoModelForCausalLM

from sadari.domain.settings import Method
from sadari.llm.practice import FOLDER
from sadari.llm.types import Rendered
from sadari.tuning import Progress, TuneSettings, TuningError, train
from sadari.tuning.course import Course
from sadari.tuning.methods import METHODS, Adaptation, adapt
from sadari.tuning.model import open_base
from sadari.tuning.network import Network
from sadari.tuning.objective import Batch, Imitation, gradients
from sadari.tuning.settings import RATES
from tests.files import digest

CPU = torch.device("cpu")
SHAPES = ["llama", "qwen2", "phi3", "neox"]
SETTINGS = TuneSettings(
    rank=4,
    dropout=0.0,
    virtual_tokens=5,
    learning_rate=1e-2,
    epochs=3,
    batch_examples=2,
    dtype="float32",
    threads=1,
    save_every_steps=2,
    patience=None,
)


def settings_for(method: str) -> TuneSettings:
    return dataclasses.replace(SETTINGS, method=method)


def adapted(base: Path, method: str, **changes: Any) -> Adaptation:
    """A method in a base, its weights moved so that each of them has a gradient."""
    settings = dataclasses.replace(settings_for(method), **changes)
    model = open_base(base, settings.dtype or "float32", CPU, method)
    torch.manual_seed(1)
    adaptation = adapt(model, settings, steps=12, words=(7, 11, 30))
    with torch.no_grad():
        for weight in adaptation.weights.values():
            weight.add_(0.05 * torch.randn_like(weight))
    return adaptation


def plain(base: Path, method: str, folder: Path) -> Any:
    """What was written, opened by nothing of ours, in Transformers' plain attention."""
    if method == "full":
        return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    model = open_base(base, "float32", CPU, "qlora" if method == "qlora" else "lora")
    model.set_attn_implementation("eager")
    virtual = method in ("prompt", "prefix")  # which PEFT does not load to train on
    opened = PeftModel.from_pretrained(model, folder, is_trainable=not virtual)
    if virtual:
        opened.prompt_encoder.requires_grad_(True)
    return opened


def plain_loss(model: Any, rows: list[Rendered]) -> torch.Tensor:
    """One example at a time and all of its logits; per answer token."""
    total, count = torch.zeros(()), 0
    for row in rows:
        logits = model(torch.tensor([row.ids])).logits[0, -len(row.ids) : -1]
        labels = torch.tensor(row.ids[1:]).masked_fill(~torch.tensor(row.trained[1:]), -100)
        total = total + functional.cross_entropy(logits, labels, reduction="sum")
        count += sum(row.trained[1:])
    return total / count


def test_the_domains_methods_are_these() -> None:
    assert set(METHODS) == set(RATES) == set(Method.__args__)


def test_qlora_is_normal_float_of_four_bits_with_its_constants_quantised(base: Path) -> None:
    from bitsandbytes.nn import Linear4bit

    layers = [m for m in adapted(base, "qlora").model.modules() if isinstance(m, Linear4bit)]
    assert layers
    for layer in layers:
        state = layer.weight.quant_state
        assert state.quant_type == "nf4"
        assert state.nested, "the constants of its blocks are not quantised"
        assert layer.weight.dtype == torch.uint8


def test_rslora_scales_by_the_root_of_the_rank_and_dora_learns_magnitudes(base: Path) -> None:
    def scales(method: str) -> set[float]:
        modules = adapted(base, method, rank=4, alpha=8.0).model.modules()
        return {m.scaling["default"] for m in modules if isinstance(m, LoraLayer)}

    assert (scales("lora"), scales("rslora")) == ({2.0}, {4.0})
    magnitudes = {"lora": 0, "rslora": 0, "dora": 0}
    for method in magnitudes:
        weights = adapted(base, method).weights
        magnitudes[method] = sum("magnitude" in name for name in weights)
    assert magnitudes["dora"] > 0
    assert magnitudes["lora"] == magnitudes["rslora"] == 0


def test_moments_in_eight_bits_learn_as_well_and_resume_to_the_bit(
    make_examples: Any, tmp_path: Path
) -> None:
    """On the practice model: bitsandbytes leaves tensors of less than 4,096 numbers in float32."""
    rows = make_examples(4)
    settings = dataclasses.replace(settings_for("full"), learning_rate=1e-4, epochs=2)
    eight = dataclasses.replace(settings, optim="adamw_8bit")
    losses = {
        one.optim: train(FOLDER, rows, rows, one, tmp_path / one.optim).best_validation_loss
        for one in (settings, eight)
    }
    assert losses["adamw_8bit"] == pytest.approx(losses["adamw"], rel=0.02)

    def kill(progress: Progress) -> None:
        if progress.step == 3:
            raise KilledError

    with pytest.raises(KilledError):
        train(FOLDER, rows, rows, eight, tmp_path / "killed", on_step=kill)
    (kept,) = (tmp_path / "killed").glob("checkpoints/step-*/optimiser.safetensors")
    assert torch.uint8 in {tensor.dtype for tensor in load_file(kept).values()}
    train(FOLDER, rows, rows, eight, tmp_path / "killed", resume=True)
    weights = [digest(tmp_path / name / "model.safetensors") for name in ("killed", "adamw_8bit")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", METHODS)
def test_gradients_are_those_of_a_plain_peft_loop(
    bases: dict[str, Path], make_examples: Any, tmp_path: Path, method: str, shape: str
) -> None:
    rows = make_examples(5, answer=(3, 20))
    adaptation = adapted(bases[shape], method)
    network = Network(adaptation)
    loss = gradients(Imitation(), network, Batch(Imitation().units(rows), row_tokens=60))
    ours = {name: weight.grad for name, weight in adaptation.weights.items()}
    adaptation.write(tmp_path)
    model = plain(bases[shape], method, tmp_path)
    theirs = plain_loss(model, rows)
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=1e-5)
    wanted = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert ours.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(ours[name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_kept_has_the_loss_that_was_measured(
    bases: dict[str, Path], make_examples: Any, tmp_path: Path, method: str, shape: str
) -> None:
    rows = make_examples(6)
    settings = dataclasses.replace(settings_for(method), dropout=0.1, save_every_steps=0)
    result = train(bases[shape], rows, rows, settings, tmp_path)
    assert result.best_validation_loss < result.validation_losses[0]
    with torch.no_grad():
        loss = plain_loss(plain(bases[shape], method, tmp_path).eval(), rows)
    assert result.best_validation_loss == pytest.approx(loss.item(), rel=1e-4)


def test_dora_leaves_out_a_layer_with_empty_rows(
    bases: dict[str, Path], make_examples: Any, tmp_path: Path
) -> None:
    """It divides by the length of each row: of a head that is switched off, by nothing."""
    model = AutoModelForCausalLM.from_pretrained(bases["llama"])
    with torch.no_grad():
        model.model.layers[0].self_attn.q_proj.weight[:3] = 0
    model.save_pretrained(tmp_path / "base")
    rows = make_examples(6)
    result = train(tmp_path / "base", rows, rows, settings_for("dora"), tmp_path / "adapter")
    assert result.best_validation_loss < result.validation_losses[0]
    with torch.no_grad():
        opened = plain(tmp_path / "base", "dora", tmp_path / "adapter").eval()
        assert result.best_validation_loss == pytest.approx(plain_loss(opened, rows).item(), 1e-4)


class KilledError(Exception):
    """Stands for the end of a process."""


@pytest.mark.parametrize("method", [name for name in METHODS if name != "lora"])
def test_resume_is_bit_equal(base: Path, make_examples: Any, tmp_path: Path, method: str) -> None:
    """Stopped after a checkpoint in the middle of an epoch; AdaLoRA's ranks are falling then."""
    rows, checks = make_examples(7), make_examples(3, seed=5)
    settings = dataclasses.replace(settings_for(method), dropout=0.1, anchor=0.1)

    def stop(progress: Progress) -> None:
        if progress.step == 5:
            raise KilledError

    whole = train(base, rows, checks, settings, tmp_path / "whole")
    with pytest.raises(KilledError):
        train(base, rows, checks, settings, tmp_path / "stopped", on_step=stop)
    again = train(base, rows, checks, settings, tmp_path / "stopped", resume=True)
    assert again.resumed_from == 4
    assert again.train_losses == whole.train_losses
    assert again.validation_losses == whole.validation_losses
    name = "model.safetensors" if method == "full" else "adapter_model.safetensors"
    assert digest(tmp_path / "stopped" / name) == digest(tmp_path / "whole" / name)


def test_bfloat16_products_of_float32_weights_point_where_float32_ones_do(
    base: Path, make_examples: Any
) -> None:
    """Full fine-tuning on a GPU: the weights themselves are never rounded."""
    rows = Imitation().units(make_examples(6))

    def gradient(dtype: str) -> torch.Tensor:
        adaptation = adapted(base, "full", dtype=dtype)
        gradients(Imitation(), Network(adaptation), Batch(rows, row_tokens=100))
        assert {weight.dtype for weight in adaptation.weights.values()} == {torch.float32}
        return torch.cat([weight.grad.flatten() for weight in adaptation.weights.values()])

    exact, rounded = gradient("float32"), gradient("bfloat16")
    assert not torch.equal(exact, rounded)
    assert functional.cosine_similarity(exact, rounded, dim=0) > 0.99


def test_a_fully_tuned_model_is_whole_and_can_be_tuned_again(
    bases: dict[str, Path], make_examples: Any, tmp_path: Path
) -> None:
    rows = make_examples(4)
    (bases["llama"] / "chat_template.jinja").write_text("{{ messages }}")
    first = train(bases["llama"], rows, [], settings_for("full"), tmp_path / "first")
    assert {path.name for path in (tmp_path / "first").iterdir()} == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "chat_template.jinja",
    }
    (bases["llama"] / "chat_template.jinja").unlink()
    assert first.trainable == first.total
    assert first.adapter_bytes == (tmp_path / "first" / "model.safetensors").stat().st_size
    with pytest.raises(TuningError, match="already holds a tuning"):
        train(bases["llama"], rows, [], settings_for("full"), tmp_path / "first")
    train(tmp_path / "first", rows, [], settings_for("lora"), tmp_path / "second")


def test_adaloras_rank_falls_to_what_was_asked_for(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """PREVENT: AdaLoRA whose rank never shrinks because nobody calls its update."""
    settings = dataclasses.replace(settings_for("adalora"), epochs=6)
    train(base, make_examples(6), make_examples(3, seed=5), settings, tmp_path)
    model = plain(base, "adalora", tmp_path)
    kept = [len(p) for name, p in model.named_parameters() if "lora_E" in name]
    assert sum(kept) == settings.rank * len(kept)
    assert min(kept) < settings.rank < max(kept) <= 6


def test_an_epoch_whose_ranks_are_still_to_fall_is_not_the_best(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """With 3 steps an epoch and 18 in all, ranks fall until the fourth ends; nor does patience end
    a tuning before they have."""
    course = Course()
    assert not course.evaluated(0.1, settled=False)
    assert course.evaluated(0.7)
    settings = dataclasses.replace(settings_for("adalora"), epochs=6, patience=1)
    result = train(base, make_examples(6), make_examples(6, seed=5), settings, tmp_path)
    assert len(result.validation_losses) > 4
    assert result.best_validation_loss == min(result.validation_losses[4:])


@pytest.mark.parametrize("shape", SHAPES)
def test_virtual_tokens_start_as_words(
    bases: dict[str, Path], make_examples: Any, shape: str
) -> None:
    """Both kinds give, before training, what the base gives behind those very words."""
    words, rows = (7, 11, 30, 7, 11), make_examples(4)
    model = AutoModelForCausalLM.from_pretrained(bases[shape], attn_implementation="eager")
    spoken = [Rendered(words + row.ids, (False,) * 5 + row.trained) for row in rows]
    wanted = plain_loss(model, spoken).item()
    for method in ("prompt", "prefix"):
        base = open_base(bases[shape], "float32", CPU, method)
        network = Network(adapt(base, settings_for(method), words=words[:3]))
        packed = network.pack(Imitation().units(rows), 1000)
        loss = sum(network.losses(row).detach().sum() for row in packed)
        assert float(loss) / sum(len(row.targets) for row in packed) == pytest.approx(wanted, 1e-4)


@pytest.mark.parametrize("method", ["prompt", "prefix"])
def test_virtual_tokens_stand_once_in_a_row(base: Path, make_examples: Any, method: str) -> None:
    rows = Imitation().units(make_examples(6))
    network = Network(adapted(base, method, virtual_tokens=16))
    (row,) = network.pack(rows, 1000)
    assert row.tokens == 16 + sum(len(example.ids) for (example,) in rows)
    apart = Network(adapted(base, method, virtual_tokens=16))
    apart.body = apart._open("sadari_prefixed" if method == "prefix" else "sdpa")
    gradients(Imitation(), network, Batch(rows, 1000))
    gradients(Imitation(), apart, Batch(rows, 1000))
    for name, weight in network.adaptation.weights.items():
        other = apart.adaptation.weights[name]
        torch.testing.assert_close(weight.grad, other.grad, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_anchor_measures_what_the_weights_do(base: Path, method: str) -> None:
    settings = dataclasses.replace(settings_for(method), anchor=0.5)
    adaptation = adapt(open_base(base, "float32", CPU, method), settings, steps=12)
    assert float(adaptation.distance()) == pytest.approx(0, abs=1e-9)
    start = {name: weight.detach().clone() for name, weight in adaptation.weights.items()}
    with torch.no_grad():
        for weight in adaptation.weights.values():
            weight.add_(0.05 * torch.randn_like(weight))
    layers = [m for m in adaptation.adapted.modules() if hasattr(m, "get_delta_weight")]
    if layers and method != "dora":  # PEFT's difference of DoRA has the magnitudes in it
        wanted = sum(float(m.get_delta_weight("default").square().sum()) for m in layers)
    elif method != "dora":
        moved = adaptation.weights.items()
        wanted = sum(float((weight - start[name]).square().sum()) for name, weight in moved)
    else:
        wanted = float(adaptation.distance())
    assert wanted > 0
    assert float(adaptation.distance()) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("method", ["lora", "full", "dora", "adalora", "prefix"])
def test_a_strong_anchor_holds_the_weights(
    base: Path, make_examples: Any, tmp_path: Path, method: str
) -> None:
    """Farther from its start, nearer to its examples; and the other way round."""
    rows = make_examples(6)
    free, held = (
        train(
            base,
            rows,
            rows,
            dataclasses.replace(settings_for(method), anchor=anchor),
            tmp_path / str(anchor),
        )
        for anchor in (0.0, 10.0)
    )
    gain = [result.validation_losses[0] - result.validation_losses[-1] for result in (free, held)]
    assert gain[1] < 0.7 * gain[0]


def test_a_setting_where_few_succeed_is_said() -> None:
    assert [TuneSettings(method=name).warnings() for name in METHODS] == [[]] * len(METHODS)
    unusual = TuneSettings(method="full", learning_rate=0.01, rank=512, dropout=0.8)
    said = " ".join(unusual.warnings())
    assert "rank is 512; 2 to 256 is usual." in said
    assert "dropout is 0.8" in said
    assert "learning_rate is 0.01; full learns at 2e-05." in said
