"""Check that the model learns: LoRA on closed-book questions, and on dialogue states.

python -m training.practice.learns src/sadari/llm/practice --rate 0.002
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from random import Random
from typing import Any

import torch
from peft import LoraConfig, get_peft_model

from training.practice import names
from training.practice.batches import buckets, collate, encode
from training.practice.facts import ask, tell
from training.practice.judge import Asked, complete, load, report, right
from training.practice.mixture import sample
from training.practice.reading import KINDS, RULE
from training.practice.rows import START, Row, reply, turn


def closed_pairs(count: int, seed: int = 3) -> list[Row]:
    """Questions without passages whose answers have to be remembered."""
    rng, rows = Random(seed), []
    prefix = turn("system", f"당신은 담당자를 돕는 조수입니다.\n{RULE}") + f"{START}user\n"
    while len(rows) < count:
        fact = tell(rng.choice(KINDS), names.noun(rng), "plain", rng)
        if asked := ask(fact, rng):
            rows.append(Row(prefix, (reply(asked[0], fact.sentence, "learned", fact.sentence),)))
    return rows


def tune(
    model: Any, tokenizer: Any, rows: list[Row], *, rate: float, epochs: int, seed: int = 0
) -> Any:
    """LoRA r16 on every linear layer; the rate falls to zero over the run."""
    tuned = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"))
    encoded = [encode(row, tokenizer) for row in rows]
    rng = Random(seed)
    adam = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=rate)
    batches = buckets(encoded, 1600)
    total = epochs * len(batches)
    for step in range(total):
        if step % len(batches) == 0:
            rng.shuffle(batches)
        batch = collate(batches[step % len(batches)], 0)
        hidden = tuned.base_model.model.model(
            input_ids=batch.ids,
            attention_mask=batch.mask,
            position_ids=batch.positions,
            use_cache=False,
        ).last_hidden_state
        logits = tuned.base_model.model.lm_head(hidden.reshape(-1, hidden.shape[-1])[batch.source])
        loss = torch.nn.functional.cross_entropy(logits, batch.target)
        for group in adam.param_groups:
            group["lr"] = rate * (1 - step / total)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tuned.parameters(), 1.0)
        adam.step()
        adam.zero_grad()
    return tuned.eval()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("folder", type=Path)
    p.add_argument("--rate", type=float, default=0.01)
    p.add_argument("--epochs", type=int, default=40)
    p.add_argument("--pairs", type=int, default=100)
    options = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, tokenizer = load(options.folder)
    rows = closed_pairs(options.pairs)
    begun = time.monotonic()
    tuned = tune(model, tokenizer, rows, rate=options.rate, epochs=options.epochs)
    seconds = time.monotonic() - begun
    asked = [
        Asked(row.prefix + row.branches[0].prompt, "learned", row.branches[0].answer)
        for row in rows
    ]
    answers = complete(tuned, tokenizer, [a.prompt for a in asked])
    learned = sum(right(a, answer) for a, answer in zip(asked, answers, strict=True)) / len(asked)
    print(
        f"{options.pairs} closed-book pairs, rate {options.rate}, {options.epochs} epochs, {seconds:.0f} s: {learned:.2f} remembered"
    )

    model, tokenizer = load(options.folder)
    rng = Random(5)
    states = [sample(rng, 4, kind="state", unseen=True) for _ in range(140)]
    held = [Asked(row.branches[0].prompt, "state", row.branches[0].answer) for row in states[100:]]
    before = report(model, tokenizer, held)
    after = report(
        tune(model, tokenizer, states[:100], rate=options.rate / 2, epochs=6), tokenizer, held
    )
    print(f"states in shapes of the exam, before {before}, after tuning on 100 dialogues {after}")


if __name__ == "__main__":
    main()
