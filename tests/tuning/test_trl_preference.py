"""Three steps of TRL's DPOTrainer and KTOTrainer, on the same model and pairs, are ours."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from sadari.llm.types import Rendered
from sadari.tuning import TuneSettings, train
from sadari.tuning.settings import PreferenceLoss
from tests.tuning.test_preference import END, make_lessons

STEPS, BATCH = 3, 9
SETTINGS = TuneSettings(
    rank=4,
    learning_rate=1e-2,
    epochs=STEPS,
    beta=0.2,
    batch_examples=BATCH,
    warmup_share=0.0,
    dtype="float32",
    save_every_steps=0,
    patience=None,
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dpo", "ipo", "kto"])
def test_three_steps_are_trls(base: Path, tmp_path: Path, kind: PreferenceLoss) -> None:
    lessons = make_lessons(kind, 6 if kind == "kto" else BATCH)
    trainer = trls(kind, base, lessons, tmp_path / "trl")
    # Before the first step both have the same adapter; what it adds is nothing yet.
    trainer.model.save_pretrained(tmp_path / "start")
    trainer.train()
    theirs = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    settings = dataclasses.replace(SETTINGS, preference=kind)
    ours = train(base, lessons, [], settings, tmp_path / "ours", start_from=tmp_path / "start")
    assert ours.train_losses == pytest.approx(theirs, abs=1e-4)
    assert abs(theirs[2] - theirs[0]) > 1e-2


def trls(kind: PreferenceLoss, base: Path, lessons: list[Any], output: Path) -> Any:
    from datasets import Dataset
    from peft import LoraConfig
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
    from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

    names = {f"w{i}": i for i in range(3, 97)} | {"<pad>": 0, "<end>": END}
    words = Tokenizer(models.WordLevel(names, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    common: dict[str, Any] = {
        "output_dir": str(output),
        "per_device_train_batch_size": BATCH,
        "num_train_epochs": STEPS,
        "learning_rate": SETTINGS.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0,
        "beta": SETTINGS.beta,
        "max_length": None,
        "logging_steps": 1,
        "report_to": [],
        "save_strategy": "no",
        "use_cpu": True,
        "bf16": False,
        "disable_tqdm": True,
    }
    if kind == "kto":
        share = {True: sum(one.liked for one in lessons)}
        share[False] = BATCH - share[True]
        trainer, columns = KTOTrainer, [rating(one) for one in lessons]
        common |= {
            "desirable_weight": BATCH / 2 / share[True],
            "undesirable_weight": BATCH / 2 / share[False],
        }
        arguments: Any = KTOConfig(**common)
    else:
        trainer, columns = DPOTrainer, [pair(one) for one in lessons]
        arguments = DPOConfig(**common, loss_type="sigmoid" if kind == "dpo" else "ipo")
    return trainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        args=arguments,
        train_dataset=Dataset.from_list(columns),
        processing_class=PreTrainedTokenizerFast(
            tokenizer_object=words, pad_token="<pad>", eos_token="<end>"
        ),
        peft_config=LoraConfig(
            r=SETTINGS.rank,
            lora_alpha=SETTINGS.alpha,
            target_modules=[f"{name}_proj" for name in "q k v o gate up down".split()],
            task_type="CAUSAL_LM",
        ),
    )


def pair(lesson: Any) -> dict[str, str]:
    prompt, chosen = texts(lesson.chosen)
    return {"prompt": prompt, "chosen": chosen, "rejected": texts(lesson.rejected)[1]}


def rating(lesson: Any) -> dict[str, Any]:
    prompt, completion = texts(lesson.answer)
    return {"prompt": prompt, "completion": completion, "label": lesson.liked}


def texts(rendered: Rendered) -> tuple[str, str]:
    start = rendered.trained.index(True)
    words = [f"w{i}" for i in rendered.ids[:-1]]
    return " ".join(words[:start]), "".join(f" {word}" for word in words[start:])
