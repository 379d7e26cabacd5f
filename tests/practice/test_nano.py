"""The recipe trains: a nano model learns in two minutes what an untrained one cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
BAR = 3.0  # nats an answer token; an untrained model has 8.2, one that knows only frequencies 5.3


SETTINGS = """
    --width 128 --layers 3 --heads 2 --hidden 384 --tokens 2000
    --steps 240 --decay 80 --patience 100000 --judge-every 60
"""


@pytest.mark.slow
def test_a_nano_model_learns_more_than_frequencies(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "training.practice.train", "--out", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [*program, *SETTINGS.split()]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith('{"step"')]
    assert lines[-1]["step"] == 240
    assert lines[-1]["loss"] < BAR < lines[0]["loss"]
