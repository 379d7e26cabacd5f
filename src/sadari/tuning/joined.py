"""Frozen linear layers that read one input, each with a LoRA adapter, forward and backward.

The same mathematics as PEFT's layer, y = W x + scale · B A drop(x) (Hu et al. 2021). It differs in
cost: layers that read the same input share one dropout mask and one product with A, as a fused
projection would; parameters and their gradients are float32, but products run in the dtype of the
frozen weights; and dropout draws 16 random bits a number and drops with a bitwise and, where
PyTorch's takes longer on a CPU than the layer's own matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Adapter:
    """LoRA's two matrices, a (rank, inputs) and b (outputs, rank), for the outputs from `start` to
    `end` of the layers they belong to; `scale` multiplies what they add."""

    a: Tensor
    b: Tensor
    scale: float
    start: int
    end: int


@dataclass(frozen=True)
class Tape:
    """What the backward pass needs of a forward pass; `keep` are the bits of dropout's mask."""

    kept: Tensor
    keep: Tensor | None
    a: Tensor
    inner: Tensor


class Joined:
    """Frozen `weight` (outputs, inputs) and `bias` with adapters on all, some or none of the
    outputs."""

    def __init__(self, weight: Tensor, bias: Tensor | None, adapters: Sequence[Adapter]) -> None:
        self.weight = weight
        self.bias = bias
        self.adapters = tuple(adapters)
        ends = list(accumulate(adapter.a.shape[0] for adapter in adapters))
        self._ranks = [
            slice(end - adapter.a.shape[0], end)
            for end, adapter in zip(ends, adapters, strict=True)
        ]

    @property
    def parameters(self) -> list[Tensor]:
        """All a's, then all b's: the order in which `backward` gives their gradients."""
        return [item.a for item in self.adapters] + [item.b for item in self.adapters]

    def bare(self) -> Joined:
        """The same weight and bias without adapters."""
        return Joined(self.weight, self.bias, ())

    def forward(self, x: Tensor, dropout: float) -> tuple[Tensor, Tape | None]:
        """x (tokens, inputs) to (tokens, outputs), and what `backward` needs."""
        out = functional.linear(x, self.weight, self.bias)
        if not self.adapters:
            return out, None
        keep = keep_bits(x, dropout) if dropout else None
        kept = x if keep is None else _masked(x, keep)
        a = torch.cat([item.a for item in self.adapters]).to(x.dtype)
        inner = kept @ a.t()
        for item, rank in zip(self.adapters, self._ranks, strict=True):
            b = item.b.to(x.dtype)
            part = out[:, item.start : item.end]
            part.addmm_(inner[:, rank], b.t(), alpha=item.scale / (1 - dropout))
        return out, Tape(kept, keep, a, inner)

    def backward(
        self, gradient: Tensor, tape: Tape | None, dropout: float, to_input: bool = True
    ) -> tuple[Tensor | None, list[Tensor]]:
        """The gradients to x (None unless `to_input`) and to `parameters`."""
        to_x = gradient @ self.weight if to_input else None
        if tape is None:
            return to_x, []
        to_inner = torch.empty_like(tape.inner)
        to_b = []
        for item, rank in zip(self.adapters, self._ranks, strict=True):
            scale = item.scale / (1 - dropout)
            part = gradient[:, item.start : item.end]
            to_b.append((tape.inner[:, rank].t() @ part).t().float().mul_(scale))
            to_inner[:, rank] = (part @ item.b.to(part.dtype)).mul_(scale)
        to_a = (to_inner.t() @ tape.kept).float()
        if to_x is not None:
            through = to_inner @ tape.a
            to_x += through if tape.keep is None else _masked(through, tape.keep)
        return to_x, [to_a[rank] for rank in self._ranks] + to_b


def keep_bits(like: Tensor, dropout: float) -> Tensor:
    """Integers of `like`'s shape and width: all bits 0 for a random share `dropout` of them (to
    within 1/32768), all bits 1 for the others. Drawn from PyTorch's CPU generator."""
    count = like.numel()
    drawn = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    lanes = drawn.view(torch.int16)[:count].view(like.shape)
    # 15 bits, so that the difference cannot overflow; its sign, spread over all bits, decides.
    threshold = round(dropout * 32768) - 16384
    bits = lanes.bitwise_right_shift_(1).neg_().add_(threshold - 1).bitwise_right_shift_(15)
    return bits if like.element_size() == 2 else bits.to(torch.int32)


def _masked(x: Tensor, keep: Tensor) -> Tensor:
    return (x.view(keep.dtype) & keep).view(x.dtype)
