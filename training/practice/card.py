"""Write the model card from the exported weights: what they are, what they score, what for.

python -m training.practice.card src/sadari/llm/practice --prose tests/practice/prose.jsonl
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from training.practice.judge import blind, by_hand, generated, load, report

FEW, FEW_SEED = 24, 23  # prompts of each kind that a test asks again


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("folder", type=Path)
    p.add_argument("--each", type=int, default=100, help="prompts of each kind")
    p.add_argument("--prose", type=Path, required=True)
    options = p.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load(options.folder)
    card = {
        "name": "sadari practice",
        "parameters": model.num_parameters(),
        "bytes": (options.folder / "model.safetensors").stat().st_size,
        "languages": ["ko", "en"],
        "context_length": model.config.max_position_embeddings,
        "licence": "the licence of this repository; trained from scratch on text that training/practice generates",
        "for": "trying the whole ladder offline, and tests",
        "not_for": "real users: it copies sentences out of passages, it knows and reasons nothing",
        "measured": f"greedy, {options.each} prompts a kind ({2 * options.each} of reading), up to 8 facts, "
        "sentence and question shapes never trained on",
        "scores": report(model, tokenizer, generated(options.each)),
        "scores_up_to_2_facts": report(
            model,
            tokenizer,
            [a for a in generated(options.each, stage=2) if a.kind in ("answer", "refuse")],
        ),
        "scores_of_a_few": report(model, tokenizer, generated(FEW, seed=FEW_SEED)),
        "development_prose": report(model, tokenizer, by_hand(tokenizer)),
        "blind_prose": report(model, tokenizer, blind(tokenizer, options.prose)),
    }
    (options.folder / "card.json").write_text(
        json.dumps(card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    print(json.dumps(card, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
