"""Files as hurried exports leave them: a sentence for a file, a line for each row set aside."""

from __future__ import annotations

import json
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from sadari.domain.forecast_settings import ForecastSettings, MoveColumns
from sadari.forecasting import ForecastError, ingest, read_history, standing
from sadari.forecasting.events.inbox import Counts
from tests.forecasting.test_ingest import HEAD, PLAIN, take_in

GOOD = "2026-03-02T00:00,2026-03-02T00:05\n"


def take_frame(folder: Path, how: ForecastSettings = PLAIN, **columns: Any) -> Counts:
    path = folder / "moves.parquet"
    pl.DataFrame({n: [v] for n, v in columns.items()}).write_parquet(path)
    ((_, counts),) = ingest([path], how, folder / "home").values()
    return counts


def lines(folder: Path) -> dict[str, int]:
    return {row["reason"]: row["line"] for row in standing(PLAIN, folder / "home")["set_aside"]}


def test_lines_of_json_are_counted_past_empty_and_broken_ones(tmp_path: Path) -> None:
    text = "\n\nbroken\n" + json.dumps({"id": 1, "source": "X", "destination": "Y", "start": "?"})
    take_in(tmp_path, text + "\n" + "[" * 100_000 + "\n", name="moves.jsonl")
    assert lines(tmp_path) == {
        "is no JSON object": 3,
        "start is skipped by the clock, or is no time from 1980 to 2199": 4,
    }


def test_lines_are_counted_past_torn_rows_and_within_quotes(tmp_path: Path) -> None:
    take_in(tmp_path, HEAD + f'a,"X\nx",Y,{GOOD}b,,Y,{GOOD}')
    assert lines(tmp_path) == {"lacks source": 4}
    assert read_history(PLAIN, tmp_path / "home").moves["source"].to_list() == ["X x"]
    take_in(tmp_path, HEAD + f"a,X\n\nb,,Y,{GOOD}", name="moves2.csv")
    assert lines(tmp_path)["lacks source"] == 4


def test_starts_may_stand_in_json_lines_alone_but_a_table_names_its_end(tmp_path: Path) -> None:
    row = {"id": 1, "source": "X", "destination": "Y", "start": "2026-03-02T00:00"}
    assert take_in(tmp_path, json.dumps(row) + "\n", name="moves.jsonl").new == 1
    with pytest.raises(ForecastError, match="no column 'end'"):
        take_in(tmp_path, "id,source,destination,start\na,X,Y,2026-03-02T00:00\n")
    how = ForecastSettings(moves=MoveColumns(duration="spent"))
    with pytest.raises(ForecastError, match="no column 'spent'"):
        take_in(tmp_path, HEAD + f"a,X,Y,{GOOD}", how)


@pytest.mark.parametrize("value", [[1], {"a": 1}, True, b"x", timedelta(1), time(1)])
def test_a_column_that_can_be_no_time_is_a_sentence(tmp_path: Path, value: object) -> None:
    with pytest.raises(ForecastError, match=r"'start' holds .* where times should stand"):
        take_frame(tmp_path, id="1", source="X", destination="Y", start=value, end=value)


def test_a_column_that_can_be_no_text_or_number_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ForecastError, match="'source' holds List"):
        take_frame(tmp_path, id="1", source=["X"], destination="Y", start=0, end=0)
    path = tmp_path / "readings.parquet"
    row = {"sensor": ["t"], "place": ["X"], "at": ["2026-03-02"], "value": [{"a": 1}]}
    pl.DataFrame(row).write_parquet(path)
    with pytest.raises(ForecastError, match="'value' holds Struct"):
        ingest([path], PLAIN, tmp_path / "home")


def test_parquet_may_hold_a_duration_as_one(tmp_path: Path) -> None:
    how = ForecastSettings(moves=MoveColumns(duration="spent", duration_unit="hours"))
    spent = timedelta(minutes=4, seconds=30)
    start = "2026-03-02T00:00"
    assert take_frame(tmp_path, how, id="1", source="X", destination="Y", start=start, spent=spent)
    assert read_history(how, tmp_path / "home").moves["minutes"].to_list() == [4.5]


@pytest.mark.parametrize("spent", ["nan", "inf", "1e30", "abc", '"3,5"'])
def test_a_duration_that_is_none_is_told_as_one(tmp_path: Path, spent: str) -> None:
    how = ForecastSettings(moves=MoveColumns(duration="spent"))
    text = f"id,source,destination,start,spent\n1,X,Y,2026-03-02T00:00,{spent}\n"
    assert take_in(tmp_path, text, how).set_aside == 1
    assert lines(tmp_path) == {"duration is no number": 2}


def test_places_that_no_route_could_name_are_set_aside(tmp_path: Path) -> None:
    how = ForecastSettings(moves=MoveColumns(route="lane"))
    text = f"id,lane,start,end\n1,→Y,{GOOD}2,X→Y→Z,{GOOD}3,X -> Y,{GOOD}"
    assert take_in(tmp_path, text, how).set_aside == 2
    assert read_history(how, tmp_path / "home").moves["route"].to_list() == ["X→Y"]
    assert take_in(tmp_path, HEAD + f"4,X→Y,Z,{GOOD}").set_aside == 1


def test_patterns_are_checked_when_the_settings_are_read(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="is no pattern"):
        ForecastSettings(groups={"a": "("})
    with pytest.raises(ValidationError, match="has no group"):
        MoveColumns(place=r"Bay\d+")
    how = ForecastSettings(moves=MoveColumns(place=r"^(?=B)(Bay\d+)"))
    with pytest.raises(ForecastError, match="without look-around"):
        take_in(tmp_path, HEAD + f"a,Bay1-2,Bay2,{GOOD}", how)
