"""Pinning a recipe: the hashes of everything it names, so that what was measured is served."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sadari.assistant.types import AssistantError, Bundle, Recipe
from sadari.llm.folders import ADAPTER_CONFIG, ADAPTER_WEIGHTS, MODEL_CONFIG
from sadari.llm.types import ModelInfo
from sadari.store import file_digest


def bundle(recipe: Recipe, model: ModelInfo) -> Bundle:
    """The recipe with the SHA-256 of its model, adapter, index and tools. A remote model has no
    weights to hash: its address stands for them, and the bundle is not pinned. Raises
    AssistantError when a file that it names is gone."""
    files: dict[str, str] = {}
    if model.digest:
        files["model"] = model.digest
    if model.endpoint:
        files["endpoint"] = hashlib.sha256(model.endpoint.encode()).hexdigest()
    if recipe.adapter:
        folder = Path(recipe.adapter)
        names = [ADAPTER_CONFIG, ADAPTER_WEIGHTS]
        if (folder / MODEL_CONFIG).is_file():  # a whole model, fully tuned
            shards = sorted(path.name for path in folder.glob("model*.safetensors"))
            names = [MODEL_CONFIG, *shards]
        for name in names:
            files[f"adapter/{name}"] = sha256_of(folder / name)
    if recipe.retrieval:
        files["index"] = sha256_of(Path(recipe.retrieval.index))
    if recipe.tools:
        files["tools.py"] = sha256_of(Path(recipe.tools.file))
    return Bundle(recipe, files, pinned=model.digest is not None)


def sha256_of(path: Path, *, anew: bool = False) -> str:
    """The file's SHA-256 in hex. Raises AssistantError when it cannot be read."""
    try:
        return file_digest(path, anew=anew)
    except OSError as error:
        todo = "It was named by a recipe; make it again, or choose another release."
        raise AssistantError(
            f"cannot be read: {error.strerror}.", where=str(path), todo=todo
        ) from error
