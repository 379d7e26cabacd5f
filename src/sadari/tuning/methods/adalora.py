"""AdaLoRA: ranks are given where they help, and taken from where they do not."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from sadari.tuning.methods.adaptation import Adaptation
from sadari.tuning.methods.low_rank import squared_norm
from sadari.tuning.settings import TuneSettings
from sadari.tuning.targets import resolve_targets

NAME = "default"


class AdaLora(Adaptation):
    """Zhang et al. 2023. What is added is B diag(E) A; every layer begins with half as many ranks
    again as `rank`, and until two thirds of the steps the least important entries of E are set to
    0, in all layers together, until they are `rank` on average. Then E stays as wide as it is.
    """

    def __init__(self, model: Any, settings: TuneSettings, steps: int) -> None:
        from peft import AdaLoraConfig, get_peft_model

        config = AdaLoraConfig(
            init_r=math.ceil(1.5 * settings.rank),
            target_r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules=list(resolve_targets(model, settings.targets)),
            tinit=steps // 10,
            tfinal=steps // 3,
            deltaT=1,  # so that an entry which was dropped is 0 after every step
            total_step=steps,
            task_type="CAUSAL_LM",
        )
        super().__init__(model, get_peft_model(model, config), settings)
        self._config = self.adapted.peft_config[NAME]
        self._allocator = self.adapted.base_model.rankallocator
        self._settles_at: int = steps - config.tfinal
        self._step = 0

    @property
    def settled(self) -> bool:
        return self._step >= self._settles_at

    @property
    def ranks(self) -> list[int]:
        """Entries of each layer's E that are not 0."""
        return [int(layer.lora_E[NAME].count_nonzero()) for layer in self._layers()]

    def penalty(self) -> Tensor:
        """How far A and B are from orthogonal, which E's entries need to mean something apart; and
        the anchor."""
        far = []
        for layer in self._layers():
            for wide in (layer.lora_A[NAME], layer.lora_B[NAME].mT):
                one = torch.eye(len(wide), device=wide.device)
                far.append(torch.linalg.matrix_norm(wide @ wide.mT - one))
        apart: Tensor = self._config.orth_reg_weight * torch.stack(far).mean()
        anchor = super().penalty()
        return apart if anchor is None else apart + anchor

    def distance(self) -> Tensor:
        """Of the matrices that are added: they are 0 at first."""
        parts = [
            (layer.scaling[NAME] / (layer.ranknum[NAME] + 1e-5)) ** 2
            * squared_norm(layer.lora_A[NAME] * layer.lora_E[NAME], layer.lora_B[NAME])
            for layer in self._layers()
        ]
        return torch.stack(parts).sum()

    def stepped(self, step: int) -> None:
        self._step = step
        self.adapted.base_model.update_and_allocate(step)

    def state(self) -> dict[str, Tensor]:
        """How important each weight was so far, and which ranks are left."""
        averages = {
            f"{kind}/{name}": value
            for kind in ("exp_avg_ipt", "exp_avg_unc")
            for name, value in getattr(self._allocator, kind).items()
        }
        pattern = self._config.rank_pattern or {}
        kept = {f"pattern/{name}": torch.tensor(on) for name, on in pattern.items()}
        return averages | kept | {"step": torch.tensor(self._step)}

    def restore(self, state: dict[str, Tensor]) -> None:
        self._step = int(state["step"])
        pattern = {}
        for key, value in state.items():
            kind, _, name = key.partition("/")
            if kind == "pattern":
                pattern[name] = value.tolist()
            elif name:
                getattr(self._allocator, kind)[name] = value.to(self.model.device)
                self._allocator.ipt[name] = torch.zeros_like(value)  # made anew before it is read
        self._config.rank_pattern = pattern or None

    def _layers(self) -> list[Any]:
        from peft.tuners.adalora import AdaLoraLayer

        return [layer for layer in self.adapted.modules() if isinstance(layer, AdaLoraLayer)]

    def _starts_from(self, name: str) -> bool:
        return False
