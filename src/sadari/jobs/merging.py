"""An adapter added into its base for good, and how far that moves the answers."""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadari.jobs.types import JobError
from sadari.llm import Rendered
from sadari.llm.folders import ADAPTER_CONFIG, ADAPTER_WEIGHTS, MODEL_CONFIG, TUNING
from sadari.llm.weights import load_model

if TYPE_CHECKING:
    from torch import Tensor

VIRTUAL = ("PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING")
"""PEFT's types of adapters that put tokens in front of a prompt and change no weight."""


@dataclass(frozen=True)
class Difference:
    """Logits of the merged model against those of base and adapter, at `tokens` answer tokens:
    the largest and the mean absolute difference, and the share of tokens of which another one is
    now the likeliest."""

    tokens: int
    largest: float
    mean: float
    changed: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"logits differ by {self.mean:.4f} on average and {self.largest:.3f} at most; "
            f"{self.changed:.1%} of {self.tokens:,} greedy tokens change"
        )


def merge(
    base: Path,
    adapter: Path,
    out: Path,
    examples: Sequence[Rendered],
    *,
    four_bits: bool = False,
) -> dict[str, Difference]:
    """Writes base and adapter as one bfloat16 model into `out`, or with `four_bits` its linear
    layers in NormalFloat of 4 bits as Transformers and vLLM read them, and returns how its answers
    to `examples` differ from those of the adapter: "served" over the base as sadari opens it
    (float32 where it is small), "rounded" over the base in bfloat16, which leaves what merging
    alone does, and for QLoRA "trained", over the 4-bit base that it was trained on. What is
    compared is read back from the files that were written.

    Raises JobError for an adapter without weights to add, a base that is quantised itself, and a
    sum that is not finite.
    """
    from sadari.tuning.model import keep_constants

    kind = adapter_config(adapter)["peft_type"]
    if kind in VIRTUAL:
        raise JobError(
            f"A {kind} adapter puts tokens in front of the prompt; there is nothing to merge.",
            where=str(adapter),
            todo="Serve it with sadari, or tune with lora.",
        )
    config = json.loads((base / MODEL_CONFIG).read_text(encoding="utf-8"))
    if "quantization_config" in config:
        raise JobError(
            "The base is quantised; the sum would be rounded to its few levels.",
            where=str(base),
            todo="Name the model that it was quantised from as models.base.",
        )
    wanted = {"served": _answers(_adapted(load_model(base), adapter), examples)}
    wanted["rounded"] = _answers(_adapted(load_model(base, "bfloat16"), adapter), examples)
    if _method(adapter) == "qlora":
        wanted["trained"] = _answers(_adapted(_four_bits(base), adapter), examples)
    _write_sum(base, adapter, out)
    if four_bits:
        _quantise(out)
    model = load_model(out, "bfloat16")
    if four_bits:
        keep_constants(model)  # as a server with a GPU computes
    merged = _answers(model, examples)
    return {name: difference(logits, merged) for name, logits in wanted.items()}


def adapter_config(adapter: Path) -> dict[str, Any]:
    """PEFT's configuration in an adapter's folder. Raises JobError where there is none, or one
    without the kind, the rank or the base that it must name."""
    path = adapter / ADAPTER_CONFIG
    todo = "Name the folder that `sadari tune` printed."
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JobError(
            f"This is no adapter: {ADAPTER_CONFIG} cannot be read ({error}).",
            where=str(adapter),
            todo=todo,
        ) from error
    named: dict[str, Any] = found if isinstance(found, dict) else {}
    wanted: dict[str, type] = {"peft_type": str, "base_model_name_or_path": str}
    if named.get("peft_type") == "LORA":
        wanted["r"] = int
    for name, kind in wanted.items():
        if not isinstance(named.get(name), kind):
            raise JobError(
                f"This is no adapter of PEFT's: its {name} is {named.get(name)!r}.",
                where=str(path),
                todo=todo,
            )
    return named


def check_weights(adapter: Path) -> None:
    """Raises JobError unless the adapter's weights are a whole file of safetensors."""
    from safetensors import SafetensorError, safe_open

    path = adapter / ADAPTER_WEIGHTS
    try:
        with safe_open(path, framework="pt"):
            pass
    except (OSError, SafetensorError) as error:
        raise JobError(
            f"The adapter's weights cannot be read: {error}.",
            where=str(path),
            todo="Copy them again, or save them as safetensors: other formats can run code.",
        ) from error


def difference(wanted: Sequence[Tensor], found: Sequence[Tensor]) -> Difference:
    """Logits against logits; each (tokens, vocabulary), one pair for each example."""
    import torch

    one, other = torch.cat(list(wanted)), torch.cat(list(found))
    apart = (one - other).abs()
    changed = one.argmax(-1) != other.argmax(-1)
    return Difference(
        len(one), float(apart.max()), float(apart.mean()), float(changed.float().mean())
    )


def _write_sum(base: Path, adapter: Path, out: Path) -> None:
    try:
        summed = _adapted(load_model(base, "bfloat16"), adapter).merge_and_unload(safe_merge=True)
    except ValueError as error:  # PEFT's, for sums that are not finite
        raise JobError(f"The adapter cannot be merged: {error}", where=str(adapter)) from error
    summed.save_pretrained(out, safe_serialization=True)
    for path in out.glob("*.safetensors"):  # which keeps its files to their owner
        shutil.copymode(out / MODEL_CONFIG, path)
    del summed
    gc.collect()


def _quantise(folder: Path) -> None:
    """The bfloat16 model in a folder with its linear layers, but the head, in 4 bits."""
    model = _four_bits(folder)
    model.config.use_cache = True
    parts = folder / "four-bits"
    model.save_pretrained(parts, safe_serialization=True)
    for path in folder.glob("*.safetensors*"):
        path.unlink()
    for path in parts.iterdir():
        shutil.copymode(folder / MODEL_CONFIG, path)
        path.replace(folder / path.name)
    parts.rmdir()
    del model
    gc.collect()


def _adapted(model: Any, adapter: Path) -> Any:
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(model, str(adapter)).eval()
    except RuntimeError as error:  # PyTorch's, for tensors of another shape
        raise JobError(
            f"The adapter does not fit this base: {str(error).splitlines()[-1].strip()}",
            where=str(adapter),
            todo="Name the model that it was trained on as models.base.",
        ) from error


def _answers(model: Any, examples: Sequence[Rendered]) -> list[Tensor]:
    """Float32 logits of each example's answer tokens, on the CPU. The model is dropped."""
    import torch

    found = []
    with torch.inference_mode():
        for example in examples:
            places = torch.tensor(example.trained).nonzero().squeeze(1) - 1
            ids = torch.tensor([example.ids], device=model.device)
            found.append(model(input_ids=ids, use_cache=False).logits[0].cpu()[places].float())
    del model
    gc.collect()
    return found


def _method(adapter: Path) -> str:
    try:
        result = json.loads((adapter / TUNING).read_text(encoding="utf-8"))
        return str(result["settings"]["method"])
    except (OSError, ValueError, KeyError):
        return ""  # made elsewhere


def _four_bits(base: Path) -> Any:
    import torch

    from sadari.tuning.model import open_base

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return open_base(base, "bfloat16", device, "qlora")
