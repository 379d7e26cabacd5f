"""The frozen base, opened in the dtype that is faster on this device."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from sadari.llm.folders import ADAPTER_CONFIG, MODEL_CONFIG
from sadari.llm.weights import context_length, hush, own_memory, read_config
from sadari.tuning.errors import TuningError
from sadari.tuning.settings import VIRTUAL, Dtype, TuneSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def check_base(base: Path) -> None:
    """Raises TuningError if the folder `base` holds no model."""
    if not (base / MODEL_CONFIG).is_file():
        raise TuningError(
            "This folder holds no model: config.json is missing.",
            where=str(base),
            todo="Name the model that this adapter belongs to."
            if (base / ADAPTER_CONFIG).is_file()
            else "Name a folder as `save_pretrained` writes it.",
        )


def longest_example(base: Path, settings: TuneSettings) -> int:
    """Tokens that an example may have: `max_length`, or what the base reads beside the virtual
    tokens if that is less."""
    config = read_config(base)
    virtual = settings.virtual_tokens if settings.method in VIRTUAL else 0
    return min(settings.max_length, context_length(config) - virtual)


def open_base(
    base: Path, dtype: Dtype, device: torch.device, method: str = "lora"
) -> PreTrainedModel:
    """The causal language model in the folder `base`, frozen, on `device`: for QLoRA with its
    linear layers in 4 bits, for full fine-tuning in float32, else in `dtype`.

    Raises TuningError if Transformers cannot open it.
    """
    from transformers import AutoModelForCausalLM

    hush()
    kind = torch.float32 if method == "full" else getattr(torch, dtype)
    extra = _four_bits(kind, device) if method == "qlora" else {}
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base, dtype=kind, local_files_only=True, use_safetensors=True, **extra
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise TuningError(
            f"Transformers cannot open this model: {error}.",
            where=str(base),
            todo="Copy or download it again, whole.",
        ) from error
    model.config.use_cache = False
    if method == "qlora":
        keep_constants(model)  # an evaluation in between would leave it untrainable
    frozen: PreTrainedModel = own_memory(model).requires_grad_(False)
    return frozen if method == "qlora" else frozen.to(device)  # which lies there already


def _four_bits(dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """Linear layers in NormalFloat of 4 bits, the constants of its blocks quantised too
    (QLoRA: Dettmers et al. 2023)."""
    check_four_bits()
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
    return {"quantization_config": config, "device_map": {"": device}}


def check_four_bits() -> None:
    """Raises TuningError where what computes with weights in 4 bits is not installed."""
    if find_spec("bitsandbytes") is None or find_spec("accelerate") is None:
        raise TuningError(
            "Weights in 4 bits need bitsandbytes, which is not installed.",
            todo='Run `pip install "sadari[qlora]"`, or do without --method qlora and --quantise.',
        )


def keep_constants(model: Any) -> None:
    """An evaluation on a CPU with AVX512-BF16 would repack 4-bit weights for good, with coarser
    constants and no gradient to a layer's input: training after it would be silently wrong."""
    from bitsandbytes.nn import Linear4bit

    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False


def choose_dtype(base: Path, device: torch.device, method: str = "lora") -> Dtype:
    """bfloat16 where the device has instructions for it and the model is wide enough to gain.

    On a CPU with them products take half the time from a width of 128 on (AMD EPYC, AVX512-BF16),
    without them several times as long. Decided by what the processor says rather than by a
    stopwatch, so that the same tuning gives the same bits when it is run again. Full fine-tuning
    stays in float32 on a CPU: there its weights would be rounded anew for every product.
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(False) else "float32"
    if method == "full":
        return "float32"
    width = int(read_config(base).hidden_size)
    processor = torch.cpu.get_capabilities()
    fast = any(processor.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return "bfloat16" if fast and width >= 128 else "float32"


def stop_ids(model: Any) -> set[int]:
    """The token ids at which the model stops, as its configurations name them."""
    ids: set[int] = set()
    for config in (model.config, model.generation_config):
        named = config.eos_token_id
        ids |= set(named) if isinstance(named, list) else {named}
    return ids - {None}
