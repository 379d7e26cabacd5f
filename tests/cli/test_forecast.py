"""`forecast` where its extra is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT = """
import sys
sys.modules[sys.argv.pop(1)] = None  # as if it were not installed
from sadari.cli import main
main()
"""


def run(missing: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, missing, "forecast", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("missing", ["polars", "lightgbm"])
def test_without_the_extra_a_verb_says_what_to_install(missing: str, tmp_path: Path) -> None:
    done = run(missing, "status", str(tmp_path))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"forecasts need {missing}, which is not installed." in done.stderr
    assert 'pip install "sadari[forecast]"' in done.stderr


def test_without_the_extra_the_help_is_there() -> None:
    done = run("polars", "predict", "--help")
    assert done.returncode == 0
    assert "--route" in done.stdout
