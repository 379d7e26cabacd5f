"""Long work says how far it is, also where nobody can draw a bar."""

from __future__ import annotations

import pytest

from sadari.cli.common import stages


def test_a_log_gets_the_start_and_the_end_of_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with stages() as watch:
        for done in range(1, 41):
            watch("index", done, 40)
        for done in range(3):
            watch("rag", done, 1600)
    said = [line.split("s  ")[1] for line in capsys.readouterr().err.splitlines()]
    assert said == ["index: 1 of 40", "index: 40 of 40", "rag: 0 of 1,600"]
