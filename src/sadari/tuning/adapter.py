"""What a tuning gives, as it is kept: nothing that only training needs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from sadari.llm.folders import ADAPTER_CONFIG, ADAPTER_WEIGHTS, MODEL_CONFIG
from sadari.llm.weights import TOKENIZER_FILES
from sadari.store import settle
from sadari.tuning.errors import TuningError


def write_adapter(adapted: Any, output: Path) -> int:
    """Write the weights and configuration of a PEFT model into `output`, in PEFT's format. Returns
    the size of the weights in bytes."""
    unfinished = _unfinished(output)
    # False: no look at the model hub for whether the vocabulary grew; it did not.
    adapted.save_pretrained(unfinished, safe_serialization=True, save_embedding_layers=False)
    (unfinished / "README.md").unlink(missing_ok=True)
    _in_order(unfinished / ADAPTER_CONFIG)
    return _settle_all(unfinished, output, last=ADAPTER_CONFIG)


def write_model(model: Any, output: Path) -> int:
    """Write a whole Transformers model with the tokenizer of the base that it was opened from into
    `output`. Returns the size of the weights in bytes."""
    unfinished = _unfinished(output)
    model.config.use_cache = True  # off while training; whoever opens this wants it
    model.save_pretrained(unfinished, safe_serialization=True)
    base = Path(model.config.name_or_path)
    for path in sorted({path for name in TOKENIZER_FILES for path in base.glob(name)}):
        shutil.copy2(path, unfinished / path.name)
    return _settle_all(unfinished, output, last=MODEL_CONFIG)


def _in_order(path: Path) -> None:
    """PEFT writes a set as it comes, in another order in every process: the same tuning would have
    another hash."""
    config = json.loads(path.read_text(encoding="utf-8"))
    for name, value in config.items():
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            config[name] = sorted(value)
    path.write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")


def _unfinished(output: Path) -> Path:
    folder = output / ".unfinished-adapter"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _settle_all(unfinished: Path, output: Path, last: str) -> int:
    """Move every file into `output`. The configuration comes last: a folder that has it is
    finished."""
    files = [path for path in unfinished.iterdir() if path.is_file()]
    for path in sorted(files, key=lambda path: path.name == last):
        shutil.copymode(unfinished / last, path)  # safetensors keeps its files to their owner
        settle(path, output / path.name)
    shutil.rmtree(unfinished)
    return sum(path.stat().st_size for path in output.glob("*.safetensors"))


def begin_from(adapted: Any, folder: Path) -> None:
    """Give a PEFT model with fresh weights those that a tuning of the same base and settings kept
    in `folder`. Raises TuningError if they are of another base, rank or targets."""
    from peft import get_peft_model_state_dict, load_peft_weights, set_peft_model_state_dict

    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise TuningError("There is no adapter to start from.", where=str(folder))
    kept = load_peft_weights(str(folder), device="cpu")
    check_fits(kept, get_peft_model_state_dict(adapted, save_embedding_layers=False), folder)
    set_peft_model_state_dict(adapted, kept)


def check_fits(kept: Mapping[str, Tensor], fresh: Mapping[str, Tensor], folder: Path) -> None:
    """Raises TuningError unless the weights `kept` in `folder` are those of a `fresh` tuning, by
    name and shape."""
    if {name: value.shape for name, value in kept.items()} != {
        name: value.shape for name, value in fresh.items()
    }:
        raise TuningError(
            "The adapter to start from has another base, rank or targets than this tuning.",
            where=str(folder),
            todo="Start from one that was tuned with the same settings.",
        )
