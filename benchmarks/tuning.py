"""Tokens per second of sadari's tuning loop against TRL's SFTTrainer, on CPU.

    python -m benchmarks.tuning --shape practice --pairs short
    python -m benchmarks.tuning --shape 0.5b --pairs short --steps 3 --rounds 1

Every contender trains the same random-weight model on the same pairs (random ids, a few of them
frequent, in the lengths of short Korean questions and answers) with LoRA r16 on all linear
layers, float32 adapters and four pairs a step, in a process of its own. Rounds alternate the
order. TRL runs at its defaults, and at each of its documented fast settings, of which the best
one counts. The first step of each process is not counted. CPU-seconds are compared beside wall
seconds, since a machine with other work on it stretches the latter. Losses after training are
computed by one plain evaluation for all. Results go to benchmarks/results/tuning.json.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from benchmarks.contenders import llamafactory, medians, read_options, take_turns
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
# TRL's documented ways to be fast: weights in bfloat16 without autocast, no recomputation, no
# logging each step, the fused optimiser; then what to do about padding, and which attention.
FAST = {
    "bf16": False,
    "gradient_checkpointing": False,
    "logging_steps": 10_000,
    "optim": "adamw_torch_fused",
    "dataloader_pin_memory": False,
}
TRL: dict[str, dict[str, Any]] = {
    "trl-defaults": {"dtype": "float32", "attention": "sdpa", "arguments": {}},
}
for _attention in ("eager", "sdpa"):
    for _name, _arguments in {
        "padded": {},
        "padding-free": {"padding_free": True, "max_length": None},
        "packed": {"packing": True, "max_length": 512, "per_device_train_batch_size": 1},
    }.items():
        TRL[f"trl-{_name}-{_attention}"] = {
            "dtype": "bfloat16",
            "attention": _attention,
            "arguments": FAST | _arguments,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="practice")
    parser.add_argument("--pairs", choices=PAIRS, default="short")
    parser.add_argument("--steps", type=int, default=20, help="optimiser steps of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="contenders; all of them if left out")
    options = read_options(parser, "tuning")
    if options.run:
        run(options)
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    """Let every contender train in turn, and write what they report."""
    chosen = {key: getattr(options, key) for key in ("shape", "pairs", "steps", "threads")}
    with tempfile.TemporaryDirectory() as home:
        make_base(options.shape, Path(home) / "base")
        names = options.only or ["sadari", *TRL]
        runs = take_turns("benchmarks.tuning", names, options.rounds, {**chosen, "folder": home})
    summary = summarise(runs)
    print(json.dumps(summary, indent=1))
    keep(
        options.out,
        {f"{options.shape} {options.pairs}": {**summary, "runs": runs}},
        contenders=lambda part: part["median"],
        libraries=LIBRARIES,
        threads=options.threads,
    )


def summarise(runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """The median of each contender, and sadari's as a multiple of TRL's. The best of TRL's fast
    settings is the one with the most tokens per CPU-second."""
    rates = (
        "tokens_per_cpu_second",
        "fastest_step_tokens_per_cpu_second",
        "tokens_per_second",
    )
    median = medians(runs)
    summary: dict[str, Any] = {"median": median}
    fast = [name for name in runs if name not in ("sadari", "trl-defaults", "llamafactory")]
    if "sadari" in runs:
        others = set(runs) & {"trl-defaults", "llamafactory"}
        if fast:
            best = max(fast, key=lambda name: median[name]["tokens_per_cpu_second"])
            summary["best_of_trl"] = best
            others.add(best)
        for other in sorted(others):
            summary[f"times {other}"] = {
                rate: round(median["sadari"][rate] / median[other][rate], 2) for rate in rates
            }
        losses = {name: [report["loss_after"] for report in runs[name]] for name in runs}
        alike = [loss for name in fast if "packed" not in name for loss in losses[name]]
        summary["loss_after_training"] = {
            "sadari": [min(losses["sadari"]), max(losses["sadari"])],
            **({"trl, padded or not": [min(alike), max(alike)]} if alike else {}),
            **{name: losses[name] for name in others if name == "llamafactory"},
        }
    return summary


def run(options: argparse.Namespace) -> None:
    """Train as one contender and print its report."""
    import torch

    torch.set_num_threads(options.threads)
    examples = make_pairs(options)
    base, output = options.folder / "base", options.folder / f"{options.run}-{options.seed}"
    contender = {"sadari": run_sadari, "llamafactory": run_llamafactory}.get(options.run, run_trl)
    # Stamps are (tokens so far, wall seconds, CPU seconds) after each step.
    stamps = contender(options, base, examples, output)
    (first, wall, cpu), (last, wall_end, cpu_end) = stamps[0], stamps[-1]
    report = {
        "tokens": last - first,
        "tokens_per_second": (last - first) / (wall_end - wall),
        "tokens_per_cpu_second": (last - first) / (cpu_end - cpu),
        # Other work on the machine slows a step but never speeds one up.
        "fastest_step_tokens_per_cpu_second": max(
            (after[0] - before[0]) / (after[2] - before[2]) for before, after in pairwise(stamps)
        ),
        "loss_before": plain_loss(base, None, examples[:4]),
        "loss_after": plain_loss(base, output, examples[:4]),
    }
    print(json.dumps(report))


def run_sadari(
    options: argparse.Namespace, base: Path, examples: list[Any], output: Path
) -> list[tuple[int, float, float]]:
    from sadari.llm.types import Rendered
    from sadari.tuning import Progress, train

    stamps = []

    def on_step(progress: Progress) -> None:
        seconds = time.perf_counter()
        stamps.append((progress.step, seconds, time.process_time()))

    settings = sadari_settings(options)
    rows = [Rendered(tuple(ids), tuple(mask)) for ids, mask in examples]
    train(base, rows, [], settings, output, on_step=on_step)
    tokens = cumulative(examples, settings.seed)
    return [(tokens[step - 1], wall, cpu) for step, wall, cpu in stamps]


def sadari_settings(options: argparse.Namespace) -> Any:
    """What sadari trains with."""
    from sadari.tuning import TuneSettings

    return TuneSettings(
        rank=LORA["r"],
        alpha=LORA["lora_alpha"],
        dropout=LORA["lora_dropout"],
        learning_rate=SHAPES[options.shape]["learning_rate"],
        epochs=1,
        warmup_share=0.0,
        batch_examples=BATCH,
        save_every_steps=0,
        seed=options.seed,
        threads=options.threads,
    )


def cumulative(examples: list[Any], seed: int) -> list[int]:
    """Tokens after each step, in the order that sadari sees the examples."""
    from sadari.tuning.course import Plan
    from sadari.tuning.settings import TuneSettings

    plan = Plan(len(examples), TuneSettings(epochs=1, batch_examples=BATCH, seed=seed))
    total, found = 0, []
    for step in range(plan.steps):
        total += sum(len(examples[i][0]) for i in plan.batch(step))
        found.append(total)
    return found


def run_trl(
    options: argparse.Namespace, base: Path, examples: list[Any], output: Path
) -> list[tuple[int, float, float]]:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from tokenizers import Tokenizer, models
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    stamps = []

    class Watch(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            tokens = int(trainer._total_train_tokens)
            stamps.append((tokens, time.perf_counter(), time.process_time()))

    setup = TRL[options.run]
    words = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": END}, unk_token="<pad>"))
    arguments: dict[str, Any] = {
        "output_dir": str(output),
        "per_device_train_batch_size": BATCH,
        "num_train_epochs": 1,
        "learning_rate": SHAPES[options.shape]["learning_rate"],
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0,
        "completion_only_loss": True,
        "save_strategy": "no",
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": options.seed,
        **setup["arguments"],
    }
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(
            base, dtype=getattr(torch, setup["dtype"]), attn_implementation=setup["attention"]
        ),
        args=SFTConfig(**arguments),
        train_dataset=Dataset.from_dict(
            {
                "input_ids": [ids for ids, _ in examples],
                "completion_mask": [[int(on) for on in mask] for _, mask in examples],
            }
        ),
        processing_class=PreTrainedTokenizerFast(
            tokenizer_object=words, pad_token="<pad>", eos_token="<end>"
        ),
        peft_config=LoraConfig(**LORA, target_modules="all-linear", task_type="CAUSAL_LM"),
        callbacks=[Watch()],
    )
    trainer.train()
    trainer.model.save_pretrained(output)
    return stamps


def run_llamafactory(
    options: argparse.Namespace, base: Path, examples: list[Any], output: Path
) -> list[tuple[int, float, float]]:
    """In an environment of its own: see `llamafactory_run.py`."""
    shape = SHAPES[options.shape]
    rows = []
    for ids, mask in examples:
        asked = mask.index(True)
        rows.append({"instruction": ids[:asked], "input": [], "output": ids[asked:]})
    work = {
        "stage": {"stage": "sft"},
        "vocabulary": shape["vocab_size"],
        "end": END,
        "batch": BATCH,
        "lora": LORA,
        "learning_rate": shape["learning_rate"],
        "threads": options.threads,
        "seed": options.seed,
    }
    stamps = llamafactory(options.folder, output.name, rows, work)
    tokens = list(accumulate(len(ids) for ids, _ in examples))
    return [(tokens[step * BATCH - 1], wall, cpu) for step, wall, cpu in stamps[1:-1]]


def plain_loss(base: Path, adapter: Path | None, examples: list[Any]) -> float:
    """Mean loss per answer token by Transformers and PEFT alone, in float32, one example at a
    time."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
    total, count = 0.0, 0
    with torch.no_grad():
        for ids, mask in examples:
            logits = model(torch.tensor([ids])).logits[0, :-1]
            labels = torch.tensor(ids[1:]).masked_fill(~torch.tensor(mask[1:]), -100)
            total += float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
            count += sum(mask[1:])
    return total / count


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


def make_pairs(options: argparse.Namespace) -> list[tuple[list[int], list[bool]]]:
    """Random ids, of which few are frequent as in a language, and which of them are the answer."""
    rng = random.Random(0)
    common, prompt, answer = PAIRS[options.pairs]
    vocabulary = SHAPES[options.shape]["vocab_size"]

    def word() -> int:
        return 3 + int((vocabulary - 3) * rng.random() ** 4)

    system = [word() for _ in range(common)]
    pairs = []
    for _ in range(BATCH * options.steps):
        asked = system + [word() for _ in range(rng.randint(*prompt))]
        said = [word() for _ in range(rng.randint(*answer) - 1)]
        mask = [False] * len(asked) + [True] * (len(said) + 1)
        pairs.append(([*asked, *said, END], mask))
    return pairs


if __name__ == "__main__":
    main()
