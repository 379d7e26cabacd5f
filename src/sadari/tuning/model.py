"""The frozen base, opened in the dtype that is faster on this device."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from sadari.tuning.errors import TuningError
from sadari.tuning.settings import Dtype

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def check_base(base: Path) -> None:
    """Raises TuningError if the folder `base` holds no model."""
    if not (base / "config.json").is_file():
        raise TuningError(
            "This folder holds no model: config.json is missing.",
            where=str(base),
            todo="Name a folder as `save_pretrained` writes it.",
        )


def open_base(base: Path, dtype: Dtype, device: torch.device) -> PreTrainedModel:
    """The causal language model in the folder `base`, frozen, on `device`.

    Raises TuningError if Transformers cannot open it.
    """
    from transformers import AutoModelForCausalLM

    try:
        model = AutoModelForCausalLM.from_pretrained(
            base, dtype=getattr(torch, dtype), local_files_only=True
        )
    except (OSError, ValueError, KeyError) as error:
        raise TuningError(
            f"Transformers cannot open this model: {error}", where=str(base)
        ) from error
    model.config.use_cache = False
    return model.requires_grad_(False).to(device)


def choose_dtype(base: Path, device: torch.device) -> Dtype:
    """bfloat16 where the device multiplies it at least a quarter faster than float32, measured on
    products of the model's width: a CPU with instructions for it takes half the time, one without
    them several times as long."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(False) else "float32"
    from transformers import AutoConfig

    width = min(int(AutoConfig.from_pretrained(base, local_files_only=True).hidden_size), 4096)
    seconds = {dtype: _product_seconds(width, dtype) for dtype in (torch.float32, torch.bfloat16)}
    return "bfloat16" if seconds[torch.bfloat16] * 1.25 < seconds[torch.float32] else "float32"


def _product_seconds(width: int, dtype: torch.dtype, tokens: int = 256, repeats: int = 7) -> float:
    # Not random: the tuning's own draws must not depend on whether this was measured.
    x = torch.full((tokens, width), 0.5, dtype=dtype)
    weight = torch.full((2 * width, width), 0.01, dtype=dtype)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        (x @ weight.t()) @ weight
        best = min(best, time.perf_counter() - start)
    return best


def stop_ids(model: Any) -> set[int]:
    """The token ids at which the model stops, as its configurations name them."""
    ids: set[int] = set()
    for config in (model.config, model.generation_config):
        named = config.eos_token_id
        ids |= set(named) if isinstance(named, list) else {named}
    return ids - {None}
