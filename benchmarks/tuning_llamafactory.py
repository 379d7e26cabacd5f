"""LLaMA-Factory training on the pairs of `benchmarks.tuning`, as its documentation starts it.

It wants other versions of Transformers and PEFT than sadari, so it runs in an environment of its
own, by that one's interpreter (docs/tuning.md says how to make it):

    LLAMAFACTORY_PYTHON=/path/to/python python -m benchmarks.tuning --only sadari llamafactory

This file imports nothing of sadari. It reads what to do as JSON from its first argument and prints
(tokens so far, wall seconds, CPU seconds) after each step as its last line.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

NAME = "pairs"


def main() -> None:
    work = json.loads(sys.argv[1])
    base, output = Path(work["base"]), Path(work["output"])
    examples = json.loads(Path(work["examples"]).read_text())
    write_tokenizer(base, work["vocabulary"], work["end"])
    write_dataset(output, examples)
    print(json.dumps(train(work, base, output, examples)))


def train(work: dict[str, Any], base: Path, output: Path, examples: Any) -> list[Any]:
    import torch
    from llamafactory.train.tuner import run_exp
    from transformers import TrainerCallback

    torch.set_num_threads(work["threads"])
    sizes = [len(ids) for ids, _ in examples]
    tokens = list(accumulate(sizes))
    stamps: list[Any] = []

    class Watch(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            seen = tokens[(len(stamps) + 1) * work["batch"] - 1]
            stamps.append((seen, time.perf_counter(), time.process_time()))

    run_exp(
        {
            # examples/train_lora of its documentation
            "stage": "sft",
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


def write_dataset(folder: Path, examples: Any) -> None:
    """The pairs as instructions and outputs, with the file that names the set."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for ids, mask in examples:
        asked = mask.index(True)
        said = " ".join(f"w{i}" for i in ids[asked:-1])
        prompt = " ".join(f"w{i}" for i in ids[:asked])
        rows.append({"instruction": prompt, "input": "", "output": f"{said} <end>"})
    (folder / f"{NAME}.json").write_text(json.dumps(rows))
    (folder / "dataset_info.json").write_text(json.dumps({NAME: {"file_name": f"{NAME}.json"}}))


if __name__ == "__main__":
    main()
