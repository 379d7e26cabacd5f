"""Recipes and the assistants they describe: prompts, passages, tools, grounding, bundles."""

from sadari.assistant.assistant import Assistant
from sadari.assistant.bundle import bundle
from sadari.assistant.passages import passages_for
from sadari.assistant.prompt import build_messages, last_question
from sadari.assistant.rungs import PARENTS, TOOLS_FILE, index_for, model_spec, recipe_for
from sadari.assistant.types import (
    Answer,
    AssistantError,
    Bundle,
    Citation,
    Prompt,
    Recipe,
    Retrieval,
    Tools,
)

__all__ = [
    "PARENTS",
    "TOOLS_FILE",
    "Answer",
    "Assistant",
    "AssistantError",
    "Bundle",
    "Citation",
    "Prompt",
    "Recipe",
    "Retrieval",
    "Tools",
    "build_messages",
    "bundle",
    "index_for",
    "last_question",
    "model_spec",
    "passages_for",
    "recipe_for",
]
