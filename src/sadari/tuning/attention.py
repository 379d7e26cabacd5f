"""Attention over packed rows on CPU: each example attends to itself alone, nothing is masked away.

A block mask over a row of four short examples computes sixteen blocks to use four, and the
backward pass of bfloat16 `scaled_dot_product_attention` on CPU falls apart into tiny products.
Here the scores of each span are computed by themselves, with their gradient written out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from sadari.tuning.packing import Span

Spans = Sequence[Span]

NAME = "sadari_spans"
PREFIXED = "sadari_prefixed"
"""Names under which Transformers knows these attentions, once `register` was called."""


@dataclass(frozen=True)
class Prefixed:
    """Keys and values that were learnt, for the virtual tokens at `places` of a row; shape (layers,
    key heads, places, width)."""

    places: Tensor
    keys: Tensor
    values: Tensor

    def put(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """A layer's keys and values, (1, key heads, tokens, width), with the learnt ones in."""
        return (
            key.index_copy(2, self.places, self.keys[layer, None].to(key.dtype)),
            value.index_copy(2, self.places, self.values[layer, None].to(value.dtype)),
        )


def register() -> None:
    """Make `attn_implementation=NAME` and `PREFIXED` known to Transformers, through its public
    interface. The one expects the keyword `spans` in the model's forward call, the other
    `prefixed`."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(NAME, attend_spans)
    AttentionInterface.register(PREFIXED, attend_prefixed)
    AttentionMaskInterface.register(PREFIXED, sdpa_mask)


def attend_prefixed(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    prefixed: Prefixed,
    **rest: Any,
) -> tuple[Tensor, None]:
    """PyTorch's attention, over keys and values of which some were learnt."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    key, value = prefixed.put(module.layer_idx, key, value)
    out: tuple[Tensor, None] = sdpa_attention_forward(
        module, query, key, value, attention_mask, **rest
    )
    return out


def attend_spans(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    *,
    spans: Spans,
    sliding_window: int | None = None,
    prefixed: Prefixed | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Causal attention inside each of `spans`, and from it to what it shares.

    query (1, heads, tokens, width), key and value (1, key heads, tokens, width) where key heads
    divide heads. Returns (1, tokens, heads, width), as Transformers wants it.
    """
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if prefixed is not None:
        key, value = prefixed.put(module.layer_idx, key, value)
    mixed = _attend(query[0], key[0], value[0], spans, scale, sliding_window)
    return mixed.transpose(0, 1)[None], None


class _Spans(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        spans: Spans,
        scale: float,
        window: int | None,
    ) -> Tensor:
        out = torch.empty_like(query)
        ctx.weights = forward(query, key, value, out, spans, scale, window)
        ctx.save_for_backward(query, key, value)
        ctx.spans, ctx.scale = spans, scale
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        query, key, value = ctx.saved_tensors
        to_query, to_key, to_value = map(torch.empty_like, (query, key, value))
        backward(
            gradient,
            (query, key, value),
            (to_query, to_key, to_value),
            ctx.weights,
            ctx.spans,
            ctx.scale,
        )
        return to_query, to_key, to_value, None, None, None


_attend: Callable[..., Tensor] = _Spans.apply


def forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    out: Tensor,
    spans: Spans,
    scale: float,
    window: int | None = None,
) -> list[Tensor]:
    """Write the mixed values into `out`; all are (heads, tokens, width). Returns each span's
    attention weights, for `backward`."""
    groups = query.shape[0] // key.shape[0]
    weights = []
    for span in spans:
        part = slice(span.start, span.end)
        mask = _causal(span.end - span.start, span.shared, groups, window, query.dtype)
        seen = _seen(key, span).mT
        weight = torch.baddbmm(mask, _fold(query[:, part], groups), seen, alpha=scale).softmax(-1)
        out[:, part] = _unfold(weight @ _seen(value, span), groups)
        weights.append(weight)
    return weights


def backward(
    gradient: Tensor,
    inputs: tuple[Tensor, Tensor, Tensor],
    outputs: tuple[Tensor, Tensor, Tensor],
    weights: Sequence[Tensor],
    spans: Spans,
    scale: float,
) -> None:
    """Write the gradients to query, key and value, the `inputs`, into `outputs`."""
    query, key, value = inputs
    to_query, to_key, to_value = outputs
    groups = query.shape[0] // key.shape[0]
    for span, weight in zip(spans, weights, strict=True):
        part = slice(span.start, span.end)
        out = _fold(gradient[:, part], groups)
        _add_seen(to_value, weight.mT @ out, span)
        to_weight = out @ _seen(value, span).mT
        to_scores = torch._softmax_backward_data(to_weight, weight, -1, weight.dtype).mul_(scale)
        to_query[:, part] = _unfold(to_scores @ _seen(key, span), groups)
        _add_seen(to_key, to_scores.mT @ _fold(query[:, part], groups), span)


def _seen(heads: Tensor, span: Span) -> Tensor:
    """The tokens that a span's tokens may look at: those it shares, then its own."""
    own = heads[:, span.start : span.end]
    if not span.seen:
        return own
    return torch.cat([*(heads[:, start:end] for start, end in span.seen), own], 1)


def _add_seen(heads: Tensor, gradient: Tensor, span: Span) -> None:
    """Write a gradient to what `_seen` gave: new for the span's own, added for what it shares,
    whose own spans came before."""
    heads[:, span.start : span.end] = gradient[:, span.shared :]
    done = 0
    for start, end in span.seen:
        heads[:, start:end] += gradient[:, done : done + end - start]
        done += end - start


@lru_cache(maxsize=16)  # the same few lengths in every block of a row; a long one is large
def _causal(
    length: int, shared: int, groups: int, window: int | None, dtype: torch.dtype
) -> Tensor:
    """0 where a token at position shared + i may look at position j ≤ shared + i (and nearer than
    `window`), minus infinity elsewhere, once for each of the heads that share a key head."""
    mask = torch.full((length, shared + length), float("-inf"), dtype=dtype).triu_(shared + 1)
    if window is not None and window < shared + length:
        far = torch.ones(mask.shape, dtype=torch.bool).tril_(shared - window)
        mask.masked_fill_(far, float("-inf"))
    return mask.repeat(groups, 1)


def forget_masks() -> None:
    """Drop the masks that are kept for the next block: a mask without contents must not meet a
    tensor that has some."""
    _causal.cache_clear()


def _fold(heads: Tensor, groups: int) -> Tensor:
    """Heads that share a key head, one under the other: (key heads, groups · tokens, width)."""
    if groups == 1:
        return heads
    return heads.reshape(heads.shape[0] // groups, -1, heads.shape[-1])


def _unfold(folded: Tensor, groups: int) -> Tensor:
    """`_fold` undone: (heads, tokens, width)."""
    return folded.reshape(folded.shape[0] * groups, -1, folded.shape[-1])
