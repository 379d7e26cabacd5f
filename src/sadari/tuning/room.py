"""How long rows may be: halved when memory runs out, for the same gradients from more rows."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import nn

from sadari.tuning.checkpoint import random_state, restore_random
from sadari.tuning.errors import TuningError
from sadari.tuning.objective import Batch

log = logging.getLogger("sadari.tuning")

T = TypeVar("T")

# What PyTorch's allocators, oneDNN and the linear algebra libraries say when there is no memory.
SIGNS = ("can't allocate memory", "not enough memory", "bad_alloc", "could not create a primitive")
SIGNS_OF_GPU = ("out of memory", "ALLOC_FAILED")


def ran_out(error: BaseException) -> bool:
    """Whether an error means that there was not enough memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        sign in str(error) for sign in SIGNS + SIGNS_OF_GPU
    )


class Room:
    """Tokens that a row of `model` may have. `shortages` are the sentences of how it came to be
    fewer than it was told; with `state` they go on in a tuning that is resumed."""

    def __init__(self, model: nn.Module, row_tokens: int, shortages: Sequence[str]) -> None:
        self.row_tokens = row_tokens
        self.shortages = list(shortages)
        self._model = model

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return {"row_tokens": self.row_tokens, "shortages": self.shortages}

    def fit(self, work: Callable[[Batch], T], batch: Batch, what: str) -> T:
        """What `work` gives for the batch, in rows that fit. Tried again from the same random
        state, with the gradients that an attempt left thrown away.

        Raises TuningError naming the longest example if it does not fit alone."""
        while True:
            before = random_state()
            try:
                return work(replace(batch, row_tokens=self.row_tokens))
            except (RuntimeError, MemoryError) as error:
                if not ran_out(error):
                    raise
            # Only now, when the error and the tensors that its traceback held are gone.
            self._model.zero_grad()
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            restore_random(before)
            self._halve(batch, what)

    def _halve(self, batch: Batch, what: str) -> None:
        lengths = [sum(len(example.ids) for example in unit) for unit in batch.units]
        if self.row_tokens < min(lengths):
            longest = batch.units[lengths.index(max(lengths))][0]
            raise TuningError(
                f"Memory ran out in {what} with a single example in a row: example "
                f"{longest.name} has {max(lengths):,} tokens.",
                todo="Lower max_length, leave this example out, or take method qlora or a smaller "
                "base.",
            )
        was = self.row_tokens
        self.row_tokens = max(1, min(was, sum(lengths)) // 2)
        sentence = (
            f"Memory ran out in {what}: rows of {self.row_tokens:,} tokens instead of {was:,} from "
            "there on, more of them to a step, with the same gradients."
        )
        self.shortages.append(sentence)
        log.warning(sentence)
