"""From a model's name in a recipe to a model that answers."""

from __future__ import annotations

from typing import Any

from sadari.llm.types import LanguageModel, ModelError, ModelInfo, ModelSpec


def open_model(spec: ModelSpec, *, allow_remote: bool = False, workers: int = 1) -> LanguageModel:
    """The model that `spec` names: `practice`, a folder, a hub name, or an endpoint by URL.

    With `workers`, a local model that is too small to gain from threads answers the requests of
    `complete_all` in so many processes. Raises `ModelError` where it cannot be opened, and where
    it lies at an endpoint but `allow_remote` is false: a closed domain's texts never leave the
    machine."""
    if spec.url is not None:
        return _endpoint(spec, allow_remote)
    from sadari.llm.local import LocalModel
    from sadari.llm.parallel import ParallelModel
    from sadari.llm.weights import has_gpu, is_small, resolve

    folder = resolve(spec.name)
    options: dict[str, Any] = {"name": spec.name, "dtype": spec.dtype, "price": spec.price}
    if workers > 1 and is_small(folder) and not has_gpu():
        return ParallelModel(folder, workers=workers, **options)
    return LocalModel(folder, **options)


def identify(spec: ModelSpec, *, allow_remote: bool = False) -> ModelInfo:
    """What is known of the model that `spec` names, its weights hashed but not loaded. Raises
    `ModelError` as `open_model` does."""
    if spec.url is not None:
        return _endpoint(spec, allow_remote).info
    from sadari.llm.weights import info_of, read_config, resolve

    folder = resolve(spec.name)
    return info_of(folder, read_config(folder), name=spec.name, price=spec.price)


def _endpoint(spec: ModelSpec, allow_remote: bool) -> LanguageModel:
    from sadari.llm.remote import RemoteModel

    assert spec.url is not None
    if not allow_remote:
        raise ModelError(
            f"this domain is closed, and {spec.name} lies at {spec.url}.",
            todo="Allow remote models in domain.toml, or use a local model.",
        )
    return RemoteModel(spec.name, spec.url, key_env=spec.key_env, price=spec.price)
