"""LoRA and its kin: what is added to a frozen matrix is a product of two narrow ones."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import is_fake

from sadari.tuning.methods.adaptation import Adaptation
from sadari.tuning.settings import TuneSettings
from sadari.tuning.targets import resolve_targets


class LowRank(Adaptation):
    """LoRA (Hu et al. 2021), over a base of any precision; rsLoRA (Kalajdzievski 2023) scales by
    the root of the rank, DoRA (Liu et al. 2024) trains each output's magnitude apart."""

    def __init__(
        self, model: Any, settings: TuneSettings, use_rslora: bool = False, use_dora: bool = False
    ) -> None:
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules=list(resolve_targets(model, settings.targets)),
            exclude_modules=(with_empty_rows(model) or None) if use_dora else None,
            use_rslora=use_rslora,
            use_dora=use_dora,
            task_type="CAUSAL_LM",
        )
        if model.device.type != "cuda" and settings.method != "qlora":
            from sadari.tuning.lora import LoraLinear

            config._register_custom_module({nn.Linear: LoraLinear})
        super().__init__(model, get_peft_model(model, config), settings)

    def distance(self) -> Tensor:
        """Of the matrices that are added, and of DoRA's magnitudes from the base's own."""
        from peft.tuners.lora import LoraLayer

        parts = [
            layer.scaling[name] ** 2 * squared_norm(layer.lora_A[name].weight, b.weight)
            for layer in self.adapted.modules()
            if isinstance(layer, LoraLayer)
            for name, b in layer.lora_B.items()
        ]
        magnitudes = [super().distance()] if self._start else []
        return torch.stack(parts + magnitudes).sum()

    def _starts_from(self, name: str) -> bool:
        return "lora_magnitude_vector" in name  # what A and B add is nothing at first


def with_empty_rows(model: nn.Module) -> list[str]:
    """The linear layers in which a row is nothing but zeros: DoRA divides by every row's length.
    Heads that a training has switched off are so."""
    return [
        name
        for name, layer in model.named_modules()
        if type(layer) is nn.Linear
        and not is_fake(layer.weight)  # a shape alone, whose memory is predicted
        and not layer.weight.any(dim=1).all()
    ]


def squared_norm(a: Tensor, b: Tensor) -> Tensor:
    """The sum of squares of the product of b (outputs, rank) and a (rank, inputs), by products of
    the rank's size alone."""
    return ((b.mT @ b) * (a @ a.mT)).sum()
