"""Times as they stand in logs, made into UTC: zones are explicit, clock changes are not guessed."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from sadari.forecasting.errors import ForecastError
from sadari.forecasting.quantiles import Integers

HOUR = 3_600_000  # milliseconds
DAY = 24 * HOUR
EARLIEST, LATEST = 315_532_800_000, 7_258_118_400_000  # 1980 and 2200, milliseconds
_OFFSET = r"(?:[zZ]|[+-]\d{2}(?::?\d{2})?)$"
_LONG = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[zZ]|[+-]\d{2}:\d{2})?$"
_DAY = r"^(19[89]\d|2[01]\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
# what logs write → the same in ISO 8601's long form; digits alone are no seconds since 1970, which
# would lie before 1980 or after 2200
_EVEN = (
    (_DAY + r"(\d{2})(\d{2})(\d{2})(\d{3})$", "$1-$2-${3}T$4:$5:$6.$7"),
    (_DAY + r"[T ]?(\d{2})(\d{2})(\d{2})(\D.*)?$", "$1-$2-${3}T$4:$5:$6$7"),
    (_DAY + r"[T ]?(\d{2})(\d{2})(\D.*)?$", "$1-$2-${3}T$4:$5$6"),
    (_DAY + r"$", "$1-$2-${3}"),
    (r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", "$1-$2-$3"),
    (r"^(\d{4}-\d{1,2}-\d{1,2}) +", "${1}T"),
    (r"^(\d{4}-\d{1,2}-\d{1,2})$", "${1}T00:00"),
    (r"^(.*T.*\d) +([+-]\d)", "$1$2"),
    (r"(T\d{1,2}:\d{2})([zZ+-].*)?$", "${1}:00$2"),
    (r"(:\d{2}),(\d+)", "$1.$2"),
)


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

    Understands ISO 8601 with or without an offset, its digits alone (20260302143000), numbers
    since 1970 in seconds, milliseconds, microseconds or nanoseconds, and columns that are times
    already; with `form` (strptime) texts of that form and nothing else. A time that the clock
    skips, that is no time, or that lies outside 1980 to 2199 is null: logs write such ones where
    they know none.
    """
    found = _read(column, zone_name, form)
    return found.select(
        pl.when(pl.col(c).is_between(EARLIEST, LATEST - 1)).then(pl.col(c)).alias(c)
        for c in ("at", "later")
    )


def _read(column: pl.Series, zone_name: str, form: str | None) -> pl.DataFrame:
    if column.dtype == pl.Date:
        column = column.cast(pl.Datetime("ms"))
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is not None:
            at = column.dt.convert_time_zone("UTC").dt.epoch("ms")
            return pl.DataFrame({"at": at, "later": at})
        return _local(column, zone_name)
    number = column
    if column.dtype.is_numeric():  # 20260302143000 as a number is digits too
        column = column.cast(pl.Float64).round() if not column.dtype.is_integer() else column
        column = column.cast(pl.Int64, strict=False)
    text = column.cast(pl.String).str.strip_chars()
    if form is not None:
        if "%z" in form:
            fixed = text.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False)
            return pl.DataFrame({"at": fixed.dt.epoch("ms"), "later": fixed.dt.epoch("ms")})
        return _local(text.str.to_datetime(form, time_unit="ms", strict=False), zone_name)
    even = text
    if not text.str.contains(_LONG).all():
        for pattern, written in _EVEN:
            even = even.str.replace(pattern, written)
    since = _since_1970(number.cast(pl.Float64, strict=False))
    with_offset = (even.str.contains(_OFFSET) & even.str.contains("T", literal=True)).fill_null(
        False
    )
    at = _with_offset(even.set(~with_offset, None))
    without = even.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ms", strict=False)
    local = _local(without.set(with_offset, None), zone_name)
    table = pl.DataFrame({"at": at, "since": since, "first": local["at"], "later": local["later"]})
    return table.select(
        at=pl.coalesce("at", "first", "since"), later=pl.coalesce("at", "later", "since")
    )


def _since_1970(number: pl.Series) -> pl.Series:
    """Milliseconds of numbers since 1970, in the unit that their size tells."""
    size = pl.col("n").abs()
    scale = pl.when(size < 1e11).then(1e3).when(size < 1e14).then(1.0).when(size < 1e17).then(1e-3)
    table = pl.DataFrame({"n": number.fill_nan(None)})
    return table.select((pl.col("n") * scale.otherwise(1e-6)).round().cast(pl.Int64, strict=False))[
        "n"
    ]


def local_time(column: str, zone_name: str) -> pl.Expr:
    """A column of UTC milliseconds as times by the clock of a zone."""
    return pl.col(column).cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(zone_name)


def local_hour(column: str, zone_name: str) -> pl.Expr:
    """Hours since 1970 by the clock of a zone, of a column of UTC milliseconds. The same hour of
    another day is a multiple of 24 away, also when the clock changed in between."""
    return local_time(column, zone_name).dt.replace_time_zone(None).dt.epoch("ms") // HOUR


def local_hours(at: Integers, zone_name: str) -> Integers:
    """The same of an array [rows]."""
    table = pl.DataFrame({"at": at}, schema={"at": pl.Int64})
    found: Integers = table.select(local_hour("at", zone_name))["at"].to_numpy()
    return found


def _with_offset(text: pl.Series) -> pl.Series:
    """UTC milliseconds of ISO 8601 with an offset."""
    even = text.str.replace(r"[zZ]$", "+00:00").str.replace(r"([+-]\d{2})(\d{2})$", "${1}:${2}")
    even = even.str.replace(r"(:\d{2}(?:\.\d+)?[+-]\d{2})$", "${1}:00")
    form = "%Y-%m-%dT%H:%M:%S%.f%:z"
    return even.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False).dt.epoch("ms")


def _local(local: pl.Series, zone_name: str) -> pl.DataFrame:
    def read(which: str) -> pl.Series:
        found = local.dt.replace_time_zone(zone_name, ambiguous=which, non_existent="null")  # type: ignore[arg-type]
        return found.dt.epoch("ms")

    return pl.DataFrame({"at": read("earliest"), "later": read("latest")})
