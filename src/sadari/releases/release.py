"""Immutable releases: a recipe with copies of everything it names, under its digest."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sadari.assistant import Assistant, Bundle, Prompt, Recipe, Retrieval, Tools, bundle
from sadari.assistant.bundle import sha256_of
from sadari.domain.document import Term
from sadari.llm import ModelSpec, Price, Sampling, identify, open_model
from sadari.releases.types import ReleaseError
from sadari.store import Store, settle

MANIFEST = "release.json"


def recipe_from_json(row: Mapping[str, Any]) -> Recipe:
    """The recipe that `Recipe.as_dict` wrote."""
    prompt = row["prompt"]
    terms = tuple(Term(t["term"], t["meaning"], tuple(t["aliases"])) for t in prompt["glossary"])
    shots = tuple((q, a) for q, a in prompt["examples"])
    tasks = tuple((task, prefix) for task, prefix in prompt.get("tasks", ()))
    told = tuple((name, value) for name, value in prompt.get("template_kwargs", ()))
    sampling = dict(row["sampling"]) | {"stop": tuple(row["sampling"]["stop"])}
    return Recipe(
        **{k: row[k] for k in ("name", "model", "parent", "adapter", "refusal")},
        prompt=Prompt(prompt["system"], terms, shots, tasks, prompt.get("language", "ko"), told),
        retrieval=Retrieval(**row["retrieval"]) if row["retrieval"] else None,
        tools=Tools(**row["tools"]) if row["tools"] else None,
        sampling=Sampling(**sampling),
    )


def keep(
    store: Store, domain: str, pinned: Bundle, spec: ModelSpec, measured: Mapping[str, Any]
) -> str:
    """Copies the bundle's adapter and index into the store and writes the manifest; returns the
    digest. A release that is there already is left as it is: releases never change."""
    folder = _folder(store, pinned.digest)
    if not (folder / MANIFEST).is_file():
        unfinished = folder.with_name(f".unfinished-{os.getpid()}-{folder.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        recipe = pinned.recipe
        if recipe.adapter:
            (unfinished / "adapter").mkdir()
            for path in sorted(Path(recipe.adapter).iterdir()):
                if path.suffix in (".safetensors", ".json", ".md") and path.is_file():
                    shutil.copy2(path, unfinished / "adapter" / path.name)
        if recipe.retrieval:
            shutil.copy2(recipe.retrieval.index, unfinished / "index.sqlite")
        if recipe.tools:
            shutil.copy2(recipe.tools.file, unfinished / "tools.py")
        manifest = {
            "domain": domain,
            "digest": pinned.digest,
            "pinned": pinned.pinned,
            "files": dict(pinned.files),
            "recipe": recipe.as_dict(),
            "model": asdict(spec),
            "measured": dict(measured),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (unfinished / MANIFEST).write_text(text, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        settle(unfinished, folder)
    store.save_release(domain, pinned.digest)
    return pinned.digest


def read_manifest(store: Store, digest: str) -> dict[str, Any]:
    """What a release is made of. Raises ReleaseError when there is none under `digest`."""
    path = _folder(store, digest) / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        todo = "Promote it again, or roll back."
        raise ReleaseError("the release cannot be read.", where=str(path), todo=todo) from error
    return manifest


def open_release(store: Store, digest: str, *, name: str = "") -> Assistant:
    """The assistant of a release, after checking that every file is still what was measured.
    Raises ReleaseError for a file or model that has changed."""
    manifest = read_manifest(store, digest)
    folder = _folder(store, digest)
    recipe = recipe_from_json(manifest["recipe"])
    if recipe.adapter:
        recipe = replace(recipe, adapter=str(folder / "adapter"))
    if recipe.retrieval:
        recipe = replace(
            recipe, retrieval=replace(recipe.retrieval, index=str(folder / "index.sqlite"))
        )
    if recipe.tools:
        recipe = replace(recipe, tools=replace(recipe.tools, file=str(folder / "tools.py")))
    for key, wanted in manifest["files"].items():
        path = _path_of(key, folder)
        if path is not None and sha256_of(path, anew=True) != wanted:
            todo = "Roll back, or promote a freshly measured rung."
            raise ReleaseError("is not the file that was measured.", where=str(path), todo=todo)
    row = manifest["model"]
    price = Price(**row["price"]) if row["price"] else None
    spec = ModelSpec(**{**row, "price": price})
    allowed = spec.url is not None
    now = bundle(recipe, identify(spec, allow_remote=allowed))
    if now.digest != digest:
        raise ReleaseError(
            f"the model {spec.name} is not the one that was measured.",
            where=str(folder),
            todo="Restore its weights, or climb again and promote what was measured now.",
        )
    model = open_model(spec, allow_remote=allowed)
    return Assistant(recipe, model, name=name or manifest["domain"], release=digest)


def _path_of(key: str, folder: Path) -> Path | None:
    if key == "index":
        return folder / "index.sqlite"
    return None if key in ("model", "endpoint") else folder / key


def list_releases(store: Store, domain: str) -> list[dict[str, Any]]:
    """The manifests of a domain's releases, oldest first."""
    return [read_manifest(store, digest) for digest in store.releases(domain)]


def _folder(store: Store, digest: str) -> Path:
    return store.home / "releases" / digest
