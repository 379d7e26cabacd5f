"""The verbs with a model behind an endpoint: sadari's own server, on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sadari.assistant import Assistant, Prompt, Recipe
from sadari.llm import Sampling
from sadari.llm.local import LocalModel
from sadari.serving import create_app
from tests.cli.test_verbs import run
from tests.domains import small_domain
from tests.served import running


@pytest.fixture
def shop(tmp_path: Path, tiny: Path) -> Iterator[Path]:
    model = LocalModel(tiny)
    far = Assistant(Recipe("far", "tiny", Prompt(""), sampling=Sampling(12)), model, release="r1")
    with running(create_app({"far": far})) as url:
        yield small_domain(tmp_path / "shop", "far", models=f'url = "{url}/v1"\nremote = true')
    model.close()


def test_an_endpoint_is_asked_climbed_released_and_not_tuned(shop: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert json.loads(run("ask", shop, "반품 기간은?", "--json", home=home).stdout)["text"]
    found = json.loads(run("evaluate", shop, "--rung", "prompt", "--json", home=home).stdout)
    assert (found["asked"] > 0, found["unasked"]) == (True, 0)
    done = json.loads(run("climb", shop, "--all", "--json", home=home).stdout)
    assert [r["name"] for r in done["rungs"]] == ["prompt", "rag"]
    assert done["skipped"]["tuned"] == "the model lies at an endpoint and is not tuned here"
    run("promote", shop, "--rung", "rag", home=home)
    (release,) = json.loads(run("releases", shop, "--json", home=home).stdout)
    answer = json.loads(run("ask", shop, "반품 기간은?", "--json", home=home).stdout)
    assert answer["release"] == release["digest"]
