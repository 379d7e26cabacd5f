"""The bundled domains, read once, and the programs that lie beside them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sadari.domain import Domain, read_domain

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def ald() -> Domain:
    return read_domain(EXAMPLES / "ald")


@pytest.fixture(scope="session")
def dinner() -> Domain:
    return read_domain(EXAMPLES / "dinner")


@pytest.fixture(scope="session")
def support() -> Domain:
    return read_domain(EXAMPLES / "support")


@pytest.fixture(scope="session", autouse=True)
def dinner_tools() -> Iterator[None]:
    """`examples/dinner/tools` on the path, as when its program is started."""
    folder = str(EXAMPLES / "dinner" / "tools")
    sys.path.insert(0, folder)
    yield
    sys.path.remove(folder)
