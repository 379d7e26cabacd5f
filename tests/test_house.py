"""What holds for the whole package: floors, light imports, sizes, no domain, no dead settings."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from sadari.domain import DomainSettings
from sadari.tuning.settings import TuneSettings

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "sadari"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 600  # lines

# Told in a fresh interpreter that cannot reach the network: what did the import load?
LIGHT = """
import sys

def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        raise SystemExit(f"touched the network: {event} {args}")

sys.addaudithook(refuse)
import sadari
import sadari.cli
from sadari.cli.app import app
heavy = "torch transformers peft tokenizers safetensors sklearn scipy statsmodels matplotlib"
print(*(name for name in heavy.split() if name in sys.modules))
"""


def test_imports_go_down_the_floors() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()",
         "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_is_light_and_touches_no_network() -> None:
    """PREVENT 19."""
    keys = {k: v for k, v in os.environ.items() if not k.endswith(("_KEY", "_TOKEN"))}
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False, env=keys
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_no_file_is_too_long() -> None:
    lengths = {p: p.read_text(encoding="utf-8").count("\n") for p in SOURCES}
    assert {str(p): n for p, n in lengths.items() if n > LONGEST_FILE} == {}


DOMAIN_WORDS = re.compile(
    r"(?<!examples/)(?<!my-)\bALD\b|퍼지(?!는)|전구체|챔버|증착|샤워헤드|반응체|\bGPC\b|\bprecursor|\bpurge\b|"
    r"\bAX-300\b|\bTMA\b|(?<!examples/)(?<!my-)\bfab\b|\bFOUP|원두|드리퍼|새벽콩|샴페인|champagne|달빛"
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_package_knows_no_domain(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    assert [f"{path}:{n}: {ln}" for n, ln in enumerate(lines, 1) if DOMAIN_WORDS.search(ln)] == []


# PREVENT 15: no setting that is accepted, documented, and read by nothing.


def test_every_setting_is_read() -> None:
    read = {name for path in SOURCES for name in _names_read(path)}
    tuning = [f"TuneSettings.{f.name}" for f in dataclasses.fields(TuneSettings)]
    settings = [*_settings_of(DomainSettings), *tuning]
    assert len(settings) > 40
    assert [name for name in settings if name.rpartition(".")[2] not in read] == []


def _settings_of(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{model.__name__}.{name}"
        for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _settings_of(inner)


def _names_read(path: Path) -> Iterator[str]:
    """Attributes that the file reads; not the file's own declarations and assignments."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr
