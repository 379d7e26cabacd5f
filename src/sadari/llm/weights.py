"""Weights on disk: where a model's name leads, what it hashes to, and reading it safely.

Only safetensors are read: a pickle can run code.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from sadari.llm.folders import ADAPTER_CONFIG, MODEL_CONFIG
from sadari.llm.types import ModelError, ModelInfo, Price
from sadari.store import file_digest

TOKENIZER_FILES = (
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*",
    "merges.txt",
    "chat_template*",
)
"""Patterns of the files that a tokenizer and its chat template lie in."""
_DIGESTED = (
    "*.safetensors",
    MODEL_CONFIG,
    "generation_config.json",
    ADAPTER_CONFIG,
    *TOKENIZER_FILES,
)
# Below this a product is over before a second thread has woken, and on a busy machine the first one
# spins for it: several times slower.
_SMALL_BYTES = 200_000_000
# Above this, float32 on a CPU costs more memory than its exactness is worth.
_FLOAT32_BYTES = 3_000_000_000


def resolve(name: str, *, weights: bool = True) -> Path:
    """The folder of a model: `practice`, a folder, or a name on the Hugging Face hub, which is
    taken from the local cache and downloaded only if it is not there.

    Raises `ModelError` where it leads nowhere, or to no safetensors unless without `weights` its
    configuration is enough."""
    if name == "practice":
        return _checked(Path(__file__).with_name("practice"), name)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(folder.resolve(), name, weights)
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ModelError(
            f"no folder {name}.",
            todo="Name `practice`, an existing folder, or a hub name such as owner/model.",
        )
    return _checked(_from_hub(name), name)


def is_small(folder: Path) -> bool:
    """Whether the folder's model is so small that a second thread costs more than it brings."""
    return weights_bytes(folder) < _SMALL_BYTES


def has_gpu() -> bool:
    """Whether models lie on a GPU here."""
    import torch

    return torch.cuda.is_available()


def digest(folder: Path) -> str:
    """SHA-256 over weights, configuration, tokenizer and template, wherever the folder lies. A file
    that has the size and time of change that it had before in this process is not read again."""
    files = sorted({file for pattern in _DIGESTED for file in folder.glob(pattern)})
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{file.name}\0{file_digest(file)}\n".encode())
    return whole.hexdigest()


def load_tokenizer(folder: Path) -> Any:
    """The folder's tokenizer, exactly as its tokenizer.json says: `AutoTokenizer` would rebuild
    some from the model's type, and lose pieces of an unusual vocabulary."""
    from transformers import PreTrainedTokenizerFast

    if not (folder / "tokenizer.json").is_file():
        raise ModelError(
            f"{folder} has no tokenizer.json.", todo="Save it with a fast (Rust) tokenizer."
        )
    hush()
    try:
        return PreTrainedTokenizerFast.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError) as error:
        raise ModelError(f"the tokenizer in {folder} cannot be read: {_line(error)}") from error


def load_model(folder: Path, dtype: str | None = None) -> Any:
    """The folder's causal language model, for inference, on the GPU if there is one.

    `dtype` None means bfloat16 on a GPU and for weights that would be large in float32, else
    float32: there the same question gives the same tokens whatever batch it is asked in."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging as bars

    hush()
    device = "cuda" if has_gpu() else "cpu"
    small = weights_bytes(folder) < _FLOAT32_BYTES
    name = dtype or ("float32" if device == "cpu" and small else "bfloat16")
    kind = getattr(torch, name, None)
    if not isinstance(kind, torch.dtype) or not kind.is_floating_point:
        raise ModelError(f"dtype {name} is unknown.", todo="Use float32, bfloat16 or float16.")
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        model = AutoModelForCausalLM.from_pretrained(
            str(folder), dtype=kind, local_files_only=True, use_safetensors=True
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"the model in {folder} cannot be read: {_line(error)}") from error
    finally:
        if shown:
            bars.enable_progress_bar()
    return own_memory(model).to(device).eval()


def hush() -> None:
    """Silence what libraries say that is no news here: bitsandbytes, that a kernel for answering in
    4 bits is missing, which nothing uses; tokenizers, that a text is longer than a model's context,
    where every cut is counted and told."""
    for name in ("bitsandbytes.backends.cpu.ops", "transformers.tokenization_utils_base"):
        logging.getLogger(name).setLevel(logging.ERROR)


def own_memory(model: Any) -> Any:
    """The model with its weights copied, one by one, out of the file they were mapped from:
    weights already in the wanted dtype would go on reading the file, and turn to nonsense when
    somebody writes a new version over it."""
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()
    return model


def cache_shape(text_config: Any) -> tuple[int, int, int]:
    """Shape of what is kept of one token: keys and values of each layer, heads, width."""
    heads = text_config.num_attention_heads
    width = getattr(text_config, "head_dim", None) or text_config.hidden_size // heads
    kept = getattr(text_config, "num_key_value_heads", None) or heads
    return 2 * text_config.num_hidden_layers, kept, width


def weights_bytes(folder: Path) -> int:
    """Bytes of the model's weights on disk."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def read_config(folder: Path) -> Any:
    """The model's configuration, without its weights. Raises ModelError for one that Transformers
    does not know."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        said = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise ModelError(
            f"is no configuration that Transformers knows: {said}.",
            where=str(folder / "config.json"),
            todo="Restore the model's folder, or update Transformers.",
        ) from error


def info_of(folder: Path, config: Any, *, name: str, price: Price | None) -> ModelInfo:
    """What is known of the model in a folder, from its configuration and the hash of its files."""
    return ModelInfo(name, context_length(config), digest=digest(folder), price=price)


def context_length(config: Any) -> int:
    """Positions that the model was made for, in tokens."""
    return int(getattr(config.get_text_config(), "max_position_embeddings", None) or 4096)


def _checked(folder: Path, name: str, weights: bool = True) -> Path:
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"{name} is not a model: {folder} has no config.json.",
            todo="Name the folder that holds config.json and *.safetensors.",
        )
    if weights and not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{folder} holds no *.safetensors; other formats can run code and are never read.",
            todo="Save the model with safe_serialization.",
        )
    try:
        json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError("not JSON.", where=str(folder / "config.json")) from error
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    wanted = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]
    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=wanted))
    except (OSError, ValueError):
        pass  # not in the cache: the network is asked, because the user named a hub model
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:  # the hub's client raises its own, httpx's and the system's errors
        raise ModelError(
            f"{name} is not a folder, not in the local cache, and could not be downloaded "
            f"({_line(error)}).",
            todo="Check the name and the network, or give the folder of a model.",
        ) from error


def _line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
