"""Weights belong to the process that opened them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sadari.llm.weights import load_model
from sadari.tuning.model import open_base
from tests.tiny import tiny_model

OPENERS: dict[str, Callable[[Path], Any]] = {
    "inference": lambda folder: load_model(folder, "bfloat16"),
    "tuning": lambda folder: open_base(folder, "bfloat16", torch.device("cpu")),
}


@pytest.mark.parametrize("opener", OPENERS)
def test_a_new_version_written_over_the_file_leaves_the_open_model_alone(
    opener: str, tmp_path: Path
) -> None:
    """Safetensors are mapped: a bfloat16 model would go on reading a file that changes under it."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_model(tmp_path / "made"), folder)
    load_model(folder).to(torch.bfloat16).save_pretrained(folder)
    model = OPENERS[opener](folder)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    file = folder / "model.safetensors"
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(size // 4)
        stream.write(b"\x7f" * (size - size // 4))
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name]), name
