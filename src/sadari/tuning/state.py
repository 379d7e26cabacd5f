"""What a tuning changes: weights, the best of them so far, the optimiser's moments."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from sadari.tuning import checkpoint as checkpoints
from sadari.tuning.checkpoint import Checkpoint
from sadari.tuning.methods import Adaptation
from sadari.tuning.settings import TuneSettings


class State:
    """The trained weights of `adaptation` with their AdamW."""

    def __init__(self, adaptation: Adaptation, settings: TuneSettings) -> None:
        self.adaptation = adaptation
        self.weights = adaptation.weights
        self.best: Mapping[str, Tensor] = {}  # empty before the first evaluation
        self._optimiser = torch.optim.AdamW(
            self.weights.values(), weight_decay=settings.weight_decay, fused=True
        )

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
        moments = {
            f"{index}.{name}": tensor
            for index, state in self._optimiser.state_dict()["state"].items()
            for name, tensor in state.items()
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
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in found.tensors["optimiser"].items():
            index, name = key.split(".", 1)
            moments.setdefault(int(index), {})[name] = tensor
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": moments})
        checkpoints.restore_random(found.tensors["random"])
        self.best = found.tensors["best"]


def _copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, tensor in source.items():
            target[name].copy_(tensor)
