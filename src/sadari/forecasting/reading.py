"""A file of events, read by the domain's column mapping; what cannot be used is set aside with the
reason, so that rows read = rows good + rows set aside."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sadari.domain.forecast_settings import ForecastSettings
from sadari.forecasting.clock import to_utc, zone
from sadari.forecasting.errors import ForecastError
from sadari.forecasting.kinds import KINDS, MOVES, Kind

ROWS_AT_ONCE = 250_000
_MINUTES = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0}


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
    for frame, bad, first_line in _frames(path):
        lacking = [c for name, c in mapping.items() if name in kind.needed and c not in frame]
        if lacking:
            todo = f"Map it in [forecast.{kind.name}] of domain.toml; there are {frame.columns}."
            raise ForecastError(f"has no column {lacking[0]!r}.", where=str(path), todo=todo)
        yield _clean(frame, bad, first_line, kind, mapping, settings)


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


def _frames(path: Path) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, int]]:
    """(rows, rows that are no rows, line of the first) of CSV, Parquet or JSON lines."""
    none = _bad([])
    suffix = path.suffix.lower()
    try:
        if suffix in (".parquet", ".pq"):
            whole = pl.read_parquet(path)
            for begin in range(0, max(len(whole), 1), ROWS_AT_ONCE):
                yield whole.slice(begin, ROWS_AT_ONCE), none, begin + 1
        elif suffix in (".jsonl", ".ndjson"):
            yield from _json_lines(path)
        elif suffix in (".csv", ".tsv", ".txt"):
            yield from _csv(path, "\t" if suffix == ".tsv" else ",")
        else:
            todo = "Events are .csv, .tsv, .parquet or .jsonl."
            raise ForecastError("is of no known format.", where=str(path), todo=todo)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError, csv.Error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        todo = "Check that the file is whole and in UTF-8."
        raise ForecastError(f"cannot be read: {reason}.", where=str(path), todo=todo) from error


def _csv(path: Path, separator: str) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, int]]:
    seen = 0
    lazy = pl.scan_csv(path, separator=separator, infer_schema=False, encoding="utf8")
    try:
        for frame in lazy.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
            yield frame, _bad([]), seen + 2
            seen += len(frame)
    except pl.exceptions.ComputeError:  # a row too long, or an open quote: look at each
        yield from _csv_by_line(path, separator, seen)


def _csv_by_line(
    path: Path, separator: str, seen: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, int]]:
    """The rows after those seen, each on a line of its own."""
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    header = next(csv.reader([lines[0].rstrip("\r")], delimiter=separator))
    good, bad = io.StringIO(), []
    good.write(lines[0] + "\n")
    for number, line in enumerate(lines[1 + seen :], start=2 + seen):
        line = line.rstrip("\r")
        if not line:
            continue
        fields = next(csv.reader([line], delimiter=separator))
        if len(fields) != len(header) or line.count('"') % 2:
            reason = f"has {len(fields)} fields under {len(header)} columns"
            bad.append((number, reason, line))
        else:
            good.write(line + "\n")
    frame = pl.read_csv(good.getvalue().encode(), separator=separator, infer_schema=False)
    yield frame, _bad(bad), 2 + seen


def _json_lines(path: Path) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, int]]:
    rows: list[dict[str, Any]] = []
    bad: list[tuple[int, str, str]] = []
    first = 1
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError:
                value = None
            if isinstance(value, dict):
                rows.append(value)
            else:
                bad.append((number, "is no JSON object", line.rstrip("\n")))
            if len(rows) >= ROWS_AT_ONCE:
                yield _from_objects(rows), _bad(bad), first
                rows, bad, first = [], [], number + 1
    yield _from_objects(rows), _bad(bad), first


def _from_objects(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Objects as text columns: what a name means may differ from row to row."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame(
        {n: [None if row.get(n) is None else str(row[n]) for row in rows] for n in names},
        schema=dict.fromkeys(names, pl.String),
    )


def _bad(rows: list[tuple[int, str, str]]) -> pl.DataFrame:
    schema = {"line": pl.Int64, "reason": pl.String, "raw": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _clean(
    frame: pl.DataFrame,
    bad: pl.DataFrame,
    first_line: int,
    kind: Kind,
    mapping: dict[str, str],
    settings: ForecastSettings,
) -> Batch:
    """Typed columns, and a reason for each row that has none of them right."""
    made: dict[str, pl.Series] = {}
    empty = pl.Series([None] * len(frame), dtype=pl.String)
    for name in kind.text:
        column = frame[mapping[name]] if mapping.get(name, "") in frame.columns else empty
        text = column.cast(pl.String).str.strip_chars()
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
    rows = pl.DataFrame({n: made[n].alias(n) for n in kind.columns})
    ambiguous = sum(int((made[n] != later[n]).sum() or 0) for n in kind.times)
    if kind is MOVES:
        rows = _as_moves(rows, frame, later, settings)
    elif "end" in kind.times:
        # an end that would lie before its start is the second of two like hours
        rows = rows.with_columns(end=_later_if_before(rows, later["end"]))
    rows = rows.with_columns(
        pl.col(t).fill_null("") for t in kind.key if t in kind.text and t != "id"
    )
    reason = _reasons(rows, frame, kind, mapping, settings)
    line = pl.Series("line", range(first_line, first_line + len(frame)))
    aside = reason.is_not_null()
    raw = frame.filter(aside)
    made_bad = pl.DataFrame(
        {
            "line": line.filter(aside).cast(pl.Int64),
            "reason": reason.filter(aside),
            "raw": [json.dumps(row, ensure_ascii=False, default=str) for row in raw.to_dicts()],
        },
        schema={"line": pl.Int64, "reason": pl.String, "raw": pl.String},
    )
    return Batch(kind, rows.filter(~aside), pl.concat([bad, made_bad]), ambiguous)


def _later_if_before(rows: pl.DataFrame, later: pl.Series) -> pl.Expr:
    return pl.when(pl.col("end") < pl.col("start")).then(later).otherwise(pl.col("end"))


def _as_moves(
    rows: pl.DataFrame, frame: pl.DataFrame, later: dict[str, pl.Series], settings: ForecastSettings
) -> pl.DataFrame:
    columns = settings.moves
    if columns.route is not None:
        ends = rows["source"].str.replace(r"\s*(?:→|->)\s*", "→").str.split_exact("→", 1)
        rows = rows.with_columns(
            source=ends.struct.field("field_0"), destination=ends.struct.field("field_1")
        )
    if columns.place is not None:
        rows = rows.with_columns(
            pl.col(name).str.extract(columns.place, 1) for name in ("source", "destination")
        )
    if columns.duration is not None and columns.duration in frame.columns:
        factor = _MINUTES[columns.duration_unit] * 60_000
        spent = frame[columns.duration].cast(pl.Float64, strict=False) * factor
        rows = rows.with_columns(
            end=pl.col("start") + spent.fill_nan(None).round().cast(pl.Int64, strict=False)
        )
    else:
        rows = rows.with_columns(end=_later_if_before(rows, later["end"]))
    if not columns.id:
        said = pl.concat_str(
            [pl.col(c).cast(pl.String).fill_null("") for c in rows.columns[1:]], separator="\x1f"
        )
        rows = rows.with_columns(id=said)
    return rows


def _reasons(
    rows: pl.DataFrame,
    frame: pl.DataFrame,
    kind: Kind,
    mapping: dict[str, str],
    settings: ForecastSettings,
) -> pl.Series:
    """For each row the first thing that is wrong with it, or null."""
    reason = pl.lit(None, dtype=pl.String)
    checks: list[tuple[pl.Expr, pl.Expr]] = []
    if kind is MOVES:
        longest = settings.moves.longest_minutes
        took = (pl.col("end") - pl.col("start")) / 60_000
        checks.append((took < 0, pl.lit("ends before it starts")))
        checks.append((took == 0, pl.lit("takes no time")))
        checks.append((took > longest, pl.lit(f"takes longer than {longest:,.0f} minutes")))
    elif "end" in kind.times:
        checks.append((pl.col("end") < pl.col("start"), pl.lit("ends before it starts")))
    for name in kind.needed:
        checks.append((pl.col(name).is_null(), pl.lit(f"lacks {name}")))
    given = {
        n: frame[c].cast(pl.String).fill_null("") for n, c in mapping.items() if c in frame.columns
    }
    for name in (*kind.times, *kind.numbers):
        if name in given:
            what = "skipped by the clock, or is no time" if name in kind.times else "is no number"
            what = f"{name} {what}: "
            unread = pl.col(name).is_null() & (given[name].str.strip_chars() != "")
            checks.append((unread, pl.lit(what) + given[name].str.slice(0, 40)))
    for wrong, why in checks:
        reason = pl.when(wrong.fill_null(False)).then(why).otherwise(reason)
    return rows.select(reason.alias("reason"))["reason"]
