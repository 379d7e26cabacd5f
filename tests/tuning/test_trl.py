"""The first step of TRL's SFTTrainer, on the same model and batch, is ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from sadari.tuning import TuneSettings
from sadari.tuning.methods import adapt
from sadari.tuning.model import open_base
from sadari.tuning.network import Network
from sadari.tuning.objective import Batch, Imitation, gradients

SETTINGS = TuneSettings(rank=4, dropout=0.0)


@pytest.mark.slow
@pytest.mark.parametrize("accumulation", [1, 2])
def test_loss_and_gradient_norm_of_the_first_step_equal_trls(
    base: Path, make_examples: Any, tmp_path: Path, accumulation: int
) -> None:
    from datasets import Dataset
    from peft import LoraConfig
    from tokenizers import Tokenizer, models
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
    from trl import SFTConfig, SFTTrainer

    examples = make_examples(8, answer=(3, 40))
    torch.manual_seed(0)
    adaptation = adapt(open_base(base, "float32", torch.device("cpu")), SETTINGS)
    peft, network = adaptation.adapted, Network(adaptation)
    loss = gradients(Imitation(), network, Batch(Imitation().units(examples), row_tokens=100))
    norm = torch.nn.utils.get_total_norm([p.grad for p in peft.parameters() if p.grad is not None])

    words = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 2}, unk_token="<pad>"))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<end>"
    )
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        args=SFTConfig(
            output_dir=str(tmp_path),
            per_device_train_batch_size=8 // accumulation,
            gradient_accumulation_steps=accumulation,
            max_steps=1,
            completion_only_loss=True,
            logging_steps=1,
            report_to=[],
            save_strategy="no",
            use_cpu=True,
            bf16=False,
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_dict(
            {
                "input_ids": [list(row.ids) for row in examples],
                "completion_mask": [[int(on) for on in row.trained] for row in examples],
            }
        ),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=SETTINGS.rank,
            lora_alpha=SETTINGS.alpha,
            target_modules=sorted(peft.peft_config["default"].target_modules),
            task_type="CAUSAL_LM",
        ),
    )
    with torch.no_grad():
        ours = dict(peft.named_parameters())
        for name, parameter in trainer.model.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(ours[name])
    trainer.train()
    (logged,) = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    assert logged["loss"] == pytest.approx(loss, rel=1e-4)
    assert logged["grad_norm"] == pytest.approx(float(norm), rel=1e-3)
