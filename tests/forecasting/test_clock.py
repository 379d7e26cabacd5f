"""PREVENT 31: zones are explicit, and a change of the clock shifts nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from sadari.forecasting import ForecastError
from sadari.forecasting.events.clock import to_utc, zone


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-02T09:00:00", "2026-03-02T00:00:00"),
        ("2026-03-02 09:00", "2026-03-02T00:00:00"),
        ("2026/03/02 09:00:00.250", "2026-03-02T00:00:00.250"),
        ("2026-03-02T00:00:00Z", "2026-03-02T00:00:00"),
        ("2026-03-02T01:30+01:30", "2026-03-02T00:00:00"),
        ("2026-03-01T16:00:00-0800", "2026-03-02T00:00:00"),
        ("1772409600", "2026-03-02T00:00:00"),
        ("1772409600000", "2026-03-02T00:00:00"),
        ("1772409600000000", "2026-03-02T00:00:00"),
        ("1772409600000000000", "2026-03-02T00:00:00"),
        ("20260302090000", "2026-03-02T00:00:00"),
        ("20260302090000250", "2026-03-02T00:00:00.250"),
        ("202603020900", "2026-03-02T00:00:00"),
        ("20260302T090000+0900", "2026-03-02T00:00:00"),
        ("2026-03-02 09:00:00+09", "2026-03-02T00:00:00"),
        ("2026-03-02 09:00:00 +0900", "2026-03-02T00:00:00"),
        ("2026-03-02 09:00:00,250", "2026-03-02T00:00:00.250"),
        ("2026.03.02 09:00", "2026-03-02T00:00:00"),
    ],
)
def test_times_as_logs_write_them(written: str, meant: str) -> None:
    assert to_utc(pl.Series([written]), "Asia/Seoul")["at"][0] == utc(meant)


@pytest.mark.parametrize(
    "written",
    ["0001-01-01T00:00", "1970-01-01T00:00Z", "9999-12-31T23:59", "0", "1e300", "inf", "nan", "-5"],
)
def test_what_logs_write_for_an_unknown_time_is_no_time(written: str) -> None:
    assert to_utc(pl.Series([written]), "Asia/Seoul")["at"][0] is None


@pytest.mark.parametrize(
    ("form", "written"),
    [("%Y%m%d%H%M%S", "20260302090000"), ("%d.%m.%Y %H:%M %z", "02.03.2026 01:00 +0100")],
)
def test_a_form_is_read_before_anything_is_taken_for_a_number(form: str, written: str) -> None:
    read = to_utc(pl.Series([written, "1772409600"]), "Asia/Seoul", form)
    assert read["at"].to_list() == [utc("2026-03-02T00:00:00"), None]


def test_digits_in_a_column_of_numbers_are_a_time_too() -> None:
    for column in (pl.Series([20260302090000]), pl.Series([20260302090000.0, float("nan")])):
        assert to_utc(column, "Asia/Seoul")["at"][0] == utc("2026-03-02T00:00:00")


def test_the_hour_that_the_clock_skips_is_no_time() -> None:
    read = to_utc(pl.Series(["2026-03-08T02:30", "2026-03-08T03:30"]), "America/Los_Angeles")
    assert read["at"].to_list() == [None, utc("2026-03-08T10:30")]


def test_the_hour_that_comes_twice_is_read_both_ways() -> None:
    read = to_utc(pl.Series(["2026-11-01T01:30"]), "America/Los_Angeles")
    assert read.row(0) == (utc("2026-11-01T08:30"), utc("2026-11-01T09:30"))


def test_offsets_and_local_times_may_stand_in_one_column() -> None:
    read = to_utc(pl.Series(["2026-03-02T09:00+09:00", "2026-03-02T09:00", "soon"]), "UTC")
    assert read["at"].to_list() == [utc("2026-03-02T00:00"), utc("2026-03-02T09:00"), None]


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(ForecastError, match="no time zone"):
        zone("Asia/Gangnam")
