"""Events that survive: a durable SQLite inbox, with Parquet by day beside it for reading.

SQLite takes many small transactions and knows ids; Parquet is what a million rows are read from.
The inbox is the truth. A day's Parquet file is a copy that is written again when the day changed.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sadari.forecasting.errors import ForecastError
from sadari.forecasting.events.clock import DAY
from sadari.forecasting.events.kinds import KINDS, Kind, schema_of
from sadari.forecasting.events.reading import Batch
from sadari.store import open_database, sync

_BUSY = 60.0  # seconds to wait for another writer
_TYPES = {"text": "TEXT", "times": "INTEGER", "numbers": "REAL"}


@dataclass(frozen=True)
class Counts:
    """What became of the rows of a file: rows = new + revised + repeated + set_aside."""

    rows: int = 0
    new: int = 0
    revised: int = 0
    repeated: int = 0
    set_aside: int = 0
    ambiguous: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            *(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True))
        )


class Inbox:
    """The events of one domain in one folder. `add` returns when its rows are on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = open_database(folder / "inbox.db", _SCHEMA, patience=_BUSY)
        except (OSError, sqlite3.Error) as error:
            todo = "Choose a folder that can be written with SADARI_HOME."
            raise ForecastError(
                f"cannot be opened: {error}.", where=str(folder), todo=todo
            ) from error

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    def add(self, batch: Batch, source: str) -> Counts:
        """Keeps a batch in one transaction. An event that is known already is revised when it says
        something else, unless it is unfinished and the known one is finished."""
        kind, frame = batch.kind, batch.good
        one = frame
        if kind.closes is not None:  # of two rows in one batch the finished one counts
            one = one.sort(pl.col(kind.closes).is_not_null(), maintain_order=True)
        one = one.unique(subset=list(kind.key), keep="last", maintain_order=True)
        names = ", ".join(f'"{c}"' for c in kind.columns)
        places = ", ".join("?" for _ in kind.columns)
        same = " AND ".join(f'i."{k}" = {kind.name}."{k}"' for k in kind.key)
        rest = [c for c in kind.columns if c not in kind.key]
        differs = " OR ".join(f'i."{c}" IS NOT {kind.name}."{c}"' for c in rest)
        sets = ", ".join(f'"{c}" = i."{c}"' for c in rest)
        fresh = ""
        if kind.closes is not None:
            fresh = f' AND (i."{kind.closes}" NOT NULL OR {kind.name}."{kind.closes}" IS NULL)'
        with self._change() as db:
            db.execute(f"CREATE TEMP TABLE IF NOT EXISTS incoming_{kind.name} ({names})")
            db.execute(f"DELETE FROM incoming_{kind.name}")
            db.executemany(
                f"INSERT INTO incoming_{kind.name} VALUES ({places})",
                one.select(kind.columns).iter_rows(),
            )
            day = f'"{kind.day_of}" / {DAY}'
            before = db.execute(
                f"SELECT DISTINCT {kind.name}.{day} FROM {kind.name} "
                f"JOIN incoming_{kind.name} i ON {same}"
            ).fetchall()
            new = db.execute(
                f"INSERT OR IGNORE INTO {kind.name} ({names}) SELECT * FROM incoming_{kind.name}"
            ).rowcount
            revised = 0
            if new < len(one):
                revised = db.execute(
                    f"UPDATE {kind.name} SET {sets} FROM incoming_{kind.name} i "
                    f"WHERE {same} AND ({differs}){fresh}"
                ).rowcount
            if new or revised:
                after = db.execute(f"SELECT DISTINCT {day} FROM incoming_{kind.name}").fetchall()
                days = [(kind.name, number) for (number,) in {*before, *after}]
                db.executemany("INSERT OR IGNORE INTO stale VALUES (?, ?)", days)
                db.execute("UPDATE changes SET n = n + 1")
            db.executemany(
                "INSERT INTO quarantine VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                ((kind.name, source, *row) for row in batch.bad.iter_rows()),
            )
        repeated = len(frame) - new - revised
        return Counts(batch.rows, new, revised, repeated, len(batch.bad), batch.ambiguous)

    def quarantine(self) -> pl.DataFrame:
        """What was set aside: kind, file, line, reason, raw. The same row of the same file once."""
        rows = self._database.execute("SELECT * FROM quarantine").fetchall()
        schema = {
            "kind": pl.String,
            "file": pl.String,
            "line": pl.Int64,
            "reason": pl.String,
            "raw": pl.String,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def scan(self, kind: Kind) -> pl.LazyFrame:
        """All events of a kind, from Parquet; days that changed are written first."""
        self._refresh(kind)
        files = sorted((self.folder / kind.name).glob("*.parquet"))
        if not files:
            return pl.LazyFrame(schema=schema_of(kind))
        return pl.scan_parquet(files)

    def version(self) -> str:
        """Changes whenever an event is added or revised."""
        row = self._database.execute("SELECT n FROM changes").fetchone()
        return str(row[0])

    def _refresh(self, kind: Kind) -> None:
        db = self._database
        if not db.execute("SELECT 1 FROM stale WHERE kind = ? LIMIT 1", (kind.name,)).fetchone():
            return
        folder = self.folder / kind.name
        folder.mkdir(exist_ok=True)
        names = ", ".join(f'"{c}"' for c in kind.columns)
        with (self.folder / "refresh.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            db.execute("BEGIN IMMEDIATE")  # no writer in between: what is written is what is marked
            try:
                days = db.execute("SELECT day FROM stale WHERE kind = ?", (kind.name,)).fetchall()
                for (day,) in days:
                    rows = db.execute(
                        f'SELECT {names} FROM {kind.name} WHERE "{kind.day_of}" >= ? '
                        f'AND "{kind.day_of}" < ?', (day * DAY, (day + 1) * DAY)
                    ).fetchall()  # fmt: skip
                    frame = pl.DataFrame(rows, schema=schema_of(kind), orient="row")
                    path = folder / f"{day}.parquet"
                    unfinished = path.with_suffix(".unfinished")
                    frame.write_parquet(unfinished)
                    sync(unfinished)
                    unfinished.replace(path)
                db.execute("DELETE FROM stale WHERE kind = ?", (kind.name,))
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        db = self._database
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            where = str(self.folder / "inbox.db")
            raise ForecastError(f"cannot be written: {error}.", where=where) from error


def _table(kind: Kind) -> str:
    columns = [f'"{name}" {_TYPES[group]}' for group in _TYPES for name in getattr(kind, group)]
    key = ", ".join(f'"{k}"' for k in kind.key)
    return (
        f"CREATE TABLE IF NOT EXISTS {kind.name} ({', '.join(columns)}, PRIMARY KEY ({key}));"
        f'CREATE INDEX IF NOT EXISTS {kind.name}_day ON {kind.name} ("{kind.day_of}");'
    )


_SCHEMA = (
    "".join(map(_table, KINDS))
    + """
CREATE TABLE IF NOT EXISTS quarantine (
    kind TEXT, file TEXT, line INTEGER, reason TEXT, raw TEXT,
    PRIMARY KEY (kind, file, line, raw));
CREATE TABLE IF NOT EXISTS stale (kind TEXT, day INTEGER, PRIMARY KEY (kind, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (n INTEGER);
INSERT INTO changes SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM changes);
"""
)
