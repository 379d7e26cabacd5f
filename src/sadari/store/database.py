"""SQLite files that several processes open at once."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path


def open_database(
    path: Path, schema: str, *, patience: float, wal: bool = True, threads: bool = False
) -> sqlite3.Connection:
    """The database in `path` in autocommit mode, with `schema` (statements that may be repeated)
    laid. A writer waits up to `patience` seconds for another; what is committed is on the disk.

    `wal` lets readers go on while one writes; `threads` lets several threads use the connection.
    Raises OSError or sqlite3.Error.
    """
    # SQLite does not wait for a process that is changing the journal mode of a new file at the
    # same moment: it says "database is locked" at once. So processes open one after the other.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        database = sqlite3.connect(
            path, timeout=patience, isolation_level=None, check_same_thread=not threads
        )
        try:
            if wal:
                database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.executescript(schema)
        except BaseException:
            database.close()
            raise
        return database
    finally:
        os.close(folder)  # and frees the lock
