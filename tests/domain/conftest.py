"""A small good domain to spoil."""

from __future__ import annotations

from pathlib import Path

import pytest

from sadari.domain.skeleton import write_skeleton


@pytest.fixture
def domain(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    write_skeleton(folder)
    return folder
