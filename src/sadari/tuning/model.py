"""The frozen base: opened in the faster dtype, with attention that was checked on this model."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from sadari.tuning import attention
from sadari.tuning.errors import TuningError
from sadari.tuning.loss import answer_loss
from sadari.tuning.packing import Row
from sadari.tuning.settings import Dtype

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def open_base(base: Path, dtype: Dtype, device: torch.device) -> PreTrainedModel:
    """The causal language model in the folder `base`, frozen, on `device`.

    Raises TuningError if the folder holds no model that Transformers can open.
    """
    from transformers import AutoModelForCausalLM

    if not (base / "config.json").is_file():
        raise TuningError(
            "This folder holds no model: config.json is missing.",
            where=str(base),
            todo="Name a folder as `save_pretrained` writes it.",
        )
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
    products of the model's width (half a GPU's memory and, without hardware for it, many times a
    CPU's time hang on this)."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(False) else "float32"
    from transformers import AutoConfig

    width = min(int(AutoConfig.from_pretrained(base, local_files_only=True).hidden_size), 4096)
    seconds = {dtype: _product_seconds(width, dtype) for dtype in (torch.float32, torch.bfloat16)}
    return "bfloat16" if seconds[torch.bfloat16] * 1.25 < seconds[torch.float32] else "float32"


def _product_seconds(width: int, dtype: torch.dtype, tokens: int = 256, repeats: int = 7) -> float:
    x = torch.randn(tokens, width).to(dtype)
    weight = torch.randn(2 * width, width).to(dtype)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        (x @ weight.t()) @ weight
        best = min(best, time.perf_counter() - start)
    return best


def choose_attention(model: Any, device: torch.device) -> str:
    """Set and return the model's attention: our own over spans on CPU (several times faster there
    on short examples), else PyTorch's, whichever gives packed examples what they get alone.

    Raises TuningError for a model in which packed examples see each other under each of them, or
    whose logits are not its head's plain product.
    """
    attention.register()
    names = ["sdpa", "eager"]
    if device.type == "cpu" and not getattr(model.config, "attention_dropout", 0.0):
        names.insert(0, attention.NAME)
    for name in names:
        model.set_attn_implementation(name)
        if _packs(model):
            return name
    raise TuningError(
        f"{type(model).__name__} mixes examples that are packed in one row, or changes its logits "
        "after the last layer, so this loop would train it wrongly.",
        todo="Choose a base with plain attention, such as Llama, Qwen, Phi-3 or GPT-NeoX.",
    )


@torch.no_grad()
def _packs(model: Any) -> bool:
    """Whether two examples in one row have the logits that the model itself gives each alone."""
    from sadari.tuning.examples import Example
    from sadari.tuning.packing import pack

    model.eval()
    generator = torch.Generator().manual_seed(0)
    vocabulary = model.config.get_text_config().vocab_size
    alone = [torch.randint(vocabulary, (n,), generator=generator).tolist() for n in (7, 5)]
    examples = [Example(i, tuple(ids), (True,) * len(ids)) for i, ids in enumerate(alone)]
    row = pack(examples, row_tokens=12)[0].to(model.device)
    packed = model.get_output_embeddings()(hidden_states(model, row)).float()
    in_use = model.config._attn_implementation
    model.set_attn_implementation("eager")
    wanted = torch.cat(
        [model(torch.tensor([ids], device=model.device)).logits[0] for ids in alone]
    ).float()
    model.set_attn_implementation(in_use)
    tolerance = 1e-3 if model.dtype == torch.float32 else 6e-2
    return bool((packed - wanted).abs().max() <= tolerance * wanted.abs().max())


def stop_ids(model: Any) -> set[int]:
    """The token ids at which the model stops, as its configurations name them."""
    ids: set[int] = set()
    for config in (model.config, model.generation_config):
        named = config.eos_token_id
        ids |= set(named) if isinstance(named, list) else {named}
    return ids - {None}


def hidden_states(model: Any, row: Row) -> Tensor:
    """The last hidden states of a packed row, shape (tokens, width), after the final norm."""
    # Only our own attention knows the spans; the others read them from the positions.
    extra = (
        {"spans": row.spans} if model.config._attn_implementation == attention.NAME else {}
    )
    states: Tensor = model.base_model(
        input_ids=row.input_ids, position_ids=row.position_ids, use_cache=False, **extra
    ).last_hidden_state
    return states[0]


def row_loss(model: Any, row: Row) -> Tensor:
    """The sum over the row's answer tokens of -log p(token), a float32 scalar."""
    head = model.get_output_embeddings()
    states = hidden_states(model, row).index_select(0, row.predicts)
    return answer_loss(states, head.weight, getattr(head, "bias", None), row.targets)
