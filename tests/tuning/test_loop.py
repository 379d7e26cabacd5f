"""The loop from examples to adapter: what it learns, keeps, counts and refuses."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import sadari.tuning
from sadari.tuning import Progress, TuneSettings, TuningError, train
from sadari.tuning.course import Course, Plan
from tests.files import digest

QUICK = TuneSettings(
    rank=4, epochs=2, learning_rate=1e-2, dtype="float32", threads=1, save_every_steps=0
)


def test_it_learns_and_plain_peft_loads_what_it_learnt(
    any_base: Path, make_examples: Any, tmp_path: Path
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    examples = make_examples(4)
    seen: list[Progress] = []
    settings = dataclasses.replace(QUICK, epochs=30, dropout=0.0, patience=None)
    result = train(any_base, examples, examples, settings, tmp_path / "a", on_step=seen.append)
    assert result.train_losses[-1] < 0.5 * result.train_losses[0]
    assert result.best_validation_loss < result.validation_losses[0]
    assert [p.step for p in seen] == list(range(1, 31))
    assert seen[-1].seconds_left == 0
    assert seen[0].steps == result.steps == 30
    assert result.tokens == 30 * sum(len(row.ids) for row in examples)

    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"adapter_model.safetensors", "adapter_config.json"}
    modes = {path.stat().st_mode for path in result.adapter.iterdir() if path.is_file()}
    assert len(modes) == 1, "whoever may read the configuration may read the weights"
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(any_base, dtype=torch.float32), tmp_path / "a"
    )
    total = count = 0
    for row in examples:
        logits = model(torch.tensor([row.ids])).logits[0, :-1].log_softmax(-1)
        for i, on in enumerate(row.trained[1:]):
            total -= float(logits[i, row.ids[i + 1]]) if on else 0
            count += on
    assert total / count == pytest.approx(result.best_validation_loss, rel=1e-4)


def test_importing_the_package_loads_no_pytorch() -> None:
    program = "import sys, sadari.tuning; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_same_seed_gives_the_same_adapter(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    def weights(name: str, seed: int) -> str:
        train(base, make_examples(6), [], dataclasses.replace(QUICK, seed=seed), tmp_path / name)
        return digest(tmp_path / name / "adapter_model.safetensors")

    assert weights("a", 0) == weights("b", 0)
    assert weights("c", 1) != weights("a2", 0)


def test_the_callers_random_generator_and_threads_are_left_alone(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    train(base, make_examples(3), [], QUICK, tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_the_best_epoch_is_kept_and_patience_ends_it(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """Random answers cannot be generalised: the validation loss rises as they are learnt."""
    settings = dataclasses.replace(
        QUICK, epochs=12, learning_rate=0.05, patience=2, warmup_share=0.0
    )
    result = train(base, make_examples(8), make_examples(6, seed=9), settings, tmp_path)
    tuned = result.validation_losses[1:]
    assert result.stopped_early
    assert result.epochs == len(tuned) == tuned.index(min(tuned)) + 1 + 2
    assert result.best_validation_loss == min(tuned)
    again = train(
        base,
        make_examples(8),
        make_examples(6, seed=9),
        dataclasses.replace(settings, patience=None),
        tmp_path / "patient",
    )
    assert again.epochs == 12
    assert not again.stopped_early
    assert again.validation_losses[: len(result.validation_losses)] == result.validation_losses


def test_evaluation_runs_before_the_first_step(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """PREVENT: out of memory in the evaluation step after hours of training."""
    evaluations: list[int] = []
    settings = dataclasses.replace(QUICK, batch_examples=2)  # three steps an epoch
    train(
        base,
        make_examples(6),
        make_examples(2),
        settings,
        tmp_path,
        on_step=lambda progress: evaluations.append(len(progress.validation_losses)),
    )
    assert evaluations == [1, 1, 2, 2, 2, 3]


def test_an_answer_wholly_cut_away_is_an_error(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """PREVENT: truncation cuts off the whole answer and the loss of 0.0 "succeeds"."""
    examples = make_examples(3, prompt=(8, 9), answer=(4, 6))
    settings = dataclasses.replace(QUICK, max_length=8)
    with pytest.raises(TuningError, match=r"At 8 tokens .* cut away .*raise max_length"):
        train(base, examples, [], settings, tmp_path)
    result = train(base, examples, [], dataclasses.replace(QUICK, max_length=12), tmp_path)
    assert result.cut_examples == sum(len(row.ids) > 12 for row in examples) > 0
    assert result.cut_answers == result.cut_examples


def test_a_loss_that_is_not_finite_names_its_examples(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    settings = dataclasses.replace(QUICK, learning_rate=1e38, max_gradient_norm=1e30, epochs=20)
    with pytest.raises(TuningError, match=r"At step \d+ the loss is .* training examples \d, \d"):
        train(base, make_examples(4), [], settings, tmp_path)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("llama", "q_proj k_proj v_proj o_proj gate_proj up_proj down_proj"),
        ("qwen2", "q_proj k_proj v_proj o_proj gate_proj up_proj down_proj"),
        ("phi3", "qkv_proj o_proj gate_up_proj down_proj"),
        ("neox", "query_key_value dense dense_h_to_4h dense_4h_to_h"),
    ],
)
def test_targets_come_from_the_architecture(
    bases: dict[str, Path], make_examples: Any, tmp_path: Path, name: str, layers: str
) -> None:
    train(bases[name], make_examples(2), [], QUICK, tmp_path / "all")
    config = json.loads((tmp_path / "all" / "adapter_config.json").read_text())
    assert set(config["target_modules"]) == set(layers.split())
    one = layers.split()[0]
    settings = dataclasses.replace(QUICK, targets=(one,))
    train(bases[name], make_examples(2), [], settings, tmp_path / "one")
    config = json.loads((tmp_path / "one" / "adapter_config.json").read_text())
    assert config["target_modules"] == [one]
    settings = dataclasses.replace(QUICK, targets=("lm_head",))
    with pytest.raises(TuningError, match=rf"no linear layer lm_head .*It has: .*{one}"):
        train(bases[name], make_examples(2), [], settings, tmp_path / "none")


def test_every_setting_is_read() -> None:
    """PREVENT: a setting that is accepted, documented and read by nothing."""
    folder = Path(inspect.getfile(sadari.tuning)).parent
    code = "".join(path.read_text() for path in folder.rglob("*.py") if path.name != "settings.py")
    rate = inspect.getsource(TuneSettings.peak_rate.fget)  # which the loop reads
    unread = [
        field.name
        for field in dataclasses.fields(TuneSettings)
        if f"settings.{field.name}" not in code and f"self.{field.name}" not in rate
    ]
    assert unread == []
    for field in dataclasses.fields(TuneSettings):
        assert field.name in (TuneSettings.__doc__ or ""), field.name


@pytest.mark.parametrize(
    "change",
    [
        {"rank": 8},
        {"alpha": 64.0},
        {"dropout": 0.5},
        {"targets": ("q_proj",)},
        {"learning_rate": 0.02},
        {"epochs": 3},
        {"batch_examples": 2},
        {"max_length": 14},
        {"warmup_share": 0.6},
        {"weight_decay": 0.5},
        {"max_gradient_norm": 0.1},
        {"seed": 1},
        {"dtype": "bfloat16"},
        {"micro_batch_tokens": 16},
    ],
)
def test_every_setting_that_says_it_matters_does(
    base: Path, make_examples: Any, tmp_path: Path, change: dict[str, Any]
) -> None:
    examples = make_examples(6)
    train(base, examples, [], QUICK, tmp_path / "as it is")
    train(base, examples, [], dataclasses.replace(QUICK, **change), tmp_path / "changed")
    before, after = (
        (tmp_path / name / "adapter_model.safetensors").read_bytes()
        for name in ("as it is", "changed")
    )
    assert before != after


@pytest.mark.parametrize(
    "wrong",
    [
        {"rank": 0},
        {"epochs": 0},
        {"dropout": 1.0},
        {"learning_rate": 0.0},
        {"learning_rate": math.nan},
        {"targets": "q_proj"},
        {"dtype": "float16"},
        {"save_every_steps": -1},
        {"patience": 0},
    ],
)
def test_a_setting_out_of_range_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(TuningError, match=next(iter(wrong))):
        TuneSettings(**wrong)


def test_an_unknown_method_names_those_there_are(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    settings = dataclasses.replace(QUICK, method="magic")
    with pytest.raises(TuningError, match=r"'magic'.*Choose one of: full, lora"):
        train(base, make_examples(2), [], settings, tmp_path)


def test_settings_and_result_survive_json(base: Path, make_examples: Any, tmp_path: Path) -> None:
    settings = dataclasses.replace(QUICK, targets=("q_proj",))
    assert TuneSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    result = train(base, make_examples(2), [], settings, tmp_path)
    assert json.loads(json.dumps(result.to_json()))["steps"] == 2


def test_the_plan_sees_each_example_once_an_epoch_and_warms_up_then_cools() -> None:
    plan = Plan(10, TuneSettings(epochs=5, batch_examples=4, warmup_share=0.2, seed=3))
    assert plan.steps == 15
    for epoch in range(5):
        seen = [i for step in range(3) for i in plan.batch(3 * epoch + step)]
        assert sorted(seen) == list(range(10))
    assert plan.batch(0) != plan.batch(3)
    rates = [plan.learning_rate(step) for step in range(15)]
    assert rates[:3] == pytest.approx([2e-4 / 3, 4e-4 / 3, 2e-4])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert 0 < rates[-1] < 1e-5


def test_the_base_is_no_candidate_for_the_best() -> None:
    course = Course(validation_losses=[1.0])
    assert course.evaluated(1.5)
    assert course.best_validation_loss == 1.5
    assert not course.evaluated(1.6)
    assert course.epochs_without_gain == 1
