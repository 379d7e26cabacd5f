"""Batches of rows, answered by the weights and one adapter."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from sadari.llm.adapters import Adapters
from sadari.llm.decode import Engine, Row, Timing, decode
from sadari.llm.grammar import Grammars
from sadari.llm.padded import PaddedEngine
from sadari.llm.prefix import Prefix
from sadari.llm.render import end_of_turn
from sadari.llm.types import ModelError
from sadari.llm.weights import cache_shape

BATCH_ROWS = 40
_CACHE_BYTES = 2_000_000_000
# A beginning shorter than this is as fast to read again in every row.
_SHARED_TOKENS = 16


class Generator:
    """Not thread-safe: it belongs to the one thread that owns the weights."""

    def __init__(self, model: Any, tokenizer: Any, adapters: Adapters) -> None:
        from sadari.llm.ragged import fits

        self._model = model
        self._tokenizer = tokenizer
        self._adapters = adapters
        self._ragged = fits(model)
        self._stop_ids = _stop_ids(model, tokenizer)
        vocabulary = model.config.get_text_config().vocab_size
        self.grammars = Grammars(tokenizer, vocabulary, self._stop_ids)

    def answer(self, adapter: str | None, rows: Sequence[Row], share: bool = True) -> list[Timing]:
        """Fills the rows, batch by batch; returns each row's share of the time.

        With `share`, what all prompts begin with is read once. The questions of an exam are asked
        together; those of strangers only happen to be, and go without. Raises `ModelError`."""
        import torch

        timings: list[Timing] = []
        with self._adapters.active(adapter) as virtual, torch.inference_mode():
            size = self._batch_rows(rows, virtual)
            try:
                begin = time.perf_counter()
                prefix = self._read_prefix(rows, virtual) if share else virtual
                before = (time.perf_counter() - begin) / len(rows)
                for first in range(0, len(rows), size):
                    batch = rows[first : first + size]
                    timing = decode(self._engine(prefix), batch, self._tokenizer, self._stop_ids)
                    timings += [timing.share(len(batch), before)] * len(batch)
            except RuntimeError as error:  # memory, mostly
                raise ModelError(
                    f"the model failed on {len(rows)} prompts: {str(error)[:200]}"
                ) from error
        return timings

    def _engine(self, prefix: Prefix | None) -> Engine:
        if not self._ragged:
            return PaddedEngine(self._model, prefix)
        from sadari.llm.ragged import RaggedEngine

        return RaggedEngine(self._model, prefix)

    def _read_prefix(self, rows: Sequence[Row], virtual: Prefix | None) -> Prefix | None:
        """Virtual tokens, then keys and values of what all these prompts begin with, where that is
        not little."""
        if not self._ragged or len(rows) < 2:
            return virtual
        from sadari.llm.ragged import RaggedEngine, shared_ids

        ids = shared_ids([row.prompt for row in rows])
        if len(ids) < _SHARED_TOKENS:
            return virtual
        return RaggedEngine(self._model, virtual).read_prefix(ids)

    def _batch_rows(self, rows: Sequence[Row], virtual: Prefix | None) -> int:
        """Rows of a batch: as many as their keys and values leave memory for. It follows from the
        requests alone, so it is the same every time."""
        config = self._model.config.get_text_config()
        if virtual is not None and getattr(config, "sliding_window", None):
            return 1  # padding after the virtual tokens would push them out of the window
        token = math.prod(cache_shape(config)) * self._model.dtype.itemsize
        longest = max(len(row.prompt) + row.sampling.max_tokens for row in rows)
        return max(1, min(BATCH_ROWS, int(_CACHE_BYTES // (token * longest))))


def _stop_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """What ends an answer: the template's end of turn, and what the model's makers named."""
    named = model.generation_config.eos_token_id
    ids = {tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])}
    if tokenizer.chat_template:
        ids.add(end_of_turn(tokenizer))
    return frozenset(i for i in ids if i is not None)
