"""Files to events: nothing lost, nothing twice, every row accounted for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadari.domain.forecast_settings import ForecastSettings, MoveColumns
from sadari.forecasting import ForecastError, ingest, read_history, standing
from sadari.forecasting.events.inbox import Counts
from tests.forecasting.logs import moves

PLAIN = ForecastSettings()
HEAD = "id,source,destination,start,end\n"


def take_in(
    folder: Path, text: str, how: ForecastSettings = PLAIN, name: str = "moves.csv"
) -> Counts:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    ((_, counts),) = ingest([path], how, folder / "home").values()
    assert counts.rows == counts.new + counts.revised + counts.repeated + counts.set_aside
    return counts


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    text = (
        HEAD + "a,X,Y,2026-03-02T00:00,2026-03-02T00:05\nb,X,Y,2026-03-02T01:00,2026-03-02T01:05\n"
    )
    assert take_in(tmp_path, text).new == 2
    before = read_history(PLAIN, tmp_path / "home")
    again = take_in(tmp_path, text)
    assert (again.new, again.repeated) == (0, 2)
    assert read_history(PLAIN, tmp_path / "home").moves.equals(before.moves)


def test_a_late_end_completes_a_move_and_a_late_start_does_not_open_it_again(
    tmp_path: Path,
) -> None:
    take_in(tmp_path, HEAD + "a,X,Y,2026-03-02T00:00,\n")
    assert read_history(PLAIN, tmp_path / "home").done.is_empty()
    assert take_in(tmp_path, HEAD + "a,X,Y,2026-03-02T00:00,2026-03-02T00:05\n").revised == 1
    assert take_in(tmp_path, HEAD + "a,X,Y,2026-03-02T00:00,\n").repeated == 1
    assert read_history(PLAIN, tmp_path / "home").done["minutes"].to_list() == [5.0]


def test_a_move_that_was_corrected_to_another_day_is_there_once(tmp_path: Path) -> None:
    take_in(tmp_path, HEAD + "a,X,Y,2026-03-02T00:00,2026-03-02T00:05\n")
    read_history(PLAIN, tmp_path / "home")
    take_in(tmp_path, HEAD + "a,X,Y,2026-03-05T00:00,2026-03-05T00:07\n")
    assert read_history(PLAIN, tmp_path / "home").moves["minutes"].to_list() == [7.0]


def test_ten_times_the_same_row_is_one_move(tmp_path: Path) -> None:
    counts = take_in(tmp_path, HEAD + "a,X,Y,2026-03-02T00:00,2026-03-02T00:05\n" * 10)
    assert (counts.new, counts.repeated) == (1, 9)


def test_bad_rows_are_set_aside_with_reason_and_line(tmp_path: Path) -> None:
    text = HEAD + (
        "ok,X,Y,2026-03-02T00:00,2026-03-02T00:05\n"
        "back,X,Y,2026-03-02T00:05,2026-03-02T00:00\n"
        "still,X,Y,2026-03-02T00:05,2026-03-02T00:05\n"
        "when,X,Y,yesterday,2026-03-02T00:05\n"
        "where,,Y,2026-03-02T00:00,2026-03-02T00:05\n"
        "long,X,Y,2026-03-02T00:00,2027-03-02T00:05\n"
        "torn,X,Y,2026-03-02T00:00,2026-03-02T00:05,too,many\n"
    )
    counts = take_in(tmp_path, text)
    assert (counts.new, counts.set_aside) == (1, 6)
    rows = {row["reason"]: row["line"] for row in standing(PLAIN, tmp_path / "home")["set_aside"]}
    assert set(rows) == {
        "ends before it starts", "takes no time",
        "start is skipped by the clock, or is no time from 1980 to 2199", "lacks source",
        "takes longer than 10,080 minutes", "has 7 fields under 5 columns",
    }  # fmt: skip
    assert rows["has 7 fields under 5 columns"] == 8


def test_a_log_of_another_field_needs_only_its_columns_named(tmp_path: Path) -> None:
    columns = MoveColumns(
        id="",
        route="lane",
        start="pickup",
        duration="secs",
        duration_unit="seconds",
        priority="cls",
    )
    how = ForecastSettings(time_zone="Europe/Berlin", moves=columns)
    text = "lane,pickup,secs,cls\nMitte -> Tegel,2026-06-01 08:00:00,1530,taxi\n"
    take_in(tmp_path, text, how)
    (row,) = read_history(how, tmp_path / "home").moves.to_dicts()
    assert (row["route"], row["minutes"], row["priority"]) == ("Mitte→Tegel", 25.5, "taxi")


def test_an_end_in_the_second_of_two_like_hours_is_after_its_start(tmp_path: Path) -> None:
    how = ForecastSettings(time_zone="America/Los_Angeles")
    counts = take_in(tmp_path, HEAD + "a,X,Y,2026-11-01T01:50,2026-11-01T01:10\n", how)
    assert (counts.new, counts.ambiguous) == (1, 2)
    assert read_history(how, tmp_path / "home").moves["minutes"].to_list() == [20.0]


def test_parquet_and_json_lines_say_the_same_as_csv(tmp_path: Path) -> None:
    frame = moves(days=2)
    told = frame.with_columns(pl.col("start", "end").cast(pl.Datetime("ms", "UTC")))
    told.write_parquet(tmp_path / "moves.parquet")
    lines = (json.dumps(row, default=str) for row in told.to_dicts())
    (tmp_path / "moves.jsonl").write_text("\n".join(lines) + "\n{broken\n", encoding="utf-8")
    (_, first), (_, second) = ingest(
        [tmp_path / "moves.parquet", tmp_path / "moves.jsonl"], PLAIN, tmp_path / "home"
    ).values()
    assert first.new == len(frame)
    assert (second.repeated, second.set_aside, second.revised) == (len(frame), 1, 0)


def test_an_empty_parquet_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "moves.parquet").touch()
    with pytest.raises(ForecastError, match="0 bytes"):
        ingest([tmp_path / "moves.parquet"], PLAIN, tmp_path / "home")


def test_a_missing_column_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ForecastError, match="no column 'start'"):
        take_in(tmp_path, "id,source,destination\na,X,Y\n")


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(12)), cuts=st.lists(st.integers(1, 11), max_size=3, unique=True))
def test_order_and_cutting_of_files_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    rows = [
        f"m{i},X,Y,2026-03-0{1 + i % 3}T0{i % 10}:00,2026-03-0{1 + i % 3}T0{i % 10}:0{1 + i % 8}\n"
        for i in range(12)
    ]
    bounds = [0, *sorted(cuts), 12]
    for begin, end in pairwise(bounds):
        take_in(folder, HEAD + "".join(rows[i] for i in order[begin:end]))
    found = read_history(PLAIN, folder / "home").moves.sort("id")
    take_in(folder, HEAD + "".join(rows), name="moves-all.csv")
    assert found.equals(read_history(PLAIN, folder / "home").moves.sort("id"))
    assert len(found) == 12


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """PREVENT 26: a process takes file after file and says so; it is killed in the middle."""
    program = textwrap.dedent(f"""
        from pathlib import Path
        from sadari.domain.forecast_settings import ForecastSettings
        from sadari.forecasting import ingest, read_history
        folder = Path({str(tmp_path)!r})
        for n in range(10_000):
            path = folder / f"moves-{{n}}.csv"
            day = [f"2026-03-0{{1 + i % 9}}" for i in range(50)]
            rows = "".join(f"{{n}}-{{i}},X,Y,{{d}}T00:00,{{d}}T00:05\\n" for i, d in enumerate(day))
            path.write_text({HEAD!r} + rows)
            ingest([path], ForecastSettings(), folder / "home")
            print(n, flush=True)
            read_history(ForecastSettings(), folder / "home")
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = 0
    for line in process.stdout:
        acknowledged = int(line) + 1
        if acknowledged == 6:
            process.send_signal(signal.SIGKILL)
            break
    acknowledged += sum(1 for _ in process.stdout)
    process.wait()
    found = read_history(PLAIN, tmp_path / "home").moves
    assert len(found) >= 50 * acknowledged
    assert len(found) % 50 == 0
    assert found["id"].is_unique().all()
