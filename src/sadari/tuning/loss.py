"""Cross-entropy of the answer tokens, without ever holding the logits of all tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

LOGITS_AT_ONCE = 2**24
"""Logits held together: 64 MiB of float32, a hundred tokens' of a large vocabulary."""


def answer_losses(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:
    """-log p of each target, shape (answer tokens,), float32.

    hidden (answer tokens, width) are the last hidden states before each target; weight
    (vocabulary, width) and bias are the head. Of a frozen head, the gradient to `hidden` is known
    as soon as the logits are: it is computed in the forward pass, chunk by chunk, and the logits
    are dropped. For one that trains, they are computed again in the backward pass.
    """
    if not weight.requires_grad:
        return _answer_losses(hidden, weight, bias, targets)
    size = max(1, LOGITS_AT_ONCE // weight.shape[0])
    chunks = zip(torch.split(hidden, size), torch.split(targets, size), strict=True)
    return torch.cat(
        [
            checkpoint(_losses, part, weight, bias, some, use_reentrant=False)
            for part, some in chunks
        ]
    )


def _losses(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:
    logits = functional.linear(hidden, weight, bias).float()
    return functional.cross_entropy(logits, targets, reduction="none")


class _AnswerLosses(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor
    ) -> Tensor:
        losses = torch.empty(len(hidden), dtype=torch.float32, device=hidden.device)
        wanted = ctx.needs_input_grad[0]
        to_hidden = torch.empty_like(hidden) if wanted else None
        size = max(1, LOGITS_AT_ONCE // weight.shape[0])
        for start in range(0, hidden.shape[0], size):
            part = slice(start, start + size)
            target = targets[part, None]
            logits = functional.linear(hidden[part], weight, bias)
            share = logits.softmax(-1, dtype=torch.float32)
            # The largest share is far from 0, so the normaliser is as exact as the logits.
            largest = logits.amax(-1, keepdim=True).float()
            normaliser = largest - share.amax(-1, keepdim=True).log()
            losses[part] = (normaliser - logits.gather(1, target))[:, 0]
            if to_hidden is not None:
                share.scatter_add_(1, target, torch.full_like(normaliser, -1.0))
                torch.mm(share.to(weight.dtype), weight, out=to_hidden[part])
        ctx.save_for_backward(to_hidden)
        return losses

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (to_hidden,) = ctx.saved_tensors
        return (to_hidden * gradient[:, None]).to(to_hidden.dtype), None, None, None


_answer_losses: Callable[..., Tensor] = _AnswerLosses.apply
