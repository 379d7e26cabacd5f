"""The ordering client against a real server, by three environment variables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sadari.assistant import Assistant
from sadari.assistant.types import Prompt, Recipe
from sadari.llm.local import LocalModel
from sadari.llm.types import Sampling
from sadari.serving import create_app
from tests.examples.conftest import EXAMPLES
from tests.served import running
from tests.tiny import tiny_model


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    model = LocalModel(tiny_model(tmp_path_factory.mktemp("model"), positions=4096))
    recipe = Recipe("dinner", "tiny", Prompt("상담원입니다."), sampling=Sampling(8))
    with running(create_app({"dinner": Assistant(recipe, model)})) as base:
        yield f"{base}/v1"
    model.close()


def order(said: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = EXAMPLES / "dinner" / "tools" / "order.py"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DINNER_")}
    return subprocess.run(
        [sys.executable, "-B", str(program), *options],
        input=said,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
        env={**kept, "PYTHONIOENCODING": "utf-8", **variables},
    )


@pytest.mark.parametrize("options", [("--served",), ("--name", "김하늘")])
def test_it_asks_the_server_that_the_variables_name(url: str, options: tuple[str, ...]) -> None:
    done = order("안녕하세요\n", *options, DINNER_API_URL=url, DINNER_MODEL="dinner")
    assert done.stderr == ""
    assert done.stdout.count("> ") == 2
    assert done.stdout.rstrip("> ").endswith("\nnull\n")  # a random model keeps no state
    assert done.returncode == 1


def test_it_says_what_is_missing_or_does_not_answer(url: str) -> None:
    missing = order("", DINNER_API_URL=url)
    assert missing.returncode == 2
    assert "set DINNER_MODEL" in missing.stderr
    unknown = order("안녕\n", DINNER_API_URL=url, DINNER_MODEL="lunch")
    assert unknown.returncode == 1
    assert "does not answer" in unknown.stderr
