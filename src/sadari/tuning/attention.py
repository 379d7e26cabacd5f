"""Attention over packed rows on CPU: each example attends to itself alone, nothing is masked away.

A block mask over a row of four short examples computes sixteen blocks to use four, and the
backward pass of bfloat16 `scaled_dot_product_attention` on CPU falls apart into tiny products.
Here the scores of each span are computed by themselves, with their gradient written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

NAME = "sadari_spans"
"""The name under which Transformers knows this attention, once `register` was called."""


def register() -> None:
    """Make `attn_implementation=NAME` known to Transformers, through its public interface. It
    expects the keyword `spans` in the model's forward call."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend_spans)


def attend_spans(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    *,
    spans: Sequence[tuple[int, int]],
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Causal attention inside each (start, end) of `spans`.

    query (1, heads, tokens, width), key and value (1, key heads, tokens, width) where key heads
    divide heads. Returns (1, tokens, heads, width), as Transformers wants it.
    """
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    mixed = _Spans.apply(query[0], key[0], value[0], tuple(spans), scale, sliding_window)
    return mixed.transpose(0, 1)[None], None


class _Spans(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        spans: tuple[tuple[int, int], ...],
        scale: float,
        window: int | None,
    ) -> Tensor:
        groups = query.shape[0] // key.shape[0]
        out = torch.empty_like(query)
        weights = []
        for start, end in spans:
            mask = _causal(end - start, window, query.dtype).repeat(groups, 1)
            scores = torch.baddbmm(
                mask, _fold(query, start, end, groups), key[:, start:end].mT, alpha=scale
            )
            weight = scores.softmax(-1)
            out[:, start:end] = _split(weight @ value[:, start:end], groups)
            weights.append(weight)
        ctx.save_for_backward(query, key, value, *weights)
        ctx.spans, ctx.scale, ctx.groups = spans, scale, groups
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        query, key, value, *weights = ctx.saved_tensors
        groups = ctx.groups
        to_query, to_key, to_value = map(torch.empty_like, (query, key, value))
        for (start, end), weight in zip(ctx.spans, weights, strict=True):
            out = _fold(gradient, start, end, groups)
            to_value[:, start:end] = weight.mT @ out
            to_weight = out @ value[:, start:end].mT
            # The softmax's gradient, times the scale that the scores were multiplied with.
            to_scores = torch._softmax_backward_data(to_weight, weight, -1, weight.dtype)
            to_scores.mul_(ctx.scale)
            to_query[:, start:end] = _split(to_scores @ key[:, start:end], groups)
            to_key[:, start:end] = to_scores.mT @ _fold(query, start, end, groups)
        return to_query, to_key, to_value, None, None, None


def _causal(length: int, window: int | None, dtype: torch.dtype) -> Tensor:
    """0 where token i may look at token j ≤ i (and i - j < window), minus infinity elsewhere."""
    mask = torch.full((length, length), float("-inf"), dtype=dtype).triu_(1)
    if window is not None and window < length:
        far = torch.ones(length, length, dtype=torch.bool).tril_(-window)
        mask.masked_fill_(far, float("-inf"))
    return mask


def _fold(heads: Tensor, start: int, end: int, groups: int) -> Tensor:
    """A span's heads that share a key head, one under the other: (key heads, groups · n, width)."""
    part = heads[:, start:end]
    return part if groups == 1 else part.reshape(-1, groups * (end - start), part.shape[-1])


def _split(folded: Tensor, groups: int) -> Tensor:
    """`_fold` undone on a tensor of its own: (heads, n, width)."""
    return folded.reshape(folded.shape[0] * groups, -1, folded.shape[-1])

