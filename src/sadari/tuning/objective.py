"""What a step's loss is: the loop is told, and knows nothing else of what is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from sadari.llm.types import Rendered
from sadari.tuning.examples import Example, Unit
from sadari.tuning.lessons import Lesson, only
from sadari.tuning.network import Network


@dataclass(frozen=True)
class Batch:
    """Units whose loss is computed together, in rows of `row_tokens`. `reference` is what an
    objective compares them with: one row for each unit of the whole set, by `Example.index`."""

    units: Sequence[Unit]
    row_tokens: int
    reference: Tensor = field(default_factory=lambda: torch.empty(0))

    @property
    def tokens(self) -> int:
        """Prompt and answer tokens of all examples."""
        return sum(len(example.ids) for unit in self.units for example in unit)


class Evaluation(NamedTuple):
    """What held-out lessons say of the weights. `preferred` is the share of held-out pairs whose
    chosen answer is the likelier one per token; None where there are no pairs."""

    loss: float
    preferred: float | None = None


class Objective(Protocol):
    """From lessons to a loss. `dropout` says whether it is learnt with dropout."""

    dropout: bool

    def units(self, lessons: Sequence[Lesson]) -> list[Unit]:
        """The lessons as units of a batch. Raises TuningError for lessons of another kind."""
        ...

    def reference(self, network: Network, batches: Iterable[Batch]) -> Tensor:
        """What these batches, every unit of a set once, will be compared with: computed by the
        weights that training starts from. Empty if the loss compares with nothing."""
        ...

    def losses(self, network: Network, batch: Batch) -> Iterator[Tensor]:
        """The loss of a batch in parts to be added up, float32 scalars. Each is made when it is
        asked for, so that no more than one part's activations are held."""
        ...

    def evaluate(self, network: Network, batch: Batch) -> Evaluation:
        """The same loss over held-out units, and what else they tell."""
        ...


class Imitation:
    """Plain supervised fine-tuning: cross-entropy per answer token of the whole batch, so that it
    makes no difference into how many rows it was packed."""

    dropout = True

    def units(self, lessons: Sequence[Lesson]) -> list[Unit]:
        """One example for each lesson."""
        return [
            (Example(i, lesson.ids, lesson.trained, source=lesson.source),)
            for i, lesson in enumerate(only(Rendered, lessons))
        ]

    def reference(self, network: Network, batches: Iterable[Batch]) -> Tensor:
        """Nothing."""
        return torch.empty(0)

    def losses(self, network: Network, batch: Batch) -> Iterator[Tensor]:
        """Each row's share of the mean over answer tokens."""
        rows = network.pack(batch.units, batch.row_tokens)
        tokens = sum(len(row.targets) for row in rows)
        for row in rows:
            yield network.losses(row).sum() / tokens

    def evaluate(self, network: Network, batch: Batch) -> Evaluation:
        """The mean over answer tokens."""
        return Evaluation(sum(part.item() for part in self.losses(network, batch)))


def gradients(objective: Objective, network: Network, batch: Batch) -> float:
    """Add up the gradients of one optimiser step and return its loss."""
    total = 0.0
    for part in objective.losses(network, batch):
        torch.autograd.backward(part)
        total += part.item()
    return total


@torch.no_grad()
def evaluate(objective: Objective, network: Network, batch: Batch) -> Evaluation:
    """What held-out units say, without dropout."""
    network.model.eval()
    found = objective.evaluate(network, batch)
    network.model.train(objective.dropout)
    return found
