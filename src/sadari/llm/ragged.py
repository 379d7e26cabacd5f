"""The engine for plain decoders on a CPU: no padding, no mask, nothing computed twice.

Three things make it fast. Prompts are read packed, end to end, so no time goes into padding. What
all prompts share (the system prompt, worked examples) is read once, and its keys and values serve
every row. And of the last layer only the last token of each prompt is computed.

The weights are used through Transformers' own modules, so PEFT's adapters work as they do there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, arange, bmm, cat, empty, ops, tensor, zeros
from torch.nn.functional import pad
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from sadari.llm.prefix import Prefix

# Tokens read in one go: large enough for full speed, small enough to stay in the caches.
_CHUNK_TOKENS = 1024
_GROWTH = 64

_PLAIN = ("llama", "qwen2", "qwen3")
_STATIC_ROPE = ("default", "linear", "llama3", "yarn")

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]


def fits(model: Any) -> bool:
    """Whether this file spells out the model's layers: Llama and its like, full attention, CPU."""
    config = model.config
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    rope = getattr(config, "rope_parameters", None) or {}
    return (
        model.device.type == "cpu"
        and config.model_type in _PLAIN
        and kinds == {"full_attention"}
        and rope.get("rope_type", "default") in _STATIC_ROPE
    )


def shared_ids(prompts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The longest beginning of all prompts that leaves each at least one token of its own."""
    first, last = min(prompts), max(prompts)  # what these two share, all between them share
    longest = min(len(prompt) for prompt in prompts) - 1
    count = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), longest)
    return first[: min(count, longest)]


class RaggedEngine:
    """One batch over one model. Rows have keys and values of their own, flush right in a shared
    buffer, so that a new token has the same column in every row."""

    def __init__(self, model: Any, prefix: Prefix | None = None) -> None:
        self._model = model
        self._decoder = model.model
        attention = self._decoder.layers[0].self_attn
        self._width: int = attention.head_dim
        self._scale: float = attention.scaling
        self._groups: int = attention.num_key_value_groups
        self._prefix = prefix if prefix is not None and prefix.tokens else None
        self._virtual = prefix.tokens - len(prefix.ids) if prefix is not None else 0
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []
        self._filled = 0
        self._positions = zeros(0)
        self._mask: Tensor | None = None

    def read_prefix(self, ids: Sequence[int]) -> Prefix:
        """Keys and values of a shared beginning, after those of this engine's own prefix, for the
        engines of several batches."""
        before = self._prefix
        self.prefill([[*(before.ids if before else ()), *ids]], 0)
        keys, values = ([part[0] for part in parts] for parts in (self._keys, self._values))
        return (
            before.then(ids, keys, values) if before else Prefix(tuple(ids), (*keys,), (*values,))
        )

    def prefill(self, prompts: Sequence[Sequence[int]], room: int) -> Tensor:
        skip = len(self._prefix.ids) if self._prefix else 0
        own = [list(prompt[skip:]) for prompt in prompts]
        lengths = [len(ids) for ids in own]
        self._filled = max(lengths)
        self._allocate(len(own), self._filled + min(room, _GROWTH))
        self._positions = tensor([self._virtual + len(prompt) for prompt in prompts])
        self._mask = self._padding(lengths)
        logits: list[Tensor] = []
        begin = 0
        while begin < len(own):
            end, tokens = begin + 1, lengths[begin]
            while end < len(own) and tokens + lengths[end] <= _CHUNK_TOKENS:
                tokens += lengths[end]
                end += 1
            logits.append(self._read(own[begin:end], begin, self._virtual + skip))
            begin = end
        return cat(logits)

    def step(self, tokens: Sequence[int]) -> Tensor:
        if self._filled == self._keys[0].shape[2]:
            self._keys = [pad(k, (0, 0, 0, _GROWTH)) for k in self._keys]
            self._values = [pad(v, (0, 0, 0, _GROWTH)) for v in self._values]
        hidden = self._run(tensor(tokens), self._positions, self._attend_step)
        self._positions = self._positions + 1
        self._filled += 1
        return self._logits(hidden)

    def keep(self, rows: Sequence[int]) -> None:
        index = tensor(rows)
        self._keys = [k.index_select(0, index) for k in self._keys]
        self._values = [v.index_select(0, index) for v in self._values]
        self._positions = self._positions[index]
        if self._mask is not None:
            self._mask = self._mask[index]

    def _allocate(self, rows: int, columns: int) -> None:
        config, weight = self._model.config, self._decoder.norm.weight
        shape = (rows, config.num_key_value_heads, columns, self._width)
        count = config.num_hidden_layers
        self._keys = [empty(shape, dtype=weight.dtype) for _ in range(count)]
        self._values = [empty(shape, dtype=weight.dtype) for _ in range(count)]

    def _padding(self, lengths: Sequence[int]) -> Tensor | None:
        """-inf on the columns left of each row's own tokens; None where no row is padded."""
        if len(set(lengths)) == 1:
            return None
        padded = arange(self._filled) < (self._filled - tensor(lengths)).unsqueeze(1)
        mask = zeros(padded.shape, dtype=self._decoder.norm.weight.dtype)
        return mask.masked_fill_(padded, float("-inf"))

    def _read(self, own: Sequence[list[int]], first_row: int, skip: int) -> Tensor:
        """Reads some rows' own tokens; logits after the last of each, (rows, vocabulary)."""
        ids = tensor([token for row in own for token in row])
        positions = cat([arange(skip, skip + len(row)) for row in own])
        ends = tensor([len(row) for row in own]).cumsum(0)
        spans = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))

        def attend(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return self._attend_rows(layer, q, k, v, spans, first_row)

        return self._logits(self._run(ids, positions, attend, last=ends - 1))

    def _run(
        self, ids: Tensor, positions: Tensor, attend: Attend, last: Tensor | None = None
    ) -> Tensor:
        """Hidden states after all layers, of every token or of the `last` ones, (tokens, size)."""
        hidden: Tensor = self._model.get_input_embeddings()(ids)
        cos, sin = (t[0] for t in self._decoder.rotary_emb(hidden, positions.unsqueeze(0)))
        final = len(self._decoder.layers) - 1
        for index, layer in enumerate(self._decoder.layers):
            heads = layer.self_attn
            normed = layer.input_layernorm(hidden)
            k = self._split(heads.k_proj(normed), getattr(heads, "k_norm", None))
            v = self._split(heads.v_proj(normed))
            q_cos, q_sin = cos, sin
            if index == final and last is not None:
                hidden, normed, q_cos, q_sin = hidden[last], normed[last], cos[last], sin[last]
            q = self._split(heads.q_proj(normed), getattr(heads, "q_norm", None))
            q, _ = apply_rotary_pos_emb(q, q[:, :0], q_cos, q_sin)
            k, _ = apply_rotary_pos_emb(k, k[:, :0], cos, sin)
            hidden = hidden + heads.o_proj(attend(index, q, k, v).flatten(1))
            hidden = hidden + layer.mlp(layer.post_attention_layernorm(hidden))
        return hidden

    def _logits(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self._model.lm_head(self._decoder.norm(hidden))
        return logits

    def _split(self, projected: Tensor, norm: Any = None) -> Tensor:
        heads = projected.view(projected.shape[0], -1, self._width)
        if norm is not None:
            heads = norm(heads)
        return heads

    def _attend_rows(
        self,
        layer: int,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        spans: Sequence[tuple[int, int]],
        first_row: int,
    ) -> Tensor:
        """Attention while prompts are read. Each token sees the prefix and its row up to itself;
        the two parts are joined by the mass that each holds, as in cascade inference."""
        whole = len(q) == len(k)
        q, k, v = (t.transpose(0, 1).unsqueeze(0) for t in (q, k, v))
        if self._prefix is not None:
            shared, shared_mass = self._flash(
                q, self._prefix.keys[layer][None], self._prefix.values[layer][None]
            )
        out, mass = [], []
        for row, (begin, end) in enumerate(spans):
            keys, values = k[:, :, begin:end], v[:, :, begin:end]
            padding = self._filled - (end - begin)
            for buffer, new in ((self._keys[layer], keys), (self._values[layer], values)):
                # Padding gets weight 0, but 0 times what may lie in fresh memory can be NaN.
                buffer[first_row + row, :, :padding] = 0
                buffer[first_row + row, :, padding : self._filled] = new[0]
            queries = q[:, :, begin:end] if whole else q[:, :, row : row + 1]
            part, part_mass = self._flash(queries, keys, values, causal=whole)
            out.append(part)
            mass.append(part_mass)
        own = cat(out, dim=2)
        if self._prefix is not None:
            share = (shared_mass - cat(mass, dim=2)).sigmoid().unsqueeze(-1)
            own = own.lerp(shared, share.to(own.dtype))
        return own[0].transpose(0, 1)

    def _flash(
        self, q: Tensor, k: Tensor, v: Tensor, causal: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Attention and its log-sum-exp, (1, heads, tokens, width) and (1, heads, tokens)."""
        if self._groups > 1:
            k, v = (t.repeat_interleave(self._groups, dim=1) for t in (k, v))
        out, mass = ops.aten._scaled_dot_product_flash_attention_for_cpu(
            q, k, v, 0.0, causal, scale=self._scale
        )
        return out, mass

    def _attend_step(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attention of one new token per row, (rows, heads, width): a batched product per row over
        its own keys, and one product for all rows over the prefix, which is read once."""
        keys, values = self._keys[layer], self._values[layer]
        rows, heads, _, width = keys.shape
        now = self._filled
        keys[:, :, now], values[:, :, now] = k, v
        own_keys = keys.view(rows * heads, -1, width)[:, : now + 1]
        own_values = values.view(rows * heads, -1, width)[:, : now + 1]
        q = (q * self._scale).view(rows * heads, self._groups, width)
        scores = bmm(q, own_keys.transpose(1, 2)).view(rows, heads, self._groups, now + 1)
        if self._mask is not None:
            scores[..., : self._mask.shape[1]] += self._mask[:, None, None]
        before = 0
        if self._prefix is not None:
            prefix_keys, prefix_values = self._prefix.keys[layer], self._prefix.values[layer]
            before = prefix_keys.shape[1]
            by_head = q.view(rows, heads, self._groups, width).transpose(0, 1)
            shared = bmm(by_head.reshape(heads, -1, width), prefix_keys.transpose(1, 2))
            shared = shared.view(heads, rows, self._groups, before).transpose(0, 1)
            scores = cat([shared, scores], dim=-1)
        weights = scores.float().softmax(-1).to(values.dtype)
        own = weights[..., before:].reshape(rows * heads, self._groups, -1)
        out = bmm(own, own_values).view(rows, heads, self._groups, width)
        if self._prefix is not None:
            shared = weights[..., :before].transpose(0, 1).reshape(heads, -1, before)
            shared = bmm(shared, prefix_values).view(heads, rows, self._groups, width)
            out = out + shared.transpose(0, 1)
        return out.reshape(rows, heads * self._groups, width)
