"""What the loop asks of a method."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sadari.tuning.adapter import begin_from, write_adapter
from sadari.tuning.settings import TuneSettings


class Adaptation:
    """A model with a method's trainable float32 weights.

    model     the Transformers model that the loss is computed through.
    adapted   what answers and is kept: PEFT's model around it, or the model itself.
    weights   what trains, by name.
    lead      ids, all negative, of the virtual tokens that stand in front of every example.
    inside_attention  whether it changes what a token attends to.
    """

    lead: tuple[int, ...] = ()
    inside_attention = False

    def __init__(self, model: Any, adapted: Any, settings: TuneSettings) -> None:
        self.model = model
        self.adapted = adapted
        self.weights = {n: p for n, p in adapted.named_parameters() if p.requires_grad}
        self._anchor = settings.anchor
        self._start = self._now()

    @property
    def settled(self) -> bool:
        """Whether the weights are of the kind that is to be kept, so that an epoch may be the
        best; a method that still changes their shape says no."""
        return True

    @property
    def parameters(self) -> tuple[int, int]:
        """Trainable parameters and all; of packed weights, those that they stand for."""
        trainable, total = self.adapted.get_nb_trainable_parameters()
        return int(trainable), int(total)

    @property
    def dtype(self) -> torch.dtype:
        """What products are computed in."""
        dtype: torch.dtype = self.model.dtype
        return dtype

    def precision(self) -> contextlib.AbstractContextManager[Any]:
        """Where products are computed in `dtype` though the weights are of another."""
        return contextlib.nullcontext()

    def embed(self, ids: Tensor) -> Tensor:
        """What a row begins with, shape (1, tokens, width)."""
        embedded: Tensor = self.model.get_input_embeddings()(ids)
        return embedded

    def inputs(self, ids: Tensor) -> dict[str, Any]:
        """What Transformers' forward pass is given for a row of `ids`, shape (1, tokens)."""
        return {"input_ids": ids}

    def penalty(self) -> Tensor | None:
        """What the method adds to the loss of a step; None adds nothing."""
        return 0.5 * self._anchor * self.distance() if self._anchor else None

    def distance(self) -> Tensor:
        """The squared distance of what the weights do from where they started (L2-SP: Li,
        Grandvalet and Davoine 2018)."""
        parts = [(self.weights[name] - start).square().sum() for name, start in self._start.items()]
        return torch.stack(parts).sum()

    def stepped(self, step: int) -> None:
        """The optimiser has taken `step` steps; gradients are still there."""

    def state(self) -> dict[str, Tensor]:
        """What the next step depends on besides the weights."""
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` returned."""

    def begin_from(self, folder: Path) -> None:
        """Start from the weights that a tuning of the same base and settings kept in `folder`.
        Raises TuningError where they do not fit."""
        begin_from(self.adapted, folder)
        self._start = self._now()

    def write(self, output: Path) -> int:
        """Keep the weights in the folder `output`; returns their bytes."""
        return write_adapter(self.adapted, output)

    def _now(self) -> dict[str, Tensor]:
        return {
            name: weight.detach().clone()
            for name, weight in self.weights.items()
            if self._anchor and self._starts_from(name)
        }

    def _starts_from(self, name: str) -> bool:
        """Whether `distance` needs to know where the weight of this name started."""
        return True
