"""Which linear layers get an adapter."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from sadari.tuning.errors import TuningError


def linear_layers(model: nn.Module) -> tuple[str, ...]:
    """The last names of the linear layers inside the model's repeated blocks, sorted.

    A block is a numbered member of a list of modules (`layers.0`); the head and the embeddings are
    outside of them. The architecture says itself what it has: q_proj … down_proj for Llama and
    Qwen, qkv_proj and gate_up_proj for Phi-3, query_key_value for GPT-NeoX.
    """
    found = {
        name.rsplit(".", 1)[-1]
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and any(part.isdigit() for part in name.split("."))
    }
    return tuple(sorted(found))


def resolve_targets(model: nn.Module, targets: str | Sequence[str]) -> tuple[str, ...]:
    """The layer names that `targets` means in this model: "all-linear", or names as they are.

    Raises TuningError naming the layers there are, if a name matches none of them.
    """
    present = linear_layers(model)
    wanted = present if targets == "all-linear" else tuple(targets)
    missing = [name for name in wanted if name not in present]
    if missing or not wanted:
        raise TuningError(
            f"{type(model).__name__} has no linear layer {' or '.join(missing)} in its blocks.",
            todo=f"It has: {', '.join(present) or 'none'}.",
        )
    return wanted
