"""The rows of a file of events as they stand in it, each with its line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sadari.forecasting.errors import ForecastError

ROWS_AT_ONCE = 250_000
BadRow = tuple[int, str, str]  # line, reason, raw text


@dataclass(frozen=True)
class Rows:
    """Rows as columns with the line of each (in Parquet its number), and the lines that are no
    rows."""

    frame: pl.DataFrame
    line: pl.Series
    bad: pl.DataFrame


def bad_rows(rows: Iterable[BadRow] = ()) -> pl.DataFrame:
    """Rows that were set aside: line, reason, raw."""
    schema = {"line": pl.Int64, "reason": pl.String, "raw": pl.String}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def has_open_rows(path: Path) -> bool:
    """Whether each row names its own columns, so that one that no row has says nothing."""
    return path.suffix.lower() in (".jsonl", ".ndjson")


def read_rows(path: Path) -> Iterator[Rows]:
    """The rows of CSV, Parquet or JSON lines in batches. Raises ForecastError when the file
    cannot be read or is of no known format."""
    suffix = path.suffix.lower()
    try:
        if suffix in (".parquet", ".pq"):
            whole = pl.read_parquet(path)
            for begin in range(0, max(len(whole), 1), ROWS_AT_ONCE):
                frame = whole.slice(begin, ROWS_AT_ONCE)
                yield Rows(frame, _lines(begin + 1, len(frame)), bad_rows())
        elif has_open_rows(path):
            yield from _json_lines(path)
        elif suffix in (".csv", ".tsv", ".txt"):
            yield from _csv(path, "\t" if suffix == ".tsv" else ",")
        else:
            todo = "Events are .csv, .tsv, .parquet or .jsonl."
            raise ForecastError("is of no known format.", where=str(path), todo=todo)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError, csv.Error) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        utf_8 = "" if suffix in (".parquet", ".pq") else " and in UTF-8"
        todo = f"Check that the file is whole{utf_8}."
        raise ForecastError(f"cannot be read: {reason}.", where=str(path), todo=todo) from error


def _lines(first: int, count: int) -> pl.Series:
    return pl.Series("line", range(first, first + count), dtype=pl.Int64)


def _csv(path: Path, separator: str) -> Iterator[Rows]:
    seen, line = 0, 2
    lazy = pl.scan_csv(path, separator=separator, infer_schema=False, encoding="utf8")
    try:
        for frame in lazy.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
            # a quoted field may go over several lines
            breaks = frame.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True)))
            over = breaks.to_series().cum_sum().shift(1, fill_value=0).cast(pl.Int64)
            yield Rows(frame, _lines(line, len(frame)) + over, bad_rows())
            seen += len(frame)
            line += len(frame) + int(breaks.to_series().sum())
    except pl.exceptions.ComputeError:  # a row too long, or an open quote: look at each
        yield from _csv_by_line(path, separator, seen)


def _csv_by_line(path: Path, separator: str, seen: int) -> Iterator[Rows]:
    """The rows after those seen, each on a line of its own."""
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    header = next(csv.reader([lines[0].rstrip("\r")], delimiter=separator))
    good, bad, numbers = io.StringIO(), [], []
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
            numbers.append(number)
    frame = pl.read_csv(good.getvalue().encode(), separator=separator, infer_schema=False)
    yield Rows(frame, pl.Series("line", numbers, dtype=pl.Int64), bad_rows(bad))


def _json_lines(path: Path) -> Iterator[Rows]:
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    bad: list[BadRow] = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                rows.append(value)
                lines.append(number)
            else:
                bad.append((number, "is no JSON object", line.rstrip("\n")[:1000]))
            if len(rows) >= ROWS_AT_ONCE:
                yield _from_objects(rows, lines, bad)
                rows, lines, bad = [], [], []
    yield _from_objects(rows, lines, bad)


def _from_objects(rows: list[dict[str, Any]], lines: list[int], bad: list[BadRow]) -> Rows:
    """Objects as text columns: what a name means may differ from row to row."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame(
        {n: [None if row.get(n) is None else str(row[n]) for row in rows] for n in names},
        schema=dict.fromkeys(names, pl.String),
    )
    return Rows(frame, pl.Series("line", lines, dtype=pl.Int64), bad_rows(bad))
