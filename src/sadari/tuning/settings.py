"""How a model is tuned: one frozen record, kept beside every adapter and checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sadari.domain.settings import Optim
from sadari.tuning.errors import TuningError

Dtype = Literal["float32", "bfloat16"]
PreferenceLoss = Literal["dpo", "ipo", "kto", "orpo"]

RATES: Mapping[str, float] = {
    "full": 2e-5,
    "lora": 2e-4,
    "qlora": 2e-4,
    "rslora": 1e-4,
    "dora": 2e-4,
    "adalora": 1e-3,
    "prompt": 1e-2,
    "prefix": 1e-2,
}
"""The peak learning rate of each method where none is given; docs/tuning.md has the reasons."""

VIRTUAL = ("prompt", "prefix")
"""The methods that train `virtual_tokens`."""

PREFERENCE_RATE = 1 / 40
"""Of a preference's rate beside that of the tuning that it starts from: 5e-6 beside LoRA's 2e-4,
5e-7 beside 2e-5 for full weights. A preference is a small correction of what is already likely."""

USUAL: Mapping[str, tuple[float, float]] = {
    "rank": (2, 256),
    "alpha": (1, 512),
    "dropout": (0, 0.5),
    "epochs": (1, 30),
    "batch_examples": (1, 512),
    "virtual_tokens": (4, 200),
    "warmup_share": (0, 0.3),
    "weight_decay": (0, 0.3),
    "anchor": (0, 1),
    "beta": (0.01, 1),
}
"""Where a setting is usually found; beyond it there is a warning."""


@dataclass(frozen=True)
class TuneSettings:
    """Everything that decides a tuning besides its base and its examples.

    method            which weights train; `sadari.tuning.methods` lists what there is.
    rank, alpha       LoRA's width and its scale (alpha / rank multiplies what it adds).
    virtual_tokens    of prompt and prefix tuning: how many stand in front of every example.
    dropout           share of an adapter's inputs that are dropped while training.
    targets           "all-linear" (every linear layer of a block, found from the architecture) or
                      names of layers.
    learning_rate     the peak: reached after `warmup_share` of the steps, then down a cosine to 0;
                      None takes the method's own, `RATES`.
    epochs            times that every example is seen.
    preference        what is learnt: None imitates answers; dpo, ipo and orpo learn from pairs of
                      them, kto from thumbs up and down.
    beta              how firmly a preference is held to the model that it starts from; of orpo,
                      how much the odds count.
    batch_examples    examples per optimiser step, however many rows they are packed into.
    max_length        tokens kept of one example, from its start; every cut is counted.
    weight_decay      AdamW's, decoupled.
    anchor            strength of L2-SP: half of it times the squared distance of what the weights
                      do from where they started is added to every step's loss; 0 adds nothing.
    max_gradient_norm longer gradients are scaled down to this length.
    patience          stop after so many epochs without a better validation loss; None never stops.
    save_every_steps  steps between checkpoints; 0 keeps none, and then nothing can be resumed.
    checkpoints_kept  how many of them, the newest.
    optim             AdamW with moments in float32, or in 8 bits by blocks (Dettmers et al. 2022),
                      on a GPU also in pages that move to the CPU when memory is short.
    seed              of the adapter's first weights, the order of the examples, and dropout.
    dtype             of the frozen part; None takes the faster one of this device. Adapters
                      are always float32.
    micro_batch_tokens  tokens of one packed row, the unit of a forward and a backward pass.
    recompute         keep only what goes into each block and compute the rest again in the
                      backward pass: the same gradients, a third more time, little memory.
    threads           CPU threads; None leaves PyTorch's choice.
    """

    method: str = "lora"
    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.1
    targets: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    virtual_tokens: int = 20
    learning_rate: float | None = None
    epochs: int = 3
    preference: PreferenceLoss | None = None
    beta: float = 0.1
    batch_examples: int = 4
    max_length: int = 1024
    warmup_share: float = 0.1
    weight_decay: float = 0.0
    anchor: float = 0.0
    max_gradient_norm: float = 1.0
    patience: int | None = 2
    save_every_steps: int = 50
    checkpoints_kept: int = 2
    optim: Optim = "adamw"
    seed: int = 0
    dtype: Dtype | None = None
    micro_batch_tokens: int = 2048
    recompute: bool = False
    threads: int | None = None

    def __post_init__(self) -> None:
        at_least_one = (
            "rank virtual_tokens epochs batch_examples max_length micro_batch_tokens patience "
            "checkpoints_kept threads"
        ).split()
        for name in at_least_one:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise TuningError(f"{name} is {value}; it must be 1 or more.")
        for name in ("alpha", "learning_rate", "beta", "max_gradient_norm"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise TuningError(f"{name} is {value}; it must be more than 0.")
        for name in ("weight_decay", "anchor", "save_every_steps"):
            if not getattr(self, name) >= 0:
                raise TuningError(f"{name} is {getattr(self, name)}; it must be 0 or more.")
        for name in ("dropout", "warmup_share"):
            if not 0 <= getattr(self, name) < 1:
                raise TuningError(f"{name} is {getattr(self, name)}; it must be in [0, 1).")
        if self.preference not in (None, *get_args(PreferenceLoss)):
            raise TuningError(
                f"preference is {self.preference!r}; choose {', '.join(get_args(PreferenceLoss))}."
            )
        if self.optim not in get_args(Optim):
            raise TuningError(f"optim is {self.optim!r}; choose {', '.join(get_args(Optim))}.")
        if self.preference and self.method == "adalora":
            raise TuningError(
                "AdaLoRA cannot learn a preference: ranks of what it starts from are gone.",
                todo="Choose another method, such as lora.",
            )
        if self.dtype not in (None, "float32", "bfloat16"):
            raise TuningError(f"dtype is {self.dtype!r}; choose float32, bfloat16 or None.")
        if isinstance(self.targets, str) and self.targets != "all-linear":
            raise TuningError(
                f"targets is {self.targets!r}.",
                todo='Write "all-linear", or a tuple of layer names such as ("q_proj", "v_proj").',
            )

    @property
    def peak_rate(self) -> float:
        """The learning rate, or the method's own where none is given."""
        usual = RATES.get(self.method, RATES["lora"])
        return self.learning_rate or usual * (PREFERENCE_RATE if self.preference else 1)

    def warnings(self) -> list[str]:
        """A sentence for each setting that is possible but lies where few tunings succeed."""
        rate = RATES.get(self.method, RATES["lora"])
        found = [
            f"{name} is {value:g}; {low:g} to {high:g} is usual."
            for name, (low, high) in USUAL.items()
            if not low <= (value := getattr(self, name)) <= high
        ]
        if not rate / 100 <= self.peak_rate <= rate * 100:
            found.append(f"learning_rate is {self.peak_rate:g}; {self.method} learns at {rate:g}.")
        return found

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
