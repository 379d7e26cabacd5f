"""LLaMA-Factory on the work of `benchmarks.tuning` and `benchmarks.preference`, as its
documentation starts it.

It wants other versions of Transformers and PEFT than sadari, so it runs in an environment of its
own, by that one's interpreter (docs/tuning.md says how to make it):

    LLAMAFACTORY_PYTHON=/path/to/python python -m benchmarks.tuning --only sadari llamafactory

This file imports nothing of sadari. It reads what to do as JSON from its first argument and prints
(step, wall seconds, CPU seconds) from before the first step to after the last as its last line;
the second entry is taken after one step, the last when the adapter is written.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

NAME = "pairs"


def main() -> None:
    work = json.loads(sys.argv[1])
    base, output = Path(work["base"]), Path(work["output"])
    rows = json.loads(Path(work["rows"]).read_text())
    write_tokenizer(base, work["vocabulary"], work["end"])
    write_dataset(output, rows, work["end"])
    print(json.dumps(train(work, base, output)))


def train(work: dict[str, Any], base: Path, output: Path) -> list[Any]:
    import torch
    from llamafactory.train.tuner import run_exp
    from transformers import TrainerCallback

    torch.set_num_threads(work["threads"])
    stamps: list[Any] = []

    def stamp(step: int) -> None:
        stamps.append((step, time.perf_counter(), time.process_time()))

    class Watch(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            stamp(len(stamps))

    stamp(0)
    run_exp(
        {
            # examples/train_lora of its documentation
            "do_train": True,
            "finetuning_type": "lora",
            "lora_target": "all",
            "cutoff_len": 2048,
            "bf16": True,
            "use_cpu": True,
            "lr_scheduler_type": "cosine",
            "warmup_ratio": 0.1,
            "preprocessing_num_workers": 1,
            # the work
            **work["stage"],
            "model_name_or_path": str(base),
            "dataset": NAME,
            "dataset_dir": str(output),
            "template": "empty",
            "output_dir": str(output),
            "lora_rank": work["lora"]["r"],
            "lora_alpha": work["lora"]["lora_alpha"],
            "lora_dropout": work["lora"]["lora_dropout"],
            "per_device_train_batch_size": work["batch"],
            "gradient_accumulation_steps": 1,
            "num_train_epochs": 1,
            "learning_rate": work["learning_rate"],
            "seed": work["seed"],
            "disable_shuffling": True,
            "save_strategy": "no",
            "report_to": "none",
        },
        callbacks=[Watch()],
    )
    stamp(len(stamps) - 1)
    return stamps


def write_tokenizer(base: Path, vocabulary: int, end: int) -> None:
    """One word for each token id, and nothing else."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {f"w{i}": i for i in range(vocabulary)}
    words["<end>"], words["<pad>"] = words.pop(f"w{end}"), words.pop("w0")
    made = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="<end>"
    ).save_pretrained(base)


def write_dataset(folder: Path, rows: list[dict[str, list[int]]], end: int) -> None:
    """Rows of token ids as text, with the file that names the set and its columns."""
    folder.mkdir(parents=True, exist_ok=True)
    said = [
        {name: " ".join("<end>" if i == end else f"w{i}" for i in ids) for name, ids in row.items()}
        for row in rows
    ]
    (folder / f"{NAME}.json").write_text(json.dumps(said))
    named: dict[str, Any] = {"file_name": f"{NAME}.json"}
    if "chosen" in rows[0]:
        named |= {"ranking": True, "columns": {n: n for n in ("chosen", "rejected")}}
        named["columns"]["prompt"] = "instruction"
    (folder / "dataset_info.json").write_text(json.dumps({NAME: named}))


if __name__ == "__main__":
    main()
