"""Adapters inside a model's layers, by PEFT: LoRA and its kin."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sadari.llm.folders import ADAPTER_WEIGHTS
from sadari.llm.types import ModelError


class Layers:
    """PEFT's wrapping of one model. It holds adapters of one method at a time."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._peft: Any = None
        self._made = 0

    def holds_others_than(self, kind: Any) -> bool:
        """Whether adapters of another method are in the layers now."""
        return self._peft is not None and self._kind() is not kind

    def bare(self) -> AbstractContextManager[Any]:
        """The layers without any adapter while the block runs."""
        if self._peft is None:
            return nullcontext()
        bare: AbstractContextManager[Any] = self._peft.disable_adapter()
        return bare

    def insert(self, folder: Path, config: Any) -> LayerAdapter:
        """The adapter in `folder`, put into the layers. Raises `ModelError` where it does not
        fit."""
        from peft import PeftModel
        from safetensors import safe_open

        self._made += 1
        name, first = f"adapter_{self._made}", self._peft is None
        try:
            with warnings.catch_warnings():
                # Of AdaLoRA, PEFT warns that it ignores the ranks that it reads elsewhere.
                warnings.filterwarnings("ignore", message="The following rank_pattern keys")
                if first:
                    self._peft = PeftModel(self._model, config, adapter_name=name)
                result = self._peft.load_adapter(str(folder), adapter_name=name)
        except (RuntimeError, ValueError, KeyError) as error:
            self._abandon(name, first)
            raise ModelError(
                f"the adapter {folder} does not fit this model: {str(error).splitlines()[0]}",
                todo="Open the model that it was trained on.",
            ) from error
        missing = [key for key in result.missing_keys if name in key]
        if missing or result.unexpected_keys:
            self._abandon(name, first)
            with safe_open(folder / ADAPTER_WEIGHTS, "pt") as file:
                total = len(list(file.keys()))
            raise ModelError(
                f"the adapter {folder} belongs to another model: of its {total} tensors "
                f"{len(result.unexpected_keys)} have no place here and {len(missing)} are missing.",
                todo="Open the model that it was trained on.",
            )
        self._peft.eval()
        return LayerAdapter(self, name)

    def activate(self, name: str) -> None:
        """Exactly this adapter answers."""
        self._peft.set_adapter(name, inference_mode=True)

    def delete(self, name: str) -> None:
        """Take an adapter out of the layers; with the last one PEFT's wrapping goes too."""
        others = [other for other in self._peft.peft_config if other != name]
        if others:
            self.activate(others[0])
            self._peft.delete_adapter(name)
        else:
            self._peft.unload()
            self._peft = None

    def _kind(self) -> Any:
        return next(iter(self._peft.peft_config.values())).peft_type

    def _abandon(self, name: str, first: bool) -> None:
        if self._peft is not None and (first or name in self._peft.peft_config):
            self.delete(name)


class LayerAdapter:
    """One adapter in the layers, by its name there."""

    def __init__(self, layers: Layers, name: str) -> None:
        self._layers = layers
        self._name = name

    @contextmanager
    def on(self) -> Iterator[None]:
        """Exactly this adapter answers while the block runs."""
        self._layers.activate(self._name)
        yield

    def drop(self) -> None:
        """Take it out of the layers."""
        self._layers.delete(self._name)
