"""The body of a Llama-shaped model on CPU, with its gradient written out.

On short examples a training step of a small model is half bookkeeping: hundreds of small operations
and their gradients around the matrix products. Llama, Mistral and Qwen2 share one block (RMSNorm,
rotary positions, SwiGLU), so the two halves of that block are computed here as one autograd
operation each, over a packed row, with adapters joined where they read the same input. Weights and
parameters are those of the Transformers model it is made from, and stay there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from sadari.tuning import attention
from sadari.tuning.joined import Adapter, Joined
from sadari.tuning.lora import LoraLinear
from sadari.tuning.packing import Row

SHAPED = {"LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM"}


class LlamaBody:
    """Embeddings, blocks and final norm of `model`, a Transformers model with or without LoRA.

    Reads the model's own tensors: training its adapters through this body trains them there.
    """

    shares = True

    @staticmethod
    def fits(model: Any) -> bool:
        """Whether `model` has this shape: the block above, no window, and layers that are frozen
        and have a plain LoRA or none."""
        config = model.config
        return (
            type(model).__name__ in SHAPED
            and config.hidden_act == "silu"
            and not getattr(config, "sliding_window", None)
            and not getattr(config, "attention_dropout", 0.0)
            and all(_is_plain(layer) for block in model.model.layers for layer in _layers(block))
        )

    def __init__(
        self, model: Any, embed: Callable[[Tensor], Tensor], recompute: bool = False
    ) -> None:
        self.model = model
        self._embed = embed
        self._recompute = recompute
        self.blocks = [_Block.of(layer, model.config) for layer in model.model.layers]
        self._bare = [block.without_adapters() for block in self.blocks]
        adapted = [layer for layer in model.modules() if isinstance(layer, LoraLinear)]
        self._layer = adapted[0] if adapted else None

    def answer_states(self, row: Row) -> Tensor:
        """The last hidden states that predict an answer token, shape (answer tokens, width)."""
        body = self.model.model
        x = self._embed(row.input_ids)
        cos, sin = (part[0] for part in body.rotary_emb(x, row.position_ids))
        dropout = self._layer.dropout if self._layer is not None else 0.0
        x = x[0]

        # Fresh adapters add nothing, and here they cost a fifth of the base's products.
        blocks = self.blocks if torch.is_grad_enabled() or self._adds() else self._bare

        def through(x: Tensor, block: _Block) -> Tensor:
            x = _attend(x, block, row.spans, cos, sin, dropout, *block.attend_parameters)
            if block is blocks[-1]:
                # Nothing after this looks at another token: only those that predict go on.
                x = x.index_select(0, row.predicts)
            fed: Tensor = _feed(x, block, dropout, *block.feed_parameters)
            return fed

        recompute = self._recompute and torch.is_grad_enabled()
        if recompute and not x.requires_grad:
            x.requires_grad_()  # a block is computed again only where its input has a gradient
        for block in blocks:
            x = (
                checkpoint(through, x, block, use_reentrant=True)
                if recompute
                else through(x, block)
            )
        states: Tensor = body.norm(x)
        return states

    def _adds(self) -> bool:
        """Whether any adapter changes what its layer says."""
        return any(item.b.any() for block in self.blocks for item in block.adapters)


@dataclass(frozen=True)
class _Block:
    """One decoder block's weights; `heads` and `key_heads` of `width` numbers each."""

    before_attention: Tensor
    query_key_value: Joined
    out: Joined
    before_feed: Tensor
    gate_up: Joined
    down: Joined
    epsilon: float
    heads: int
    key_heads: int
    width: int

    @classmethod
    def of(cls, layer: Any, config: Any) -> _Block:
        attend, feed = layer.self_attn, layer.mlp
        return cls(
            layer.input_layernorm.weight,
            _join(attend.q_proj, attend.k_proj, attend.v_proj),
            _join(attend.o_proj),
            layer.post_attention_layernorm.weight,
            _join(feed.gate_proj, feed.up_proj),
            _join(feed.down_proj),
            config.rms_norm_eps,
            config.num_attention_heads,
            config.num_key_value_heads,
            attend.head_dim,
        )

    @property
    def adapters(self) -> Iterator[Adapter]:
        """Those of all its layers."""
        for name in _JOINED:
            yield from getattr(self, name).adapters

    def without_adapters(self) -> _Block:
        """The same weights alone."""
        return replace(self, **{name: getattr(self, name).bare() for name in _JOINED})

    @property
    def attend_parameters(self) -> list[Tensor]:
        return self.query_key_value.parameters + self.out.parameters

    @property
    def feed_parameters(self) -> list[Tensor]:
        return self.gate_up.parameters + self.down.parameters

    def split(self, heads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The query's, the key's and the value's among all `heads`, (heads, tokens, width)."""
        keys, values = self.heads, self.heads + self.key_heads
        return heads[:keys], heads[keys:values], heads[values:]


_JOINED = ("query_key_value", "out", "gate_up", "down")


class _Attend(torch.autograd.Function):
    """x + attention(norm(x))."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        block: _Block,
        spans: attention.Spans,
        cos: Tensor,
        sin: Tensor,
        dropout: float,
        *parameters: Tensor,
    ) -> Tensor:
        normed, inverse = _norm(x, block.before_attention, block.epsilon)
        joined, tape = block.query_key_value.forward(normed, dropout)
        heads = joined.view(x.shape[0], -1, block.width).transpose(0, 1)
        turned = torch.empty(heads.shape, dtype=x.dtype)
        _turn(heads, block, cos, sin, turned)
        query, key, value = block.split(turned)
        mixed = torch.empty_like(query)
        weights = attention.forward(query, key, value, mixed, spans, block.width**-0.5)
        out, out_tape = block.out.forward(mixed.transpose(0, 1).flatten(1), dropout)
        ctx.kept = (block, spans, cos, sin, dropout, x, inverse, tape, turned, weights, out_tape)
        return out.add_(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        block, spans, cos, sin, dropout, x, inverse, tape, turned, weights, out_tape = ctx.kept
        to_mixed, out_gradients = block.out.backward(gradient, out_tape, dropout)
        to_mixed = to_mixed.view(-1, block.heads, block.width).transpose(0, 1).contiguous()
        to_turned = torch.empty_like(turned)
        parts, to_parts = block.split(turned), block.split(to_turned)
        attention.backward(to_mixed, parts, to_parts, weights, spans, block.width**-0.5)
        # A rotation's gradient is the rotation back.
        to_joined = torch.empty(x.shape[0], turned.shape[0], block.width, dtype=x.dtype)
        _turn(to_turned, block, cos, -sin, to_joined.transpose(0, 1))
        wanted = ctx.needs_input_grad[0]
        to_normed, gradients = block.query_key_value.backward(
            to_joined.flatten(1), tape, dropout, wanted
        )
        to_x = None
        if wanted:
            to_x = _norm_backward(to_normed, x, block.before_attention, inverse).add_(gradient)
        return to_x, None, None, None, None, None, *gradients, *out_gradients


class _Feed(torch.autograd.Function):
    """x + down(silu(gate(norm(x))) · up(norm(x)))."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, block: _Block, dropout: float, *parameters: Tensor) -> Tensor:
        normed, inverse = _norm(x, block.before_feed, block.epsilon)
        gate_up, tape = block.gate_up.forward(normed, dropout)
        gate, up = gate_up.chunk(2, dim=1)
        opened = functional.silu(gate)
        out, down_tape = block.down.forward(opened * up, dropout)
        ctx.kept = (block, dropout, x, inverse, tape, gate, up, opened, down_tape)
        return out.add_(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        block, dropout, x, inverse, tape, gate, up, opened, down_tape = ctx.kept
        to_fed, down_gradients = block.down.backward(gradient, down_tape, dropout)
        to_gate_up = torch.empty(x.shape[0], 2 * gate.shape[1], dtype=x.dtype)
        to_gate, to_up = to_gate_up.chunk(2, dim=1)
        torch.mul(to_fed, opened, out=to_up)
        to_gate.copy_(torch.ops.aten.silu_backward(to_fed.mul_(up), gate))
        to_normed, gradients = block.gate_up.backward(to_gate_up, tape, dropout)
        to_x = _norm_backward(to_normed, x, block.before_feed, inverse).add_(gradient)
        return to_x, None, None, *gradients, *down_gradients


_attend: Callable[..., Tensor] = _Attend.apply
_feed: Callable[..., Tensor] = _Feed.apply


def _layers(block: Any) -> list[nn.Module]:
    attend, feed = block.self_attn, block.mlp
    return [
        *(attend.q_proj, attend.k_proj, attend.v_proj, attend.o_proj),
        *(feed.gate_proj, feed.up_proj, feed.down_proj),
    ]


def _is_plain(layer: nn.Module) -> bool:
    if isinstance(layer, LoraLinear):
        return layer.is_plain
    return type(layer) is nn.Linear and not layer.weight.requires_grad


def _join(*layers: nn.Module) -> Joined:
    """Linear layers that read one input, as one. Their weights move into one tensor of which each
    layer's own becomes a view, so nothing is held twice."""
    adapters: list[Adapter] = []
    frozen: list[Any] = []
    start = 0
    for layer in layers:
        if isinstance(layer, LoraLinear):
            adapters.append(layer.adapter(start))
        frozen.append(layer.get_base_layer() if isinstance(layer, LoraLinear) else layer)
        start += frozen[-1].weight.shape[0]
    if len(frozen) == 1:
        return Joined(frozen[0].weight, frozen[0].bias, adapters)
    weight = torch.cat([layer.weight.detach() for layer in frozen])
    parts = torch.split(weight, [layer.weight.shape[0] for layer in frozen])
    for layer, part in zip(frozen, parts, strict=True):
        layer.weight.data = part
    biases = [layer.bias for layer in frozen if layer.bias is not None]
    return Joined(weight, torch.cat(biases) if biases else None, adapters)


def _norm(x: Tensor, weight: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """RMSNorm (Zhang and Sennrich 2019), and 1 / root mean square in float32, (tokens, 1)."""
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    inverse = length.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
    return (x * inverse).to(x.dtype).mul_(weight), inverse


def _norm_backward(gradient: Tensor, x: Tensor, weight: Tensor, inverse: Tensor) -> Tensor:
    scaled = x * inverse
    to_scaled = (gradient * weight).float()
    shared = (to_scaled * scaled).mean(-1, keepdim=True)
    return to_scaled.sub_(scaled.mul_(shared)).mul_(inverse).to(x.dtype)


def _turn(heads: Tensor, block: _Block, cos: Tensor, sin: Tensor, out: Tensor) -> None:
    """Write rotary positions (Su et al. 2021) on the query's and the key's among all `heads`,
    (heads, tokens, width), into `out`; the value's pass."""
    turning, half = block.heads + block.key_heads, block.width // 2
    torch.mul(heads[:turning], cos, out=out[:turning])
    out[:turning, :, :half].addcmul_(heads[:turning, :, half:], sin[:, :half], value=-1)
    out[:turning, :, half:].addcmul_(heads[:turning, :, :half], sin[:, half:])
    out[turning:] = heads[turning:]
