"""PEFT's LoRA layer with the forward and backward passes of `Joined`, for any architecture on CPU.

Parameters, initialisation and file format are PEFT's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from peft.tuners.lora.layer import Linear as PeftLinear
from torch import Tensor

from sadari.tuning.joined import Adapter, Joined


class LoraLinear(PeftLinear):  # type: ignore[misc]
    """A faster path for one plain, unmerged adapter; anything else goes PEFT's way."""

    @property
    def is_plain(self) -> bool:
        """Whether this layer is W x + scale · B A drop(x) and nothing else."""
        return (
            len(self.active_adapters) == 1
            and not (self.merged or self.disable_adapters or self.lora_variant)
            and not self.lora_bias[self.active_adapters[0]]
        )

    @property
    def dropout(self) -> float:
        """The share of inputs dropped now: 0 unless training."""
        if not self.training:
            return 0.0
        return float(getattr(self.lora_dropout[self.active_adapters[0]], "p", 0.0))

    def adapter(self, start: int = 0) -> Adapter:
        """The layer's matrices, as an adapter of the outputs from `start` on."""
        name = self.active_adapters[0]
        a, b = self.lora_A[name].weight, self.lora_B[name].weight
        return Adapter(a, b, self.scaling[name], start, start + b.shape[0])

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """W x + scale · B A drop(x), in x's shape but for the last dimension, in x's dtype."""
        if args or kwargs or not self.is_plain:
            theirs: Tensor = super().forward(x, *args, **kwargs)
            return theirs
        base = self.get_base_layer()
        joined = Joined(base.weight, base.bias, [self.adapter()])
        return _lora(x, joined, self.dropout, *joined.parameters)


class _Lora(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, joined: Joined, dropout: float, a: Tensor, b: Tensor
    ) -> Tensor:
        out, ctx.tape = joined.forward(x.reshape(-1, x.shape[-1]), dropout)
        ctx.joined, ctx.dropout, ctx.shape = joined, dropout, x.shape
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        rows = gradient.reshape(-1, gradient.shape[-1])
        to_x, grads = ctx.joined.backward(rows, ctx.tape, ctx.dropout, ctx.needs_input_grad[0])
        return None if to_x is None else to_x.view(ctx.shape), None, None, *grads


_lora: Callable[..., Tensor] = _Lora.apply
