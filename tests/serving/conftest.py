"""A tiny model that never stops by itself, behind real assistants on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sadari.assistant import Assistant
from sadari.assistant.types import Prompt, Recipe
from sadari.llm.local import LocalModel
from sadari.llm.types import Sampling
from sadari.serving import create_app
from tests.served import running
from tests.tiny import tiny_model


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModel]:
    folder = tiny_model(tmp_path_factory.mktemp("model"), talkative=True, positions=8192)
    opened = LocalModel(folder)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def url(model: LocalModel) -> Iterator[str]:
    """`short` answers in 12 tokens, `endless` would take many seconds, `broken` names an adapter
    that is not there."""
    prompt = Prompt("너는 조수다.")
    recipes = {
        "short": Recipe("short", "tiny", prompt, sampling=Sampling(12)),
        "endless": Recipe("endless", "tiny", prompt, sampling=Sampling(7000)),
        "broken": Recipe("broken", "tiny", prompt, adapter="/gone", sampling=Sampling(12)),
    }
    assistants = {
        name: Assistant(recipe, model, release=f"release-of-{name}")
        for name, recipe in recipes.items()
    }
    with running(create_app(assistants)) as base:
        yield base
