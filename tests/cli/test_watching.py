"""A run as it is shown where there is a terminal, and as a line where there is none."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from sadari.cli import watching
from sadari.jobs.runs import Run, RunLog, Step, runs_of
from tests.jobs.test_runs import log, progress


def test_a_terminal_gets_a_bar_for_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(tmp_path / "a", range(1, 9))
    screen = StringIO()
    monkeypatch.setattr(
        watching,
        "messages",
        Console(file=screen, force_terminal=True, width=160, color_system=None),
    )
    (run,) = watching.watch_runs(tmp_path, "shop")
    assert run.status == "done"
    shown = screen.getvalue()
    assert "seed 1 ━━━" in shown
    assert "8 of 8, loss 0.375" in shown
    assert "validation 2.000 → 1.500 → 1.750; done" in shown


def test_only_what_goes_on_is_watched(tmp_path: Path) -> None:
    log(tmp_path / "old", range(1, 9))
    with RunLog(tmp_path / "new", name="seed 2", domain="shop", epochs=2) as written:
        written.step(progress(2))
        run = next(r for r in runs_of(tmp_path, "shop") if r.status == "running")
        assert watching.line_of(run) == (
            "seed 2: 2 of 8, loss 1.500, 100 tokens/s, 0:06 left, validation 2.000; going on"
        )


def test_how_long_is_left_and_what_became_of_it() -> None:
    step = Step(3, 1.0, 1e-3, 10.0, 3_725.0, 0.0)
    run = Run(Path("x"), "seed 1", "shop", 0.0, 9, (step,))
    assert "1:02:05 left" in watching.line_of(run)
    dead = Run(Path("x"), "seed 1", "shop", 0.0, 9, (step,), status="failed", reason="No disk.")
    assert watching.line_of(dead).endswith("; failed: No disk.")
