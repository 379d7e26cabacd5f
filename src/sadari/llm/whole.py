"""Full fine-tuning, served: another model of the same shape, whose weights take the base's place
while it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sadari.llm.types import ModelError


class WholeWeights:
    """The weights in a model's folder, for the parameters of the base. Raises `ModelError` where
    they do not fit."""

    def __init__(self, parameters: Mapping[str, Any], folder: Path) -> None:
        from safetensors.torch import load_file

        found: dict[str, Any] = {}
        for file in sorted(folder.glob("*.safetensors")):
            found |= load_file(file)
        wrong = [
            name
            for name, parameter in parameters.items()
            if name not in found or found[name].shape != parameter.shape
        ]
        if wrong:
            raise ModelError(
                f"the model in {folder} does not fit this base: {len(wrong)} of its "
                f"{len(parameters)} weights are missing or of another shape, {wrong[0]} for one.",
                todo="Open the model that it was trained from, or name it as models.base itself.",
            )
        self._pairs = [
            (parameter, found[name].to(parameter.device, parameter.dtype, copy=True))
            for name, parameter in parameters.items()
        ]

    @contextmanager
    def on(self) -> Iterator[None]:
        """The base's parameters are these weights while the block runs."""
        before = [parameter.data for parameter, _ in self._pairs]
        for parameter, weight in self._pairs:
            parameter.data = weight
        try:
            yield
        finally:
            for (parameter, _), weight in zip(self._pairs, before, strict=True):
                parameter.data = weight

    def drop(self) -> None:
        """The base's weights are in their place whenever no block runs."""
