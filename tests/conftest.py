"""What every folder of tests may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny import tiny_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random model of Llama's shape."""
    return tiny_model(tmp_path_factory.mktemp("tiny") / "model", positions=2048)
