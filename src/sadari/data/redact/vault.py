"""Where placeholders and what they stand for are kept: one local file that only its owner reads."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sadari.data.redact.span import KINDS, Kind, composed, fold
from sadari.data.types import DataError
from sadari.store import open_database

# `[PHONE_3]`; the same number in another spelling is `[PHONE_3.2]`.
PLACEHOLDER = re.compile(
    rf"\[(?P<kind>{'|'.join(k.upper() for k in KINDS)})"
    r"_(?P<number>[1-9][0-9]{0,8})(?:\.(?P<form>[1-9][0-9]{0,4}))?\]"
)
_NUMBERS = frozenset(KINDS) - {"email", "name", "address"}
_PATIENCE = 600  # seconds that one process waits while another redacts
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (
    kind TEXT, number INTEGER, form INTEGER, identity TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (kind, number, form), UNIQUE (kind, value)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS same ON kept (kind, identity);
CREATE TABLE IF NOT EXISTS taken (
    kind TEXT, number INTEGER, PRIMARY KEY (kind, number)) WITHOUT ROWID;
"""


class Vault:
    """A map from placeholders to values. The same value has the same placeholder for as long as
    the file exists. Several processes may use one file; each waits for the other to finish."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database
        self._placeholders: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._load()

    @classmethod
    def open(cls, path: Path) -> Vault:
        """The vault in `path`, made with mode 0600 (its folder 0700) if it is not there. Raises
        DataError where it cannot be written, or where others may read it."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            mode = path.stat().st_mode & 0o777
            if mode & 0o077:
                what = f"is open to others (mode {mode:o}) and holds personal data."
                raise DataError(what, where=str(path), todo=f"Close it: chmod 600 {path}")
            return cls(path, open_database(path, _SCHEMA, patience=_PATIENCE, wal=False))
        except (OSError, sqlite3.Error) as error:
            todo = "Choose a folder that can be written with SADARI_HOME."
            raise DataError(f"cannot be opened: {error}.", where=str(path), todo=todo) from error

    def __enter__(self) -> Vault:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def __len__(self) -> int:
        """How many values are kept."""
        return len(self._values)

    def placeholder(self, kind: Kind, value: str) -> str:
        """The placeholder of a value, a new one if it was never seen. Written at once, unless a
        `batch` is open."""
        known = self._placeholders.get((kind, value))
        if known is not None:
            return known
        with self.batch() as db:
            row = db.execute(
                "SELECT number, form FROM kept WHERE kind = ? AND value = ?", (kind, value)
            ).fetchone()
            if row is None:
                same = identity(kind, value)
                row = self._next(db, kind, same)
                db.execute("INSERT INTO kept VALUES (?, ?, ?, ?, ?)", (kind, *row, same, value))
        number, form = row
        return self._remember(kind, number, form, value)

    def value(self, placeholder: str) -> str | None:
        """What a placeholder stands for; None when this vault never gave it out."""
        return self._values.get(placeholder)

    def reserve(self, placeholder: re.Match[str]) -> None:
        """Never gives out this placeholder: it stood in a text before that text was redacted."""
        kind, number = placeholder["kind"].lower(), int(placeholder["number"])
        with self.batch() as db:
            db.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", (kind, number))

    @contextmanager
    def batch(self) -> Iterator[sqlite3.Connection]:
        """One transaction around many new values: all are written at its end, or none are."""
        if self._database.in_transaction:
            yield self._database
            return
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except BaseException as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
                self._load()
            if isinstance(error, sqlite3.Error):
                what = f"cannot be written: {error}."
                raise DataError(what, where=str(self.path)) from error
            raise

    def _next(self, db: sqlite3.Connection, kind: str, same: str) -> tuple[int, int]:
        """(number, form): the next form of a known identity, else the next free number."""
        form = db.execute(
            "SELECT number, max(form) + 1 FROM kept WHERE kind = ? AND identity = ? AND NOT EXISTS"
            " (SELECT 1 FROM taken WHERE taken.kind = kept.kind AND taken.number = kept.number)"
            " GROUP BY number",
            (kind, same),
        ).fetchone()
        if form is not None:
            return int(form[0]), int(form[1])
        row = db.execute("SELECT max(number) FROM kept WHERE kind = ?", (kind,)).fetchone()
        number = (row[0] or 0) + 1
        taken = "SELECT 1 FROM taken WHERE kind = ? AND number = ?"
        while db.execute(taken, (kind, number)).fetchone():
            number += 1
        return number, 1

    def _load(self) -> None:
        self._placeholders.clear()
        self._values.clear()
        for kind, number, form, value in self._database.execute(
            "SELECT kind, number, form, value FROM kept"
        ):
            self._remember(kind, number, form, value)

    def _remember(self, kind: str, number: int, form: int, value: str) -> str:
        name = f"[{kind.upper()}_{number}{f'.{form}' if form > 1 else ''}]"
        self._placeholders[kind, value] = name
        self._values[name] = value
        return name


def identity(kind: Kind, value: str) -> str:
    """One spelling for the spellings of one value: `+82 10-1234-5678` is `01012345678`."""
    plain = fold(composed(value)[0]).lower()
    if kind in _NUMBERS:
        plain = re.sub(r"[^0-9a-z가-힣*]", "", plain)
        return re.sub(r"^820?(?=[1-9])", "0", plain) if kind == "phone" else plain
    return re.sub(r"[\s,]", "", plain)


def vault_path(home: Path, name: str) -> Path:
    """Where the map called `name` lies in the state's folder. Raises DataError for a name that is
    no plain word."""
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}", name):
        todo = "Use letters, digits, - and _."
        raise DataError(f"{name!r} is no name for a map.", todo=todo)
    return home / "vaults" / f"{name}.sqlite"
