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
import time
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

SHAPE, BETA, RATE = "practice", 0.1, 1e-4
TRL = {"trl-defaults": TRL_DEFAULTS} | {
    f"trl-{attention}-{when}": fast_trl(attention, precompute_ref_log_probs=when == "beforehand")
    for attention in ("eager", "sdpa")
    for when in ("beforehand", "each-step")
}
Ids = list[int]


def main() -> None:
    options = read_options(parser(__doc__, rounds=2), "preference")
    if options.run:
        run(options)
        return
    compare(
        "preference",
        options,
        ["sadari", *TRL],
        summarise,
        shape=SHAPE,
        threads=1,
        passed=("pairs", "steps"),
    )


def summarise(runs: dict[str, list[Report]]) -> dict[str, Any]:
    """Rates beside the peers'."""
    rate = "pairs_per_cpu_second"
    return beside_peers(runs, rate, lambda ours, theirs: round(ours[rate] / theirs[rate], 2))


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
    from tokenizers import Tokenizer, models, pre_tokenizers
    from trl import DPOConfig, DPOTrainer

    def text(ids: Ids) -> str:
        return "".join(f" {i}" for i in ids)

    names = {str(i): i for i in range(3, SHAPES[SHAPE]["vocab_size"])} | {"<pad>": 0, "<end>": END}
    words = Tokenizer(models.WordLevel(names, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    make = trl_trainer(
        DPOTrainer,
        DPOConfig,
        TRL[options.run],
        base,
        output,
        [
            {"prompt": text(asked), "chosen": text(one[:-1]), "rejected": text(other[:-1])}
            for asked, one, other in pairs
        ],
        words,
        {"learning_rate": RATE, "beta": BETA, "seed": options.seed},
    )
    wall, cpu = time.perf_counter(), time.process_time()
    trainer = make()
    trainer.train()
    trainer.model.save_pretrained(output)
    return time.perf_counter() - wall, time.process_time() - cpu


def run_llamafactory(
    options: argparse.Namespace, base: Path, pairs: list[tuple[Ids, Ids, Ids]], output: Path
) -> tuple[float, float]:
    stamps = llamafactory(
        output,
        [{"instruction": asked, "chosen": one, "rejected": other} for asked, one, other in pairs],
        {"stage": "dpo", "pref_beta": BETA, "pref_loss": "sigmoid"},
        shape=SHAPE,
        learning_rate=RATE,
        threads=1,
        seed=options.seed,
    )
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
    """(prompt, chosen, rejected) of random ids."""
    draw = random.Random(0)
    common, prompt, answer = PAIRS[options.pairs]
    ids = random_ids(draw, SHAPE)
    system = ids(common)
    return [
        (
            system + ids(draw.randint(*prompt)),
            [*ids(draw.randint(*answer) - 1), END],
            [*ids(draw.randint(*answer) - 1), END],
        )
        for _ in range(BATCH * options.steps)
    ]


if __name__ == "__main__":
    main()
