"""Prompt and prefix tuning: the model stays as it is, tokens that are no words stand in front.

Virtual token number i has the id -1 - i, so rows are packed as ever: what all examples begin with
stands once in a row, and the virtual tokens are the first of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any

import torch
from torch import Tensor

from sadari.tuning.attention import Prefixed
from sadari.tuning.methods.adaptation import Adaptation
from sadari.tuning.settings import TuneSettings


class _Virtual(Adaptation):
    def __init__(self, model: Any, settings: TuneSettings, config: Any, start: Tensor) -> None:
        from peft import get_peft_model

        adapted = get_peft_model(model, config)
        encoder = adapted.prompt_encoder["default"].float()
        with torch.no_grad():
            encoder.embedding.weight.copy_(start)
        super().__init__(model, adapted, settings)
        self._weight = encoder.embedding.weight
        self.lead = tuple(-1 - i for i in range(settings.virtual_tokens))


class Prompt(_Virtual):
    """Prompt tuning (Lester et al. 2021): the embeddings of the virtual tokens are learnt. They
    start as those of `words`, again and again until there are enough."""

    def __init__(self, model: Any, settings: TuneSettings, words: Sequence[int]) -> None:
        from peft import PromptTuningConfig

        config = PromptTuningConfig(
            task_type="CAUSAL_LM", num_virtual_tokens=settings.virtual_tokens
        )
        with torch.no_grad():
            start = model.get_input_embeddings()(_ids(words, settings, model))[0]
        super().__init__(model, settings, config, start)

    def embed(self, ids: Tensor) -> Tensor:
        embedded = super().embed(ids.clamp(min=0))
        places = (ids[0] < 0).nonzero()[:, 0]
        learnt = self._weight[-1 - ids[0, places]].to(embedded.dtype)
        return embedded.index_copy(1, places, learnt[None])

    def inputs(self, ids: Tensor) -> dict[str, Any]:
        return {"inputs_embeds": self.embed(ids)}


class Prefix(_Virtual):
    """Prefix tuning (Li and Liang 2021), without its reparametrisation: the keys and values of the
    virtual tokens are learnt, in every layer. They start as what the model makes of `words`, as in
    that paper; from random numbers it would first unlearn the disturbance."""

    inside_attention = True

    def __init__(self, model: Any, settings: TuneSettings, words: Sequence[int]) -> None:
        from peft import PrefixTuningConfig
        from transformers import DynamicCache

        config = PrefixTuningConfig(
            task_type="CAUSAL_LM", num_virtual_tokens=settings.virtual_tokens
        )
        with torch.no_grad():
            cache = DynamicCache()
            model(_ids(words, settings, model), past_key_values=cache, use_cache=True)
        # PEFT's order: token, layer, key before value, head.
        pairs = [part[0] for layer in cache.layers for part in (layer.keys, layer.values)]
        start = torch.stack(pairs).permute(2, 0, 1, 3)
        self._shape = start.shape
        super().__init__(model, settings, config, start.flatten(1))

    def embed(self, ids: Tensor) -> Tensor:
        # What stands at a virtual token reaches no other: attention sees its keys and values only.
        return super().embed(ids.clamp(min=0))

    def inputs(self, ids: Tensor) -> dict[str, Any]:
        places = (ids[0] < 0).nonzero()[:, 0]
        learnt = self._weight.view(self._shape)[-1 - ids[0, places]].permute(1, 2, 0, 3)
        return {
            "input_ids": ids.clamp(min=0),
            "prefixed": Prefixed(places, learnt[0::2], learnt[1::2]),
        }


def _ids(words: Sequence[int], settings: TuneSettings, model: Any) -> Tensor:
    drawn = list(islice(cycle(words), settings.virtual_tokens))
    return torch.tensor([drawn], device=model.device)
