"""Tiny models, written once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sadari.llm.local import LocalModel
from tests.tiny import Shape, tiny_adapter, tiny_model

SHAPES: tuple[Shape, ...] = ("llama", "qwen2", "qwen3", "mistral")


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model folder by shape."""
    root = tmp_path_factory.mktemp("models")
    return {shape: tiny_model(root / shape, shape) for shape in SHAPES}


@pytest.fixture(scope="session")
def adapter(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter for the llama."""
    return tiny_adapter(tmp_path_factory.mktemp("adapter"), folders["llama"])


@pytest.fixture(scope="session")
def llama(folders: dict[str, Path]) -> Iterator[LocalModel]:
    """The tiny llama, opened."""
    model = LocalModel(folders["llama"])
    yield model
    model.close()
