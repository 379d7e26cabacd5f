"""What the README says can be typed, can be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from sadari.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "README.ko.md", "docs/domain.md")


def _commands(page: str) -> list[list[str]]:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("sadari ")]


@pytest.mark.parametrize("page", PAGES)
def test_commands_parse(page: str) -> None:
    """Every `sadari …` line names a verb and options that exist."""
    root = get_command(app)
    for words in _commands(page):
        command, rest = root, words[1:]
        while hasattr(command, "commands"):
            command = command.commands[rest[0]]
            rest = rest[1:]
        command.make_context(words[1], list(rest))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target


def test_the_ci_runs_the_readme_test_command() -> None:
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
