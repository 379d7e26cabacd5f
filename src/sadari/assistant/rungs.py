"""The recipes that a domain's settings describe: one for each rung of the ladder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sadari.assistant.types import AssistantError, Prompt, Recipe, Retrieval
from sadari.domain import Domain
from sadari.llm.types import ModelSpec, Price, Sampling
from sadari.retrieval import SentenceTransformerEmbedder, build_index

PARENTS = {"prompt": None, "rag": "prompt", "tuned": "prompt", "tuned+rag": "rag"}


def recipe_for(domain: Domain, rung: str, *, index: Path, adapter: Path | None = None) -> Recipe:
    """The recipe of one rung as the domain's settings describe it, before its prompt is improved
    on the dev questions. `index` is read by rungs with rag, `adapter` by tuned ones. Raises
    AssistantError for a rung that is not in PARENTS."""
    if rung not in PARENTS:
        raise AssistantError(f"there is no rung {rung}.", todo=f"Choose {', '.join(PARENTS)}.")
    settings = domain.settings
    recipe = Recipe(
        name=rung,
        parent=PARENTS[rung],
        model=settings.models.base,
        prompt=default_prompt(domain),
        adapter=str(adapter) if adapter else None,
        sampling=Sampling(max_tokens=settings.answer.max_tokens),
        refusal=settings.refusal,
    )
    if "rag" not in rung:
        return recipe
    found = Retrieval(str(index), settings.retrieval.k, settings.retrieval.passage_characters)
    return replace(recipe, retrieval=found)


def index_for(
    domain: Domain, folder: Path, on_progress: Callable[[int, int], None] | None = None
) -> Path:
    """The index of the domain's documents in `folder`, cut and embedded as its settings say; one
    that is there already is used again. Raises RetrievalError without documents."""
    wanted = domain.settings.retrieval
    embedder = SentenceTransformerEmbedder(wanted.embedder) if wanted.embedder else None
    return build_index(
        domain.documents,
        folder,
        characters=wanted.chunk_characters,
        embedder=embedder,
        on_progress=on_progress,
    )


def default_prompt(domain: Domain) -> Prompt:
    """Persona and rules, one a line; the glossary if the settings say so."""
    settings = domain.settings
    system = "\n".join([settings.persona.strip(), *settings.prompt.rules])
    return Prompt(system, domain.glossary if settings.prompt.glossary else ())


def model_spec(domain: Domain) -> ModelSpec:
    """The model that the domain names."""
    models = domain.settings.models
    price = Price(**models.price.model_dump()) if models.price else None
    return ModelSpec(models.base, models.url, models.key_env, models.dtype, price)
