"""Prompt and prefix tuning, served: their virtual tokens are a prefix of every prompt.

The model itself stays bare, so nothing has to be switched: keys and values that were learnt
(prefix tuning), or what the model makes of embeddings that were learnt (prompt tuning), stand
before what is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sadari.llm.folders import ADAPTER_WEIGHTS
from sadari.llm.prefix import Prefix
from sadari.llm.types import ModelError
from sadari.llm.weights import cache_shape


class VirtualTokens:
    """The virtual tokens in an adapter's folder, for the bare `model`. Raises `ModelError` for a
    kind that is neither of the two, and for another model's."""

    def __init__(self, model: Any, folder: Path, config: Any) -> None:
        import torch
        from safetensors.torch import load_file
        from transformers import DynamicCache

        learnt = load_file(folder / ADAPTER_WEIGHTS).get("prompt_embeddings")
        text = model.config.get_text_config()
        shape = cache_shape(text)
        wanted = {"PROMPT_TUNING": text.hidden_size, "PREFIX_TUNING": math.prod(shape)}
        if config.peft_type.value not in wanted or config.to_dict().get("prefix_projection"):
            raise ModelError(
                f"{folder} is a {config.peft_type.value} adapter, which is not read here.",
                todo="Of virtual tokens, prompt tuning and prefix tuning without projection are.",
            )
        size = wanted[config.peft_type.value]
        if learnt is None or learnt.shape[1] != size:
            found = "none" if learnt is None else f"of {learnt.shape[1]}"
            raise ModelError(
                f"the adapter {folder} does not fit this model: its virtual tokens should have "
                f"{size} numbers each; there are {found}.",
                todo="Open the model that it was trained on.",
            )
        learnt = learnt.to(model.device, model.dtype)
        if config.peft_type.value == "PROMPT_TUNING":
            cache = DynamicCache()
            with torch.inference_mode():
                model(inputs_embeds=learnt[None], past_key_values=cache, use_cache=True)
            pairs = [(layer.keys[0], layer.values[0]) for layer in cache.layers]
        else:
            parts = learnt.view(len(learnt), *shape).permute(1, 2, 0, 3)
            pairs = list(zip(parts[0::2], parts[1::2], strict=True))
        self._prefix = Prefix((), tuple(k for k, _ in pairs), tuple(v for _, v in pairs))

    @contextmanager
    def on(self) -> Iterator[Prefix]:
        """What prompts are read behind while the block runs."""
        yield self._prefix

    def drop(self) -> None:
        """Nothing was changed, so nothing has to be put back."""
