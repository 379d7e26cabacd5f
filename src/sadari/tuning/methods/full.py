"""Full fine-tuning: every weight of the model trains."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from sadari.tuning.adapter import check_fits, write_model
from sadari.tuning.methods.adaptation import Adaptation
from sadari.tuning.settings import TuneSettings


class Full(Adaptation):
    """The model itself, its weights in float32: in 16 bits most steps of a small rate would be
    rounded away. Products run in the dtype of the settings, by autocast. What is kept is a whole
    model."""

    def __init__(self, model: Any, settings: TuneSettings) -> None:
        model.requires_grad_(True)
        super().__init__(model, model, settings)
        self._dtype = torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32

    @property
    def dtype(self) -> torch.dtype:
        return self._dtype

    def precision(self) -> contextlib.AbstractContextManager[Any]:
        return torch.autocast(
            self.model.device.type, self._dtype, enabled=self._dtype != torch.float32
        )

    @property
    def parameters(self) -> tuple[int, int]:
        count = sum(p.numel() for p in self.model.parameters())
        return count, count

    def begin_from(self, folder: Path) -> None:
        kept: dict[str, Tensor] = {}
        for file in sorted(folder.glob("*.safetensors")):
            kept |= load_file(file)
        check_fits(kept, self.weights, folder)
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(kept[name])
        self._start = self._now()

    def write(self, output: Path) -> int:
        return write_model(self.model, output)
