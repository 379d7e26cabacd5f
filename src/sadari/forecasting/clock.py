"""Times as they stand in logs, made into UTC: zones are explicit, clock changes are not guessed."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from sadari.forecasting.errors import ForecastError
from sadari.forecasting.quantiles import Integers

HOUR = 3_600_000  # milliseconds
DAY = 24 * HOUR
_MILLISECONDS_FROM = 1e11  # a smaller number counts seconds since 1970
_OFFSET = r"(?:[zZ]|[+-]\d{2}:?\d{2})$"


def zone(name: str) -> ZoneInfo:
    """The time zone of this name. Raises ForecastError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        todo = 'Write a name of the IANA list, such as "Asia/Seoul", or "UTC".'
        raise ForecastError(f"{name!r} is no time zone.", where="time_zone", todo=todo) from error


def to_utc(column: pl.Series, zone_name: str, form: str | None = None) -> pl.DataFrame:
    """Two columns of the length of `column`: `at`, UTC milliseconds or null, and `later`, the
    second reading of an hour that the clock shows twice (else the same as `at`).

    Understands ISO 8601 with or without an offset, `form` (strptime), numbers since 1970, and
    columns that are times already. A time that the clock skips, or that is no time, is null.
    """
    if column.dtype.is_numeric():
        seconds = column.cast(pl.Float64)
        scale = pl.when(pl.col("at").abs() < _MILLISECONDS_FROM).then(1000.0).otherwise(1.0)
        frame = pl.DataFrame({"at": seconds.fill_nan(None)}).with_columns(
            (pl.col("at") * scale).round().cast(pl.Int64, strict=False)
        )
        return frame.with_columns(later=pl.col("at"))
    if column.dtype == pl.Date:
        column = column.cast(pl.Datetime("ms"))
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is not None:
            at = column.dt.convert_time_zone("UTC").dt.epoch("ms")
            return pl.DataFrame({"at": at, "later": at})
        return _local(column.rename("local"), zone_name)
    text = column.cast(pl.String).str.strip_chars()
    number = text.cast(pl.Float64, strict=False)
    if number.is_not_null().sum() > text.len() / 2:
        return to_utc(number, zone_name)
    with_offset = text.str.contains(_OFFSET) & text.str.contains(r"\d[T ]\d")
    with_offset = with_offset.fill_null(False)
    if form is not None and "%z" not in form:
        return _local(text.str.to_datetime(form, time_unit="ms", strict=False), zone_name)
    fixed = _parse(text.filter(with_offset), form, offset=True)
    local = _local(_parse(text.filter(~with_offset), None, offset=False), zone_name)
    at = pl.Series("at", [None] * len(text), dtype=pl.Int64)
    whole = pl.DataFrame({"row": range(len(text)), "offset": with_offset})
    first = whole.filter(pl.col("offset")).with_columns(at=fixed, later=fixed)
    second = whole.filter(~pl.col("offset")).with_columns(local)
    if first.is_empty() and second.is_empty():
        return pl.DataFrame({"at": at, "later": at})
    return pl.concat([first, second]).sort("row").select("at", "later")


def local_hour(column: str, zone_name: str) -> pl.Expr:
    """Hours since 1970 by the clock of a zone, of a column of UTC milliseconds. The same hour of
    another day is a multiple of 24 away, also when the clock changed in between."""
    at = pl.col(column).cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(zone_name)
    return at.dt.replace_time_zone(None).dt.epoch("ms") // HOUR


def local_hours(at: Integers, zone_name: str) -> Integers:
    """The same of an array [rows]."""
    table = pl.DataFrame({"at": at}, schema={"at": pl.Int64})
    found: Integers = table.select(local_hour("at", zone_name))["at"].to_numpy()
    return found


def _parse(text: pl.Series, form: str | None, *, offset: bool) -> pl.Series:
    """ISO 8601 as UTC milliseconds (with an offset), or as a local time."""
    if offset:
        even = text.str.replace(" ", "T", literal=True).str.replace(r"[zZ]$", "+00:00")
        even = even.str.replace(r"(T\d{2}:\d{2})([+-])", "${1}:00${2}")
        form = form or "%Y-%m-%dT%H:%M:%S%.f%:z"
        even = even.str.replace(r"([+-]\d{2})(\d{2})$", "${1}:${2}")
        read = even.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False)
        return read.dt.epoch("ms")
    even = text.str.replace(" ", "T", literal=True).str.replace_all("/", "-", literal=True)
    even = even.str.replace(r"^(\d{4}-\d{1,2}-\d{1,2})$", "${1}T00:00")
    even = even.str.replace(r"(T\d{1,2}:\d{2})$", "${1}:00")
    return even.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ms", strict=False)


def _local(local: pl.Series, zone_name: str) -> pl.DataFrame:
    def read(which: str) -> pl.Series:
        found = local.dt.replace_time_zone(zone_name, ambiguous=which, non_existent="null")  # type: ignore[arg-type]
        return found.dt.epoch("ms")

    return pl.DataFrame({"at": read("earliest"), "later": read("latest")})
