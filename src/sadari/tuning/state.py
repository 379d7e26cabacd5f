"""What a tuning changes: weights, the best of them so far, the optimiser's moments."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from sadari.tuning import checkpoint as checkpoints
from sadari.tuning.checkpoint import Checkpoint
from sadari.tuning.errors import TuningError
from sadari.tuning.methods import Adaptation
from sadari.tuning.settings import TuneSettings


class State:
    """The trained weights of `adaptation` with their AdamW."""

    def __init__(self, adaptation: Adaptation, settings: TuneSettings) -> None:
        self.adaptation = adaptation
        self.weights = adaptation.weights
        self.best: Mapping[str, Tensor] = {}  # empty before the first evaluation
        self._optimiser = _adamw(list(self.weights.values()), settings)

    def step(self, number: int, rate: float) -> None:
        """Moves the weights by their gradients, for the `number`th time, and forgets those."""
        self._optimiser.param_groups[0]["lr"] = rate
        self._optimiser.step()
        self.adaptation.stepped(number)
        self._optimiser.zero_grad()

    def remember(self) -> None:
        """The weights as they are now are the best so far."""
        self.best = {name: p.detach().cpu().clone() for name, p in self.weights.items()}

    def take_best(self) -> None:
        """Puts the best weights in the place of the last, if any were remembered."""
        _copy(self.best, self.weights)

    def tensors(self) -> dict[str, Mapping[str, Tensor]]:
        """All of it, and the random generators, for a checkpoint."""
        moments = {  # a table of levels is one and the same for all weights, which no file may hold
            f"{index}.{name}": value.clone() if "qmap" in name else torch.as_tensor(value)
            for index, weight in enumerate(self.weights.values())
            for name, value in self._optimiser.state[weight].items()
        }
        return {
            "weights": {name: tensor.detach() for name, tensor in self.weights.items()},
            "method": self.adaptation.state(),
            "best": self.best,
            "optimiser": moments,
            "random": checkpoints.random_state(),
        }

    def restore(self, found: Checkpoint) -> None:
        """Puts all of it back, and the random generators."""
        _copy(found.tensors["weights"], self.weights)
        self.adaptation.restore(dict(found.tensors["method"]))
        weights = list(self.weights.values())
        for key, tensor in found.tensors["optimiser"].items():
            index, name = key.split(".", 1)
            weight = weights[int(index)]
            # bitsandbytes counts steps in a number, PyTorch in a tensor.
            count = tensor.ndim == 0 and tensor.dtype == torch.int64
            self._optimiser.state[weight][name] = int(tensor) if count else tensor.to(weight.device)
        checkpoints.restore_random(found.tensors["random"])
        self.best = found.tensors["best"]


def _adamw(weights: list[Tensor], settings: TuneSettings) -> Any:
    decay = settings.weight_decay
    if settings.optim == "adamw":
        return torch.optim.AdamW(weights, weight_decay=decay, fused=True)
    if find_spec("bitsandbytes") is None:
        raise TuningError(
            f"{settings.optim} needs bitsandbytes, which is not installed.",
            todo='Run `pip install "sadari[qlora]"`, or take optim = "adamw".',
        )
    from bitsandbytes.optim import AdamW8bit, PagedAdamW8bit

    paged = settings.optim == "paged_adamw_8bit" and weights[0].is_cuda
    return (PagedAdamW8bit if paged else AdamW8bit)(weights, weight_decay=decay)


def _copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, tensor in source.items():
            target[name].copy_(tensor)
