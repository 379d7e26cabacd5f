"""The adapter as it is kept: two files in PEFT's format, nothing that only training needs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sadari.tuning.checkpoint import FINISHED, FOLDER, settle

WEIGHTS = "adapter_model.safetensors"


def write_adapter(adapted: Any, output: Path) -> int:
    """Write the weights and configuration of a PEFT model into `output` and remove the checkpoints
    there. Returns the size of the weights in bytes.

    The configuration comes last: a folder that has it is finished.
    """
    unfinished = output / ".unfinished-adapter"
    # False: no look at the model hub for whether the vocabulary grew; it did not.
    adapted.save_pretrained(unfinished, safe_serialization=True, save_embedding_layers=False)
    for name in (WEIGHTS, FINISHED):
        settle(unfinished / name, output / name)
    shutil.rmtree(unfinished)
    shutil.rmtree(output / FOLDER, ignore_errors=True)
    return (output / WEIGHTS).stat().st_size
