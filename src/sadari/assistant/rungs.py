"""The recipes that a domain's settings describe: one for each rung of the ladder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sadari.assistant.types import AssistantError, Prompt, Recipe, Retrieval, Tools
from sadari.domain import Domain
from sadari.llm.types import ModelSpec, Price, Sampling
from sadari.retrieval import SentenceTransformerEmbedder, build_index

TOOLS_FILE = "tools.py"
PARENTS = {
    "prompt": None,
    "rag": "prompt",
    "tools": "prompt",
    "tuned": "prompt",
    "tuned+rag": "rag",
}


def recipe_for(
    domain: Domain,
    rung: str,
    *,
    index: Path | None = None,
    adapter: Path | None = None,
    home: Path | None = None,
) -> Recipe:
    """The recipe of one rung as the domain's settings describe it, before its prompt is improved
    on the dev questions. `index` is needed by rungs with rag, `home` (the state's folder) by tools,
    `adapter` is for tuned ones. Raises AssistantError for a rung that is not in PARENTS, for one
    without what it needs, and for tools where the domain has none."""
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
    if rung == "tools":
        return replace(recipe, tools=tools_for(domain, _given(home, rung, "the state's folder")))
    if "rag" not in rung:
        return recipe
    wanted, path = settings.retrieval, _given(index, rung, "an index of the documents")
    return replace(recipe, retrieval=Retrieval(str(path), wanted.k, wanted.passage_characters))


def _given(path: Path | None, rung: str, what: str) -> Path:
    if path is None:
        raise AssistantError(f"the rung {rung} needs {what}.")
    return path


def tools_for(domain: Domain, home: Path) -> Tools:
    """The domain's own tools. Raises AssistantError where it has no tools.py."""
    file = domain.path / TOOLS_FILE
    if not file.is_file():
        todo = "Write one: each public function with a docstring and types becomes a tool."
        raise AssistantError("there is no tools.py.", where=str(domain.path), todo=todo)
    return Tools(str(file.resolve()), str(domain.path.resolve()), str(home))


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
    glossary = domain.glossary if settings.prompt.glossary else ()
    tasks = tuple(settings.tasks.items())
    told = tuple(settings.models.template_kwargs.items())
    return Prompt(system, glossary, (), tasks, settings.language, told)


def model_spec(domain: Domain) -> ModelSpec:
    """The model that the domain names."""
    models = domain.settings.models
    price = Price(**models.price.model_dump()) if models.price else None
    return ModelSpec(models.base, models.url, models.key_env, models.dtype, price)
