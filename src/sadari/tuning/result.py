"""What a tuning reports: while it runs, and when it is done."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Progress:
    """One optimiser step. `loss` is the mean over the step's answer tokens; `tokens_per_second`
    counts prompt and answer tokens since this process began training. `validation_losses` are those
    so far, this step's own among them if an epoch ended with it: before training, then one an
    epoch."""

    step: int
    steps: int
    epoch: int
    loss: float
    learning_rate: float
    tokens_per_second: float
    seconds_left: float
    validation_losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class TuneResult:
    """A finished tuning. `adapter` is a folder in PEFT's format.

    train_losses        one per step, nats per answer token.
    validation_losses   the first before training (the base itself), then one per epoch.
    best_validation_loss  of the weights that were kept; None without validation examples.
    preferred           share of the validation pairs whose chosen answer is the likelier one per
                        token, at the same moments as validation_losses; empty without pairs.
    tokens              prompt and answer tokens that were trained on, all epochs together.
    tokens_per_second   of the training steps alone, without evaluation and saving.
    trainable, total    parameters of the adapter, and of base and adapter together.
    cut_examples        training examples longer than `max_length`; of these, `cut_answers` lost
                        tokens of an answer, and with them the end of the turn.
    resumed_from        the step that this process went on from; 0 for a fresh start.
    peak_memory_bytes   while it ran: of a GPU's tensors, or of the whole process on a CPU.
    micro_batch_tokens  of a row in the end, fewer than asked for where memory ran out;
    shortages           are the sentences that say so.
    body                what the loss was computed through; `sadari.tuning.network` lists them.
    """

    adapter: Path
    steps: int
    epochs: int
    train_losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best_validation_loss: float | None
    preferred: tuple[float, ...]
    seconds: float
    tokens: int
    tokens_per_second: float
    peak_memory_bytes: int
    micro_batch_tokens: int
    shortages: tuple[str, ...]
    trainable: int
    total: int
    adapter_bytes: int
    stopped_early: bool
    cut_examples: int
    cut_answers: int
    resumed_from: int
    device: str
    dtype: str
    body: str

    def to_json(self) -> dict[str, Any]:
        """This result as plain JSON values."""
        return {**dataclasses.asdict(self), "adapter": str(self.adapter)}
