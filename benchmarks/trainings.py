"""What the benchmarks of training share: models with random weights, random ids to learn, LoRA, the
peers TRL and LLaMA-Factory, and how contenders are compared."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders import Report, medians, take_turns
from benchmarks.kept import keep

LIBRARIES = ("torch", "transformers", "peft", "trl", "accelerate")
BATCH = 4
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.1}
END = 2
# Tokens that all prompts begin with (a system prompt), of the rest of a prompt, of an answer.
PAIRS = {
    "short": (0, (30, 80), (30, 80)),
    "long": (0, (450, 550), (30, 80)),
    "system": (200, (30, 80), (30, 80)),
}
SHAPES: dict[str, dict[str, Any]] = {
    "practice": {
        "architecture": "LlamaConfig",
        "vocab_size": 3571,
        "hidden_size": 256,
        "intermediate_size": 768,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "learning_rate": 1e-3,
    },
    "0.5b": {
        "architecture": "Qwen2Config",
        "vocab_size": 151_936,
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "learning_rate": 2e-4,
    },
}
# TRL as it comes, and its documented ways to be fast: weights in bfloat16 without autocast, no
# recomputation, no logging each step, the fused optimiser.
TRL_DEFAULTS: dict[str, Any] = {"dtype": "float32", "attention": "sdpa", "arguments": {}}
FAST = {
    "bf16": False,
    "gradient_checkpointing": False,
    "logging_steps": 10_000,
    "optim": "adamw_torch_fused",
    "dataloader_pin_memory": False,
}


def fast_trl(attention: str, **arguments: Any) -> dict[str, Any]:
    """A fast setting of TRL's."""
    return {"dtype": "bfloat16", "attention": attention, "arguments": FAST | arguments}


# The work


def make_base(shape: str, folder: Path, positions: int = 2048) -> None:
    """A model of this shape with random weights."""
    import torch
    import transformers

    values = {k: v for k, v in SHAPES[shape].items() if k not in ("architecture", "learning_rate")}
    torch.manual_seed(0)
    config = getattr(transformers, SHAPES[shape]["architecture"])(
        **values,
        max_position_embeddings=positions,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=END,
        pad_token_id=0,
    )
    transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(
        folder
    )


def random_ids(draw: random.Random, shape: str) -> Callable[[int], list[int]]:
    """Draws so many ids, of which few are frequent as in a language."""
    vocabulary = SHAPES[shape]["vocab_size"]

    def ids(count: int) -> list[int]:
        return [3 + int((vocabulary - 3) * draw.random() ** 4) for _ in range(count)]

    return ids


# The comparison


def parser(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """The options of every comparison."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--pairs", choices=PAIRS, default="short")
    made.add_argument("--steps", type=int, default=20, help="optimiser steps of each run")
    made.add_argument("--rounds", type=int, default=rounds)
    made.add_argument("--only", nargs="*", help="contenders; all of them if left out")
    return made


def compare(
    name: str,
    options: argparse.Namespace,
    names: Iterable[str],
    summarise: Callable[[dict[str, list[Report]]], dict[str, Any]],
    *,
    shape: str,
    threads: int,
    passed: Iterable[str],
) -> None:
    """Lets the contenders of the benchmark `name` train a model of this shape in turn, and keeps
    what they report; `passed` are the options that their processes get."""
    with tempfile.TemporaryDirectory() as home:
        make_base(shape, Path(home) / "base")
        chosen = {**{key: getattr(options, key) for key in passed}, "folder": home}
        only = options.only or list(names)
        runs = take_turns(f"benchmarks.{name}", only, options.rounds, chosen)
    summary = summarise(runs)
    print(json.dumps(summary, indent=1))
    keep(
        options.out,
        {f"{shape} {options.pairs}": {**summary, "runs": runs}},
        contenders=contenders,
        libraries=LIBRARIES,
        threads=threads,
    )


def contenders(part: Mapping[str, Any]) -> list[str]:
    """Who took part in a piece of work."""
    return list(part["median"])


def beside_peers(
    runs: Mapping[str, list[Report]], rate: str, ratio: Callable[[Report, Report], Any]
) -> dict[str, Any]:
    """The median of each contender, and sadari's as a multiple of its peers': TRL's defaults,
    LLaMA-Factory, and the best of TRL's fast settings by `rate`."""
    median = medians(runs)
    summary: dict[str, Any] = {"median": median}
    others = set(median) & {"trl-defaults", "llamafactory"}
    fast = [name for name in median if name not in ("sadari", *others)]
    if fast:
        summary["best_of_trl"] = max(fast, key=lambda name: median[name][rate])
        others.add(summary["best_of_trl"])
    if "sadari" in median:
        for other in sorted(others):
            summary[f"times {other}"] = ratio(median["sadari"], median[other])
    return summary


# The peers


def trl_trainer(
    trainer: Callable[..., Any],
    config: Callable[..., Any],
    setup: Mapping[str, Any],
    base: Path,
    output: Path,
    rows: list[dict[str, Any]],
    words: Any,
    arguments: Mapping[str, Any],
    callbacks: Sequence[Any] = (),
) -> Callable[[], Any]:
    """What makes one of TRL's trainers over `rows` and a tokenizer of `words`. All is imported
    before it is called, so that a clock may start in between."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    chosen = {
        "output_dir": str(output),
        "per_device_train_batch_size": BATCH,
        "num_train_epochs": 1,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0,
        "save_strategy": "no",
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
        **arguments,
        **setup["arguments"],
    }

    def make() -> Any:
        return trainer(
            model=AutoModelForCausalLM.from_pretrained(
                base, dtype=getattr(torch, setup["dtype"]), attn_implementation=setup["attention"]
            ),
            args=config(**chosen),
            train_dataset=Dataset.from_list(rows),
            processing_class=PreTrainedTokenizerFast(
                tokenizer_object=words, pad_token="<pad>", eos_token="<end>"
            ),
            peft_config=LoraConfig(**LORA, target_modules="all-linear", task_type="CAUSAL_LM"),
            callbacks=list(callbacks),
        )

    return make


def llamafactory(
    output: Path,
    rows: Sequence[Mapping[str, Sequence[int]]],
    stage: Mapping[str, Any],
    *,
    shape: str,
    learning_rate: float,
    threads: int,
    seed: int,
) -> list[tuple[int, float, float]]:
    """Its stamps after a training by the interpreter that LLAMAFACTORY_PYTHON names: see
    `llamafactory_run.py`. The base lies beside `output`, where the adapter goes."""
    folder = output.parent
    kept = folder / "rows.json"
    kept.write_text(json.dumps(rows))
    work = {
        "stage": stage,
        "vocabulary": SHAPES[shape]["vocab_size"],
        "end": END,
        "batch": BATCH,
        "lora": LORA,
        "learning_rate": learning_rate,
        "threads": threads,
        "seed": seed,
        "base": str(folder / "base"),
        "output": str(output),
        "rows": str(kept),
    }
    program = Path(__file__).with_name("llamafactory_run.py")
    done = subprocess.run(
        [os.environ["LLAMAFACTORY_PYTHON"], str(program), json.dumps(work)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [tuple(stamp) for stamp in json.loads(done.stdout.splitlines()[-1])]
