"""Pairs per CPU second of sadari's DPO against TRL's DPOTrainer.

    python -m benchmarks.preference
    python -m benchmarks.preference --pairs system

Every contender learns the same preferences (random ids in the lengths of short Korean questions
and answers) from the same random-weight model with LoRA r16 on all linear layers, four pairs a
step, one epoch, in a process of its own. The whole job counts, from pairs to adapter: opening the
model, the reference's log-probabilities, every step; not the imports. TRL runs at its defaults and
with its fast settings (bfloat16 weights, either attention, the reference computed beforehand or in
each step; it has no padding-free DPO at present), of which the best one counts; LLaMA-Factory
(`LLAMAFACTORY_PYTHON=… --only sadari llamafactory`) as its documentation starts it. Losses after
training are computed by one plain evaluation for all. Results go to results/preference.json.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.contenders import llamafactory, medians, read_options, take_turns
from benchmarks.kept import keep
from benchmarks.tuning import END, FAST, LIBRARIES, LORA, PAIRS, SHAPES, make_base

SHAPE, BATCH, BETA, RATE = "practice", 4, 0.1, 1e-4
TRL: dict[str, dict[str, Any]] = {
    "trl-defaults": {"dtype": "float32", "attention": "sdpa", "arguments": {}},
} | {
    f"trl-{attention}-{when}": {
        "dtype": "bfloat16",
        "attention": attention,
        "arguments": FAST | {"precompute_ref_log_probs": when == "beforehand"},
    }
    for attention in ("eager", "sdpa")
    for when in ("beforehand", "each-step")
}
Ids = list[int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", choices=PAIRS, default="short")
    parser.add_argument("--steps", type=int, default=20, help="optimiser steps of each run")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", nargs="*", help="contenders; all of them if left out")
    options = read_options(parser, "preference")
    if options.run:
        run(options)
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    """Let every contender learn in turn, and write what they report."""
    with tempfile.TemporaryDirectory() as home:
        make_base(SHAPE, Path(home) / "base")
        chosen = {"pairs": options.pairs, "steps": options.steps, "folder": home}
        names = options.only or ["sadari", *TRL]
        runs = take_turns("benchmarks.preference", names, options.rounds, chosen)
    median = medians(runs)
    summary: dict[str, Any] = {"median": median}
    rates = {name: figures["pairs_per_cpu_second"] for name, figures in median.items()}
    others = set(rates) & {"trl-defaults", "llamafactory"}
    fast = [name for name in rates if name not in ("sadari", *others)]
    if fast:
        summary["best_of_trl"] = max(fast, key=rates.__getitem__)
        others.add(summary["best_of_trl"])
    if "sadari" in rates:
        for other in sorted(others):
            summary[f"times {other}"] = round(rates["sadari"] / rates[other], 2)
    print(json.dumps(summary, indent=1))
    keep(
        options.out,
        {f"{SHAPE} {options.pairs}": {**summary, "runs": runs}},
        contenders=lambda part: part["median"],
        libraries=LIBRARIES,
        threads=1,
    )


def run(options: argparse.Namespace) -> None:
    """Train as one contender and print its report."""
    import torch

    torch.set_num_threads(1)
    pairs = make_pairs(options)
    base, output = options.folder / "base", options.folder / f"{options.run}-{options.seed}"
    contender = {"sadari": run_sadari, "llamafactory": run_llamafactory}.get(options.run, run_trl)
    wall, cpu = contender(options, base, pairs, output)
    report = {
        "pairs_per_cpu_second": len(pairs) / cpu,
        "pairs_per_second": len(pairs) / wall,
        "loss_after": plain_loss(base, output, pairs[:8]),
    }
    print(json.dumps(report))


def run_sadari(
    options: argparse.Namespace, base: Path, pairs: list[tuple[Ids, Ids, Ids]], output: Path
) -> tuple[float, float]:
    import peft  # noqa: F401  imported before the clock starts, as TRL's are

    from sadari.llm.types import Rendered
    from sadari.tuning import Pair, TuneSettings, loop

    def rendered(prompt: Ids, answer: Ids) -> Rendered:
        trained = (False,) * len(prompt) + (True,) * len(answer)
        return Rendered((*prompt, *answer), trained)

    settings = TuneSettings(
        preference="dpo",
        beta=BETA,
        rank=LORA["r"],
        alpha=LORA["lora_alpha"],
        learning_rate=RATE,
        epochs=1,
        warmup_share=0.0,
        batch_examples=BATCH,
        save_every_steps=0,
        seed=options.seed,
        threads=1,
    )
    lessons = [Pair(rendered(asked, one), rendered(asked, other)) for asked, one, other in pairs]
    wall, cpu = time.perf_counter(), time.process_time()
    loop.train(base, lessons, [], settings, output)
    return time.perf_counter() - wall, time.process_time() - cpu


def run_trl(
    options: argparse.Namespace, base: Path, pairs: list[tuple[Ids, Ids, Ids]], output: Path
) -> tuple[float, float]:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
    from trl import DPOConfig, DPOTrainer

    def text(ids: Ids) -> str:
        return "".join(f" {i}" for i in ids)

    setup = TRL[options.run]
    names = {str(i): i for i in range(3, SHAPES[SHAPE]["vocab_size"])} | {"<pad>": 0, "<end>": END}
    words = Tokenizer(models.WordLevel(names, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    arguments: dict[str, Any] = {
        "output_dir": str(output),
        "per_device_train_batch_size": BATCH,
        "num_train_epochs": 1,
        "learning_rate": RATE,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0,
        "beta": BETA,
        "save_strategy": "no",
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": options.seed,
        **setup["arguments"],
    }
    columns = [
        {"prompt": text(asked), "chosen": text(one[:-1]), "rejected": text(other[:-1])}
        for asked, one, other in pairs
    ]
    wall, cpu = time.perf_counter(), time.process_time()
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(
            base, dtype=getattr(torch, setup["dtype"]), attn_implementation=setup["attention"]
        ),
        args=DPOConfig(**arguments),
        train_dataset=Dataset.from_list(columns),
        processing_class=PreTrainedTokenizerFast(
            tokenizer_object=words, pad_token="<pad>", eos_token="<end>"
        ),
        peft_config=LoraConfig(**LORA, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    trainer.train()
    trainer.model.save_pretrained(output)
    return time.perf_counter() - wall, time.process_time() - cpu


def run_llamafactory(
    options: argparse.Namespace, base: Path, pairs: list[tuple[Ids, Ids, Ids]], output: Path
) -> tuple[float, float]:
    """In an environment of its own: see `llamafactory_run.py`."""
    rows = [{"instruction": asked, "chosen": one, "rejected": other} for asked, one, other in pairs]
    work = {
        "stage": {"stage": "dpo", "pref_beta": BETA, "pref_loss": "sigmoid"},
        "vocabulary": SHAPES[SHAPE]["vocab_size"],
        "end": END,
        "batch": BATCH,
        "lora": LORA,
        "learning_rate": RATE,
        "threads": 1,
        "seed": options.seed,
    }
    stamps = llamafactory(options.folder, output.name, rows, work)
    (_, wall, cpu), (_, wall_end, cpu_end) = stamps[0], stamps[-1]
    return wall_end - wall, cpu_end - cpu


def plain_loss(base: Path, adapter: Path, pairs: list[tuple[Ids, Ids, Ids]]) -> float:
    """The mean DPO loss by Transformers and PEFT alone, in float32, one answer at a time."""
    import torch
    from peft import PeftModel
    from torch.nn.functional import logsigmoid
    from transformers import AutoModelForCausalLM

    plain: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = PeftModel.from_pretrained(plain, adapter)

    def gain(asked: Ids, answer: Ids) -> Any:
        ids = torch.tensor([asked + answer])

        def total() -> Any:
            logits = model(ids).logits[0, len(asked) - 1 : -1].log_softmax(-1)
            return logits.gather(1, ids[0, len(asked) :, None]).sum()

        with model.disable_adapter():
            before = total()
        return total() - before

    with torch.no_grad():
        losses = [
            -logsigmoid(BETA * (gain(asked, one) - gain(asked, other)))
            for asked, one, other in pairs
        ]
    return float(torch.stack(losses).mean())


def make_pairs(options: argparse.Namespace) -> list[tuple[Ids, Ids, Ids]]:
    """(prompt, chosen, rejected) of random ids, of which few are frequent as in a language."""
    draw = random.Random(0)
    common, prompt, answer = PAIRS[options.pairs]
    vocabulary = SHAPES[SHAPE]["vocab_size"]

    def word() -> int:
        return 3 + int((vocabulary - 3) * draw.random() ** 4)

    system = [word() for _ in range(common)]
    return [
        (
            system + [word() for _ in range(draw.randint(*prompt))],
            [word() for _ in range(draw.randint(*answer) - 1)] + [END],
            [word() for _ in range(draw.randint(*answer) - 1)] + [END],
        )
        for _ in range(BATCH * options.steps)
    ]


if __name__ == "__main__":
    main()
