"""What every folder of tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Where pytest-xdist gives every core a worker, threads of one only wait for those of another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.tiny import tiny_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random model of Llama's shape."""
    return tiny_model(tmp_path_factory.mktemp("tiny") / "model", positions=2048)
