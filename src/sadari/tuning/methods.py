"""Ways of adding trainable weights to a frozen model. A new method is one more entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from torch import nn

from sadari.tuning.errors import TuningError
from sadari.tuning.settings import TuneSettings
from sadari.tuning.targets import resolve_targets

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


def add_adapter(model: PreTrainedModel, settings: TuneSettings) -> PeftModel:
    """`model` frozen, with the method's trainable float32 weights in it.

    Raises TuningError for a method that is not there, and for targets that match no layer.
    """
    if settings.method not in METHODS:
        raise TuningError(
            f"There is no tuning method called {settings.method!r}.",
            todo=f"Choose one of: {', '.join(METHODS)}.",
        )
    return METHODS[settings.method](model, settings)


def _lora(model: Any, settings: TuneSettings) -> PeftModel:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(resolve_targets(model, settings.targets)),
        task_type="CAUSAL_LM",
    )
    if model.device.type == "cpu":
        from sadari.tuning.lora import LoraLinear

        config._register_custom_module({nn.Linear: LoraLinear})
    return get_peft_model(model, config)


METHODS: Mapping[str, Callable[[Any, TuneSettings], Any]] = {"lora": _lora}
