"""One clock that jumps must not move what "now" is for all forecasts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting import ingest, read_history, standing
from sadari.forecasting.events.clock import DAY
from sadari.forecasting.events.strays import is_stray
from tests.forecasting.logs import START, moves

PLAIN = ForecastSettings()


def shifted(rows: pl.DataFrame, days: int) -> pl.DataFrame:
    return rows.with_columns(
        pl.col("start", "end") + days * DAY, id=pl.col("id") + f"{days:+d} days"
    )


def take_in(folder: Path, frame: pl.DataFrame) -> None:
    frame.write_parquet(folder / "moves.parquet")
    ingest([folder / "moves.parquet"], PLAIN, folder / "home")


@pytest.mark.parametrize("days", [5000, -5000])
def test_a_few_moves_far_away_are_left_out_and_told(tmp_path: Path, days: int) -> None:
    frame = moves(days=14)
    take_in(tmp_path, pl.concat([frame, shifted(frame.head(3), days)]))
    history = read_history(PLAIN, tmp_path / "home")
    assert len(history.moves) == len(frame)
    assert history.last <= START + 15 * DAY
    found = standing(PLAIN, tmp_path / "home")
    assert len(found["wrong_clock"]) == 3
    assert found["same_under_other_ids"] == 0


def test_a_corrected_clock_brings_the_move_back(tmp_path: Path) -> None:
    frame = moves(days=14)
    take_in(tmp_path, pl.concat([frame.tail(-1), shifted(frame.head(1), 5000)]))
    take_in(tmp_path, frame.head(1).with_columns(id=pl.lit("m0+5000 days")))
    assert len(read_history(PLAIN, tmp_path / "home").moves) == len(frame)


def test_a_pause_is_no_wrong_clock() -> None:
    frame = moves(days=14)
    now = START + 100 * DAY
    after_pause = pl.concat([frame["start"], shifted(frame.head(3), 60)["start"]])
    assert not is_stray(after_pause, now).any()
    assert is_stray(after_pause, START + 20 * DAY).sum() == 3  # they have not happened yet
    assert not is_stray(frame["start"].head(5) + pl.Series([0, 1, 2, 3, 9]) * 400 * DAY, now).any()


def test_the_same_moves_under_other_ids_are_told(tmp_path: Path) -> None:
    frame = moves(days=2)
    take_in(tmp_path, pl.concat([frame, frame.with_columns(id=pl.col("id") + "-again")]))
    found = standing(PLAIN, tmp_path / "home")
    assert found["same_under_other_ids"] == len(frame)
    assert found["under_way"] == 0
