"""A run's page opens offline, in the domain's language, and escapes what it is given."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from sadari.domain import read_domain
from sadari.jobs.page import HEIGHT, SHOWN, WIDTH, plots, write_page
from sadari.jobs.remedies import remedies
from sadari.jobs.runs import Run, Step
from tests.domains import small_domain
from tests.jobs.test_remedies import FALLS, result

WORDS = {"loss": "loss", "train": "training", "check": "validation", "rate": "rate"}


def run_of(folder: Path, steps: int) -> Run:
    taken = tuple(Step(n, 4.0 * (1 - n / steps) + 1, 1e-3, 9.0, 0.0, 0.0) for n in range(1, steps))
    checks = ((0, 8.0), (steps // 2, 4.0), (steps, 2.0))
    return Run(folder, "seed 1", "shop", 0.0, steps, taken, checks, "done")


def test_the_curves_stand_where_the_losses_are(tmp_path: Path) -> None:
    losses, rates = plots(run_of(tmp_path, 100), WORDS)
    _, checks = losses.lines
    assert checks.dots == ((0, 0), (WIDTH / 2, HEIGHT / 2), (WIDTH, 0.75 * HEIGHT))
    assert losses.up[0] == (HEIGHT, "0")
    assert losses.up[-1] == (0, "8")
    assert losses.across[-1] == (WIDTH, "100")
    assert len(rates.lines) == 1


def test_a_long_run_is_drawn_thin(tmp_path: Path) -> None:
    losses, _ = plots(run_of(tmp_path, 100_000), WORDS)
    assert SHOWN / 2 < len(losses.lines[0].points.split()) <= SHOWN


def test_the_page_is_whole_and_escaped(tmp_path: Path) -> None:
    domain = read_domain(small_domain(tmp_path / "shop"))
    named = replace(
        domain, settings=domain.settings.model_copy(update={"name": "<script>alert(1)</script>"})
    )
    measured = result(FALLS, (3.0, 3.5, 4.0, 5.0), examples=12) | {
        "trainable": 10,
        "total": 1000,
        "adapter_bytes": 2**20,
        "cut_examples": 0,
        "dtype": "float32",
        "forgetting": {"items": 23, "before": 0.6, "after": 0.4, "drop": 0.2, "high": 0.31},
    }
    path = write_page(named, run_of(tmp_path, 50), measured, remedies(measured, "ko"))
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert not re.search(r'(src|href)="', text)
    assert "차례로 해 볼 것" in text
    assert "0.200 (많아도 0.310)" in text
    assert text.count("<polyline") == 3
