"""How a model is tuned: one frozen record, kept beside every adapter and checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sadari.tuning.errors import TuningError

Dtype = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class TuneSettings:
    """Everything that decides a tuning besides its base and its examples.

    method            how weights are added; `sadari.tuning.methods` lists what there is.
    rank, alpha       LoRA's width and its scale (alpha / rank multiplies what it adds).
    dropout           share of an adapter's inputs that are dropped while training.
    targets           "all-linear" (every linear layer of a block, found from the architecture) or
                      names of layers.
    learning_rate     the peak: reached after `warmup_share` of the steps, then down a cosine to 0.
    epochs            times that every example is seen.
    batch_examples    examples per optimiser step, however many rows they are packed into.
    max_length        tokens kept of one example, from its start; every cut is counted.
    weight_decay      AdamW's, decoupled.
    max_gradient_norm longer gradients are scaled down to this length.
    patience          stop after so many epochs without a better validation loss; None never stops.
    save_every_steps  steps between checkpoints; 0 keeps none, and then nothing can be resumed.
    seed              of the adapter's first weights, the order of the examples, and dropout.
    dtype             of the frozen part; None measures which is faster on this device. Adapters
                      are always float32.
    micro_batch_tokens  tokens of one packed row, the unit of a forward and a backward pass.
    threads           CPU threads; None leaves PyTorch's choice.
    """

    method: str = "lora"
    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.1
    targets: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    learning_rate: float = 2e-4
    epochs: int = 3
    batch_examples: int = 4
    max_length: int = 1024
    warmup_share: float = 0.1
    weight_decay: float = 0.0
    max_gradient_norm: float = 1.0
    patience: int | None = 2
    save_every_steps: int = 50
    seed: int = 0
    dtype: Dtype | None = None
    micro_batch_tokens: int = 2048
    threads: int | None = None

    def __post_init__(self) -> None:
        at_least_one = (
            "rank epochs batch_examples max_length micro_batch_tokens patience threads".split()
        )
        for name in at_least_one:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise TuningError(f"{name} is {value}; it must be 1 or more.")
        for name in ("alpha", "learning_rate", "max_gradient_norm"):
            if not getattr(self, name) > 0:
                raise TuningError(f"{name} is {getattr(self, name)}; it must be more than 0.")
        for name in ("weight_decay", "save_every_steps"):
            if getattr(self, name) < 0:
                raise TuningError(f"{name} is {getattr(self, name)}; it must be 0 or more.")
        for name in ("dropout", "warmup_share"):
            if not 0 <= getattr(self, name) < 1:
                raise TuningError(f"{name} is {getattr(self, name)}; it must be in [0, 1).")
        if self.dtype not in (None, "float32", "bfloat16"):
            raise TuningError(f"dtype is {self.dtype!r}; choose float32, bfloat16 or None.")
        if isinstance(self.targets, str) and self.targets != "all-linear":
            raise TuningError(
                f"targets is {self.targets!r}.",
                todo='Write "all-linear", or a tuple of layer names such as ("q_proj", "v_proj").',
            )

    def to_json(self) -> dict[str, Any]:
        """These settings as plain JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TuneSettings:
        """The settings that `to_json` wrote. Raises TuningError for a name that is no setting."""
        unknown = sorted(set(values) - {field.name for field in dataclasses.fields(cls)})
        if unknown:
            raise TuningError(f"There is no setting called {', '.join(unknown)}.")
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**plain)
