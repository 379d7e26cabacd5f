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
import time
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from benchmarks.contenders import Report, read_options
from benchmarks.trainings import (
    BATCH,
    END,
    LORA,
    PAIRS,
    SHAPES,
    TRL_DEFAULTS,
    beside_peers,
    compare,
    fast_trl,
    llamafactory,
    parser,
    random_ids,
    trl_trainer,
)

RATES = ("tokens_per_cpu_second", "fastest_step_tokens_per_cpu_second", "tokens_per_second")
TRL = {"trl-defaults": TRL_DEFAULTS} | {
    f"trl-{name}-{attention}": fast_trl(attention, **arguments)
    for attention in ("eager", "sdpa")
    for name, arguments in {
        "padded": {},
        "padding-free": {"padding_free": True, "max_length": None},
        "packed": {"packing": True, "max_length": 512, "per_device_train_batch_size": 1},
    }.items()
}


def main() -> None:
    asked = parser(__doc__, rounds=3)
    asked.add_argument("--shape", choices=SHAPES, default="practice")
    asked.add_argument("--threads", type=int, default=1)
    options = read_options(asked, "tuning")
    if options.run:
        run(options)
        return
    compare(
        "tuning",
        options,
        ["sadari", *TRL],
        summarise,
        shape=options.shape,
        threads=options.threads,
        passed=("shape", "pairs", "steps", "threads"),
    )


def summarise(runs: dict[str, list[Report]]) -> dict[str, Any]:
    """Rates beside the peers', and the losses after training."""

    def times(ours: Report, theirs: Report) -> Report:
        return {rate: round(ours[rate] / theirs[rate], 2) for rate in RATES}

    summary = beside_peers(runs, "tokens_per_cpu_second", times)
    losses = {name: [report["loss_after"] for report in runs[name]] for name in runs}
    if "sadari" in runs:
        alike = [
            loss
            for name in set(runs) - {"sadari", "trl-defaults", "llamafactory"}
            if "packed" not in name
            for loss in losses[name]
        ]
        summary["loss_after_training"] = {
            "sadari": [min(losses["sadari"]), max(losses["sadari"])],
            **({"trl, padded or not": [min(alike), max(alike)]} if alike else {}),
            **{name: losses[name] for name in runs if name == "llamafactory"},
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
    from tokenizers import Tokenizer, models
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    stamps = []

    class Watch(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            tokens = int(trainer._total_train_tokens)
            stamps.append((tokens, time.perf_counter(), time.process_time()))

    trainer = trl_trainer(
        SFTTrainer,
        SFTConfig,
        TRL[options.run],
        base,
        output,
        [{"input_ids": ids, "completion_mask": [int(on) for on in mask]} for ids, mask in examples],
        Tokenizer(models.WordLevel({"<pad>": 0, "<end>": END}, unk_token="<pad>")),
        {
            "learning_rate": SHAPES[options.shape]["learning_rate"],
            "completion_only_loss": True,
            "seed": options.seed,
        },
        callbacks=[Watch()],
    )()
    trainer.train()
    trainer.model.save_pretrained(output)
    return stamps


def run_llamafactory(
    options: argparse.Namespace, base: Path, examples: list[Any], output: Path
) -> list[tuple[int, float, float]]:
    rows = []
    for ids, mask in examples:
        asked = mask.index(True)
        rows.append({"instruction": ids[:asked], "input": [], "output": ids[asked:]})
    stamps = llamafactory(
        output,
        rows,
        {"stage": "sft"},
        shape=options.shape,
        learning_rate=SHAPES[options.shape]["learning_rate"],
        threads=options.threads,
        seed=options.seed,
    )
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


def make_pairs(options: argparse.Namespace) -> list[tuple[list[int], list[bool]]]:
    """Random ids, and which of them are the answer."""
    draw = random.Random(0)
    common, prompt, answer = PAIRS[options.pairs]
    ids = random_ids(draw, options.shape)
    system = ids(common)
    pairs = []
    for _ in range(BATCH * options.steps):
        asked = system + ids(draw.randint(*prompt))
        said = ids(draw.randint(*answer) - 1)
        mask = [False] * len(asked) + [True] * (len(said) + 1)
        pairs.append(([*asked, *said, END], mask))
    return pairs


if __name__ == "__main__":
    main()
