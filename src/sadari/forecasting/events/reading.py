"""A file of events, read by the domain's column mapping; what cannot be used is set aside with the
reason, so that rows read = rows good + rows set aside."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.clock import LATEST, to_utc, zone
from sadari.forecasting.events.kinds import KINDS, MOVES, Kind, schema_of
from sadari.forecasting.events.rows import Rows, bad_rows, has_open_rows, read_rows

_MILLISECONDS = {"seconds": 1_000, "minutes": 60_000, "hours": 3_600_000}


@dataclass(frozen=True)
class Batch:
    """Rows of one kind: `good` has the kind's columns, `bad` has line, reason and raw text."""

    kind: Kind
    good: pl.DataFrame
    bad: pl.DataFrame
    ambiguous: int  # times in an hour that the clock shows twice

    @property
    def rows(self) -> int:
        """How many rows the file gave."""
        return len(self.good) + len(self.bad)


def kind_of(path: Path, settings: ForecastSettings) -> Kind | None:
    """The kind whose `files` pattern the file's name matches, else None."""
    for kind in KINDS:
        if fnmatch.fnmatch(path.name, getattr(settings, kind.name).files):
            return kind
    return None


def read_events(path: Path, kind: Kind, settings: ForecastSettings) -> Iterator[Batch]:
    """The file's rows in batches. Raises ForecastError when the file itself cannot be read."""
    zone(settings.time_zone)
    if not path.is_file():
        raise ForecastError("does not exist.", where=str(path), todo="Check the name.")
    if path.stat().st_size == 0:
        raise ForecastError("is empty (0 bytes).", where=str(path), todo="Export it again.")
    mapping = _mapping(kind, settings)
    needed = kind.needed
    if not has_open_rows(path):  # a table in which no move can ever end is mapped wrongly
        needed = (*needed, "end")
    for rows in read_rows(path):
        if not len(rows.line) and not rows.frame.columns:  # lines of which none is a row
            yield Batch(kind, pl.DataFrame(schema=schema_of(kind)), rows.bad, 0)
            continue
        for name, column in mapping.items():
            if column not in rows.frame and name in needed:
                there = ", ".join(rows.frame.columns) or "none"
                todo = f"Map it in [forecast.{kind.name}] of domain.toml; there are {there}."
                raise ForecastError(f"has no column {column!r}.", where=str(path), todo=todo)
            if column in rows.frame:
                spent = kind is MOVES and column == settings.moves.duration
                _check_type(rows.frame[column], "duration" if spent else name, kind, path)
        yield _clean(rows, kind, mapping, settings)


def _check_type(column: pl.Series, name: str, kind: Kind, path: Path) -> None:
    """Columns of Parquet have types. Raises ForecastError for one that can never be what it is
    mapped to."""
    found, what = column.dtype, "text"
    wrong = found.is_nested() or found in (pl.Binary, pl.Object)
    if name in kind.times:
        what = "times"
        wrong |= found in (pl.Boolean, pl.Time, pl.Duration)
    elif name in kind.numbers or name == "duration":
        what = "numbers"
        wrong |= found == pl.Boolean or found.is_temporal()
        wrong &= name != "duration" or found != pl.Duration
    else:
        wrong |= found == pl.Duration
    if wrong:
        todo = f"Write it as {what}, or map another in [forecast.{kind.name}] of domain.toml."
        said = f"column {column.name!r} holds {found}, where {what} should stand."
        raise ForecastError(said, where=str(path), todo=todo)


def _mapping(kind: Kind, settings: ForecastSettings) -> dict[str, str]:
    """Our column → the file's, for the columns that the domain names."""
    m, r, p, s = settings.moves, settings.readings, settings.schedule, settings.stock
    columns: dict[str, dict[str, str | None]] = {
        "moves": {
            "id": m.id, "source": m.route or m.source, "destination": m.route or m.destination,
            "priority": m.priority, "vehicle": m.vehicle, "start": m.start,
            "end": m.duration or m.end,
        },
        "readings": {"sensor": r.sensor, "place": r.place, "at": r.at, "value": r.value},
        "schedule": {
            "id": p.id, "kind": p.kind, "place": p.place, "note": p.note, "start": p.start,
            "end": p.end,
        },
        "stock": {"item": s.item, "place": s.place, "at": s.at, "level": s.level},
    }  # fmt: skip
    return {name: column for name, column in columns[kind.name].items() if column}


def _clean(rows: Rows, kind: Kind, mapping: dict[str, str], settings: ForecastSettings) -> Batch:
    """Typed columns, and a reason for each row that has none of them right."""
    frame = rows.frame
    made: dict[str, pl.Series] = {}
    empty = pl.Series([None] * len(frame), dtype=pl.String)
    for name in kind.text:
        column = frame[mapping[name]] if mapping.get(name, "") in frame.columns else empty
        # a name with a line break in it could pass for a line of its own, in a prompt too
        text = column.cast(pl.String).str.replace_all(r"[\x00-\x1f\x7f]+", " ").str.strip_chars()
        made[name] = text.set(text == "", None)
    later: dict[str, pl.Series] = {}
    duration = settings.moves.duration if kind is MOVES else None
    for name in kind.times:
        if (name == "end" and duration is not None) or mapping.get(name, "") not in frame.columns:
            made[name] = later[name] = pl.Series([None] * len(frame), dtype=pl.Int64)
            continue
        read = to_utc(frame[mapping[name]], settings.time_zone, settings.time_format)
        made[name], later[name] = read["at"], read["later"]
    for name in kind.numbers:
        number = frame[mapping[name]].cast(pl.Float64, strict=False)
        made[name] = number.set(~number.is_finite().fill_null(False), None)
    events = pl.DataFrame({n: made[n].alias(n) for n in kind.columns})
    ambiguous = sum(int((made[n] != later[n]).sum() or 0) for n in kind.times)
    if kind is MOVES:
        events = _as_moves(events, frame, later, settings)
    elif "end" in kind.times:
        # an end that would lie before its start is the second of two like hours
        events = events.with_columns(end=_later_if_before(events, later["end"]))
    events = events.with_columns(
        pl.col(t).fill_null("") for t in kind.key if t in kind.text and t != "id"
    )
    reason = _reasons(events, frame, kind, mapping, settings)
    aside = reason.is_not_null()
    raw = frame.filter(aside)
    made_bad = bad_rows(
        zip(
            rows.line.filter(aside).to_list(),
            reason.filter(aside).to_list(),
            [json.dumps(row, ensure_ascii=False, default=str) for row in raw.to_dicts()],
            strict=True,
        )
    )
    return Batch(kind, events.filter(~aside), pl.concat([rows.bad, made_bad]), ambiguous)


def _later_if_before(rows: pl.DataFrame, later: pl.Series) -> pl.Expr:
    return pl.when(pl.col("end") < pl.col("start")).then(later).otherwise(pl.col("end"))


def _as_moves(
    rows: pl.DataFrame, frame: pl.DataFrame, later: dict[str, pl.Series], settings: ForecastSettings
) -> pl.DataFrame:
    columns = settings.moves
    if columns.route is not None:
        # "A→B→C" is no pair: its second place keeps an arrow, for which the row is set aside
        ends = rows["source"].str.replace(r"\s*(?:→|->)\s*", "→").str.splitn("→", 2)
        rows = rows.with_columns(
            pl.when(name != "").then(name).alias(end)
            for end, name in zip(
                ("source", "destination"),
                (ends.struct.field("field_0"), ends.struct.field("field_1")),
                strict=True,
            )
        )
    if columns.place is not None:
        places = [pl.col(name).str.extract(columns.place, 1) for name in ("source", "destination")]
        try:
            rows = rows.with_columns(places)
        except pl.exceptions.ComputeError as error:  # Rust's patterns know no look-around
            said = f"{columns.place!r} cannot be used: {str(error).splitlines()[0]}."
            todo = "Write it without look-around and references back."
            raise ForecastError(said, where="[forecast.moves] place", todo=todo) from error
    if columns.duration is not None and columns.duration in frame.columns:
        spent = frame[columns.duration]
        if spent.dtype == pl.Duration:
            spent = spent.dt.total_milliseconds()
        else:
            number = spent.cast(pl.Float64, strict=False)
            spent = (number * _MILLISECONDS[columns.duration_unit]).fill_nan(None).round()
        # the sum of a time and an endless or absurd duration is no time
        rows = rows.with_columns(
            end=pl.col("start") + spent.set(spent.abs() > LATEST, None).cast(pl.Int64)
        )
    else:
        rows = rows.with_columns(end=_later_if_before(rows, later["end"]))
    if not columns.id:
        everything = pl.concat_str(
            [pl.col(c).cast(pl.String).fill_null("") for c in rows.columns[1:]], separator="\x1f"
        )
        rows = rows.with_columns(id=everything)
    return rows


def _reasons(
    rows: pl.DataFrame,
    frame: pl.DataFrame,
    kind: Kind,
    mapping: dict[str, str],
    settings: ForecastSettings,
) -> pl.Series:
    """For each row the first thing that is wrong with it, or null."""
    checks: list[pl.Expr] = []
    for name in (*kind.times, *kind.numbers):
        column = mapping.get(name, "")
        if column in frame.columns:
            given = frame[column]
            if given.dtype == pl.Duration:
                given = given.dt.total_milliseconds()
            given = given.cast(pl.String).fill_null("").str.strip_chars()
            what = f"{name} is skipped by the clock, or is no time from 1980 to 2199: "
            unread = pl.col(name).is_null() & (given != "")
            if name in kind.numbers:
                what = f"{name} is no number: "
            elif column == settings.moves.duration and kind is MOVES:
                what = "duration is no number: "
                unread &= pl.col("start").is_not_null()
            checks.append(pl.when(unread).then(pl.lit(what) + given.str.slice(0, 40)))
    for name in kind.needed:
        checks.append(pl.when(pl.col(name).is_null()).then(pl.lit(f"lacks {name}")))
    if kind is MOVES:
        longest = settings.moves.longest_minutes
        took = (pl.col("end") - pl.col("start")) / 60_000
        for end in ("source", "destination"):
            what = f"{end} holds an arrow, which stands between the places of a route"
            checks.append(pl.when(pl.col(end).str.contains("→|->")).then(pl.lit(what)))
        checks.append(pl.when(took < 0).then(pl.lit("ends before it starts")))
        checks.append(pl.when(took == 0).then(pl.lit("takes no time")))
        what = f"takes longer than {longest:,.0f} minutes"
        checks.append(pl.when(took > longest).then(pl.lit(what)))
    elif "end" in kind.times:
        ends = pl.col("end") < pl.col("start")
        checks.append(pl.when(ends).then(pl.lit("ends before it starts")))
    return rows.select(pl.coalesce(checks).alias("reason"))["reason"]
