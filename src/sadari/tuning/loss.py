"""Cross-entropy of the answer tokens, without ever holding the logits of all tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

LOGITS_AT_ONCE = 2**24
"""Logits held together: 64 MiB of float32, a hundred tokens' of a large vocabulary."""


def answer_loss(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:
    """The sum of -log p(target), a float32 scalar.

    hidden (answer tokens, width) are the last hidden states before each target; weight
    (vocabulary, width) and bias are the frozen head, which gets no gradient. Since the head is
    frozen, the gradient to `hidden` is known as soon as the logits are: it is computed in the
    forward pass, chunk by chunk, and the logits are dropped.
    """
    return _answer_loss(hidden, weight, bias, targets)


class _AnswerLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor
    ) -> Tensor:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        wanted = ctx.needs_input_grad[0]
        to_hidden = torch.empty_like(hidden) if wanted else None
        size = max(1, LOGITS_AT_ONCE // weight.shape[0])
        for start in range(0, hidden.shape[0], size):
            part = slice(start, start + size)
            target = targets[part, None]
            logits = functional.linear(hidden[part], weight, bias).float()
            normaliser = logits.logsumexp(-1, keepdim=True)
            total += (normaliser - logits.gather(1, target)).sum()
            if to_hidden is not None:
                share = logits.sub_(normaliser).exp_()
                share.scatter_add_(1, target, torch.full_like(normaliser, -1.0))
                torch.mm(share.to(weight.dtype), weight, out=to_hidden[part])
        ctx.save_for_backward(to_hidden)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (to_hidden,) = ctx.saved_tensors
        return to_hidden * gradient, None, None, None


_answer_loss: Callable[..., Tensor] = _AnswerLoss.apply
