"""Keys and values that are there before a prompt is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, cat


@dataclass(frozen=True)
class Prefix:
    """What stands before every row: virtual tokens that were learnt, and after them `ids`, which
    the prompts begin with and need not be read again. Keys and values per layer, each (key heads,
    tokens, width)."""

    ids: tuple[int, ...]
    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def tokens(self) -> int:
        """Tokens of it, virtual ones too."""
        return self.keys[0].shape[1]

    def then(self, ids: Sequence[int], keys: Sequence[Tensor], values: Sequence[Tensor]) -> Prefix:
        """This, and after it `ids` with their keys and values."""
        return Prefix(
            (*self.ids, *ids),
            tuple(cat(pair, dim=1) for pair in zip(self.keys, keys, strict=True)),
            tuple(cat(pair, dim=1) for pair in zip(self.values, values, strict=True)),
        )

    def cache(self, config: Any, rows: int) -> Any:
        """It as Transformers' cache of a batch of so many rows."""
        from transformers import DynamicCache

        cache = DynamicCache(config=config)
        for layer, pair in enumerate(zip(self.keys, self.values, strict=True)):
            cache.update(*(part.expand(rows, -1, -1, -1) for part in pair), layer)
        return cache
