"""Durable state: one SQLite database in WAL mode, and folders of immutable files beside it."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sadari import __version__
from sadari.store.database import open_database
from sadari.text import SadariError

Status = Literal["running", "done", "failed"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, kind TEXT NOT NULL,
    domain TEXT NOT NULL, status TEXT NOT NULL, inputs TEXT NOT NULL, settings TEXT NOT NULL,
    outputs TEXT NOT NULL DEFAULT '{}', metrics TEXT NOT NULL DEFAULT '{}',
    environment TEXT NOT NULL, started TEXT NOT NULL, finished TEXT);
CREATE TABLE IF NOT EXISTS looks (
    domain TEXT, exam TEXT, count INTEGER NOT NULL, PRIMARY KEY (domain, exam)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS releases (
    number INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL, digest TEXT NOT NULL,
    UNIQUE (domain, digest));
CREATE TABLE IF NOT EXISTS promotions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL, digest TEXT NOT NULL,
    at TEXT NOT NULL, withdrawn TEXT);
"""


class StoreError(SadariError):
    """State that cannot be read or written, with where and what to do."""


@dataclass(frozen=True)
class Run:
    """One piece of work: what went in, how it was set, what came out, and where it ran."""

    id: str
    kind: str
    domain: str
    status: Status
    inputs: Mapping[str, Any]
    settings: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""
    finished: str | None = None


def state_home(home: Path | None = None) -> Path:
    """The folder of all state: `home`, else where SADARI_HOME points, else `.sadari` in the working
    directory; made if it is not there. Raises StoreError where it cannot be written."""
    place = home or Path(os.environ.get("SADARI_HOME") or ".sadari")
    try:
        place.mkdir(parents=True, exist_ok=True)
        ignore = place / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(place, error) from error
    return place.resolve()


def _unwritable(path: Path, error: Exception) -> StoreError:
    todo = "Choose a folder that can be written with SADARI_HOME."
    return StoreError(f"cannot be opened: {error}.", where=str(path), todo=todo)


class Store:
    """The state in one home folder. Every change is one transaction; several processes may use
    the same home, and several threads the same Store."""

    def __init__(self, home: Path, database: sqlite3.Connection) -> None:
        self.home = home
        self._database = database
        self._lock = threading.Lock()

    @classmethod
    def open(cls, home: Path | None = None) -> Store:
        """The store in `state_home(home)`. Raises StoreError where it cannot be written."""
        place = state_home(home)
        path = place / "state.db"
        try:
            database = open_database(path, _SCHEMA, patience=30, threads=True)
        except (OSError, sqlite3.Error) as error:
            raise _unwritable(path, error) from error
        return cls(place, database)

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    # Runs

    def start_run(
        self, kind: str, domain: str, inputs: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Run:
        """A new run, named `<kind>-<number>`."""
        environment = {
            "sadari": __version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
        }
        with self._change() as db:
            row = db.execute(
                "INSERT INTO runs (kind, domain, status, inputs, settings, environment, started)"
                " VALUES (?, ?, 'running', ?, ?, ?, ?)",
                (kind, domain, _json(inputs), _json(settings), _json(environment), _now()),
            )
            name = f"{kind}-{row.lastrowid}"
            db.execute("UPDATE runs SET id = ? WHERE number = ?", (name, row.lastrowid))
        self.run_folder(name).mkdir(parents=True, exist_ok=True)
        return self.run(name)

    @contextmanager
    def running(
        self, kind: str, domain: str, inputs: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Iterator[Run]:
        """A run that the block finishes, and that has failed where the block raises."""
        run = self.start_run(kind, domain, inputs, settings)
        try:
            yield run
        except BaseException:
            self.finish_run(run.id, "failed")
            raise

    def finish_run(
        self,
        run: str,
        status: Status,
        *,
        outputs: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Says how a run ended."""
        with self._change() as db:
            db.execute(
                "UPDATE runs SET status = ?, outputs = ?, metrics = ?, finished = ? WHERE id = ?",
                (status, _json(outputs or {}), _json(metrics or {}), _now(), run),
            )

    def run(self, run: str) -> Run:
        """One run by its id. Raises StoreError when there is none."""
        found = self.runs(name=run)
        if not found:
            raise StoreError(f"there is no run {run}.", where=str(self.home))
        return found[0]

    def runs(
        self, domain: str | None = None, kind: str | None = None, *, name: str | None = None
    ) -> list[Run]:
        """Runs, oldest first, of one domain, kind or id if these are given."""
        rows = self._rows(
            "SELECT id, kind, domain, status, inputs, settings, outputs, metrics, environment,"
            " started, finished FROM runs WHERE (?1 IS NULL OR domain = ?1)"
            " AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR id = ?3) ORDER BY number",
            (domain, kind, name),
        )
        return [Run(*row[:4], *map(json.loads, row[4:9]), *row[9:]) for row in rows]

    def run_folder(self, run: str) -> Path:
        """Where a run keeps its files."""
        return self.home / "runs" / run

    # How often an exam has been looked at

    def next_look(self, domain: str, exam: str) -> int:
        """Counts one more look at an exam's results; returns how many there have been."""
        with self._change() as db:
            row = db.execute(
                "INSERT INTO looks VALUES (?, ?, 1) ON CONFLICT (domain, exam)"
                " DO UPDATE SET count = count + 1 RETURNING count",
                (domain, exam),
            ).fetchone()
        return int(row[0])

    # Releases, and which of them is current

    def save_release(self, domain: str, digest: str) -> None:
        """Notes that a release's folder is complete."""
        with self._change() as db:
            db.execute(
                "INSERT OR IGNORE INTO releases (domain, digest) VALUES (?, ?)", (domain, digest)
            )

    def releases(self, domain: str) -> list[str]:
        """The digests of a domain's releases, oldest first."""
        query = "SELECT digest FROM releases WHERE domain = ? ORDER BY number"
        return [row[0] for row in self._rows(query, (domain,))]

    def domains_with_releases(self) -> list[str]:
        """The domains that have a promoted release."""
        query = "SELECT DISTINCT domain FROM promotions WHERE withdrawn IS NULL ORDER BY domain"
        return [row[0] for row in self._rows(query, ())]

    def promote(self, domain: str, digest: str) -> None:
        """Makes a release the current one, in one transaction. The current one stays as it is."""
        with self._change() as db:
            db.execute(
                "INSERT INTO promotions (domain, digest, at) SELECT ?1, ?2, ?3 WHERE ?2 IS NOT"
                " (SELECT digest FROM promotions WHERE domain = ?1 AND withdrawn IS NULL"
                " ORDER BY number DESC LIMIT 1)",
                (domain, digest, _now()),
            )

    def withdraw(self, domain: str) -> None:
        """Takes the last promotion back, so that the one before it is current again."""
        with self._change() as db:
            db.execute(
                "UPDATE promotions SET withdrawn = ? WHERE number = (SELECT max(number)"
                " FROM promotions WHERE domain = ? AND withdrawn IS NULL)",
                (_now(), domain),
            )

    def promoted(self, domain: str) -> list[str]:
        """Digests of the promotions that stand, the current one last."""
        query = (
            "SELECT digest FROM promotions WHERE domain = ? AND withdrawn IS NULL ORDER BY number"
        )
        return [row[0] for row in self._rows(query, (domain,))]

    # Locks

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Holds a lock between processes; the system frees it if the holder dies."""
        folder = self.home / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, self._database:
                self._database.execute("BEGIN IMMEDIATE")
                yield self._database
        except sqlite3.Error as error:
            where = str(self.home / "state.db")
            raise StoreError(f"cannot be written: {error}.", where=where) from error

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, default=str)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
