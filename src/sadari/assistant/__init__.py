"""Recipes and the assistants they describe: prompt building, retrieval, grounding, bundles."""

from sadari.assistant.assistant import Assistant
from sadari.assistant.bundle import bundle
from sadari.assistant.prompt import build_messages
from sadari.assistant.rungs import PARENTS, index_for, model_spec, recipe_for
from sadari.assistant.types import (
    Answer,
    AssistantError,
    Bundle,
    Citation,
    Prompt,
    Recipe,
    Retrieval,
)

__all__ = [
    "PARENTS",
    "Answer",
    "Assistant",
    "AssistantError",
    "Bundle",
    "Citation",
    "Prompt",
    "Recipe",
    "Retrieval",
    "build_messages",
    "bundle",
    "index_for",
    "model_spec",
    "recipe_for",
]
