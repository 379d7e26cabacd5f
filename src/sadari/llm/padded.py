"""The engine for every architecture: a left-padded batch and Transformers' own cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sadari.llm.prefix import Prefix


class PaddedEngine:
    """Runs any causal language model of Transformers, on any device."""

    def __init__(self, model: Any, prefix: Prefix | None = None) -> None:
        self._model = model
        self._prefix = prefix
        self._cache: Any = None
        self._mask: Any = None
        self._positions: Any = None

    def prefill(self, prompts: Sequence[Sequence[int]], room: int) -> Any:
        import torch
        from transformers import DynamicCache

        device = self._model.device
        longest = max(len(prompt) for prompt in prompts)
        pads = [longest - len(prompt) for prompt in prompts]
        rows = [[0] * pad + list(prompt) for pad, prompt in zip(pads, prompts, strict=True)]
        config, prefix = self._model.config, self._prefix
        before = 0 if prefix is None else prefix.tokens
        mask = [[1] * before + [0] * pad + [1] * (longest - pad) for pad in pads]
        self._cache = prefix.cache(config, len(rows)) if prefix else DynamicCache(config=config)
        self._mask = torch.tensor(mask, device=device)
        positions = (self._mask.cumsum(-1) - 1).clamp(min=0)[:, before:]
        self._positions = positions[:, -1:]
        return self._forward(torch.tensor(rows, device=device), positions)

    def step(self, tokens: Sequence[int]) -> Any:
        import torch

        column = torch.tensor(tokens, device=self._model.device).unsqueeze(1)
        self._mask = torch.cat([self._mask, torch.ones_like(column)], dim=1)
        self._positions = self._positions + 1
        return self._forward(column, self._positions)

    def keep(self, rows: Sequence[int]) -> None:
        import torch

        index = torch.tensor(rows, device=self._model.device)
        self._cache.batch_select_indices(index)
        self._mask = self._mask[index]
        self._positions = self._positions[index]

    def _forward(self, ids: Any, positions: Any) -> Any:
        return self._model(
            input_ids=ids,
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
