"""LoRA on a frozen linear layer, for CPU, with its gradient written out.

The same mathematics as PEFT's own layer (y = W x + scale · B A drop(x), Hu et al. 2021), whose
parameters, initialisation and file format it keeps by inheriting from it. It differs in cost: the
input is kept once for the backward pass and never copied to float32 as a whole, and dropout draws
16 random bits per number, where PyTorch's takes longer on CPU than the layer's matrix product.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora.layer import Linear as PeftLinear
from torch import Tensor


class LoraLinear(PeftLinear):  # type: ignore[misc]
    """PEFT's LoRA layer with a faster path for one plain, unmerged adapter; anything else goes
    PEFT's way."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """W x + scale · B A drop(x), in x's shape but for the last dimension, in x's dtype."""
        name = self.active_adapters[0]
        plain = (
            not (args or kwargs or self.merged or self.disable_adapters or self.lora_variant)
            and len(self.active_adapters) == 1
            and not self.lora_bias[name]
        )
        if not plain:
            return super().forward(x, *args, **kwargs)
        dropout = getattr(self.lora_dropout[name], "p", 0.0) if self.training else 0.0
        base = self.get_base_layer()
        return _Lora.apply(  # type: ignore[no-any-return]
            x,
            base.weight,
            base.bias,
            self.lora_A[name].weight,
            self.lora_B[name].weight,
            self.scaling[name] / (1 - dropout),
            dropout,
        )


class _Lora(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        a: Tensor,
        b: Tensor,
        scale: float,
        dropout: float,
    ) -> Tensor:
        x = x.contiguous()
        kept = x.view(-1, x.shape[-1])
        dropped = None
        if dropout:
            dropped = drop_mask(kept.shape, dropout)
            kept = kept.masked_fill(dropped, 0)
        inner = kept.to(a.dtype) @ a.t()
        out = torch.nn.functional.linear(x, weight, bias)
        rows = out.view(-1, out.shape[-1])
        if rows.dtype == b.dtype:
            rows.addmm_(inner, b.t(), alpha=scale)
        else:
            rows.add_(inner @ b.t(), alpha=scale)
        ctx.save_for_backward(kept, dropped, weight, a, b, inner)
        ctx.scale, ctx.shape = scale, x.shape
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        kept, dropped, weight, a, b, inner = ctx.saved_tensors
        rows = gradient.reshape(-1, gradient.shape[-1])
        exact = rows.to(b.dtype)
        to_b = (exact.t() @ inner).mul_(ctx.scale)
        to_inner = (exact @ b).mul_(ctx.scale)
        to_a = to_inner.t() @ kept.to(a.dtype)
        to_x = None
        if ctx.needs_input_grad[0]:
            through = to_inner @ a
            if dropped is not None:
                through.masked_fill_(dropped, 0)
            to_x = (rows @ weight).add_(through).view(ctx.shape)
        return to_x, None, None, to_a, to_b, None, None


def drop_mask(shape: torch.Size, share: float) -> Tensor:
    """True for a random `share` of the entries, to within 1/65536, from PyTorch's CPU generator."""
    count = shape.numel()
    drawn = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    lanes = drawn.view(torch.int16)[:count].view(shape)
    return lanes < round(share * 65536) - 32768
