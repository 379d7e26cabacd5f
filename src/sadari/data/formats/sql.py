"""Rows of one query on a database that cannot be written through it.

Two locks: the connection itself is read-only (SQLite opens the file so and an authoriser lets
nothing but reading through; PostgreSQL and MySQL run a read-only transaction), and the statement
must be a single SELECT or WITH. Other databases are refused: nothing there would hold the lock."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from sadari.data.types import DataError

_ROWS_AT_ONCE = 1000
_READS = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
)
# Databases disagree about what is quoted and what is a comment, so a query is read as each of them
# would: the standard's way, with PostgreSQL's E'\'' strings, and MySQL's.
_STRINGS = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`"
_ESCAPED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`"
_READINGS = tuple(
    re.compile(rf"(?P<quoted>{strings})|(?P<block>/\*.*?\*/)|{comment}", re.DOTALL)
    for strings, comment in (
        (_STRINGS, r"--[^\n]*"),
        (_ESCAPED, r"--[^\n]*"),
        (_ESCAPED, r"(?:--(?=\s|\Z)|\#)[^\n]*"),
    )
)
_HIDES = re.compile(r"/\*M?!|/\*(?:(?!\*/).)*/\*|\$\w*\$", re.DOTALL)
_REACHES = re.compile(
    r"\b(?:dblink\w*|lo_\w+|pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile"
    r"|pg_promote|pg_switch_wal|pg_create_restore_point|pg_notify|set_config|sys_e\w+)\s*\(",
    re.IGNORECASE,
)
_WRITES = re.compile(
    r"\b(?:insert|update|delete|merge|replace\s+into|create|alter|drop|truncate|grant|revoke|attach"
    r"|detach|pragma|vacuum|copy|call|do|into\s+(?:outfile|dumpfile)|lock|set|begin|commit)\b",
    re.IGNORECASE,
)


def read_sql(url: str, query: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """("query row n", row) for each row of a query. Raises DataError for a statement that is not
    one SELECT, for a database whose reading cannot be locked, and for what the database says. The
    address is never shown with its password."""
    refuse_writing(query)
    try:
        address = make_url(url)
    except ArgumentError:
        todo = "Write it like sqlite:///logs.db or postgresql://user@host/name."
        raise DataError("the database's address cannot be read.", todo=todo) from None
    where = address.render_as_string(hide_password=True)
    try:
        with _read_only(address, where) as connection:
            streaming = connection.execution_options(yield_per=_ROWS_AT_ONCE)
            rows = streaming.exec_driver_sql(query)  # as it is: no `:name` is a parameter
            for number, row in enumerate(rows.mappings(), start=1):
                yield f"{where} row {number}", {name: _plain(v) for name, v in row.items()}
    except (SQLAlchemyError, sqlite3.Error) as error:
        reason = str(getattr(error, "orig", None) or error).split("\n")[0]
        raise DataError(f"says: {reason}.", where=where, todo="Mend the query.") from None


def refuse_writing(query: str) -> None:
    """Raises DataError unless the text is one statement that only reads, however it is read."""
    todo = "Give one SELECT; sadari never changes a database."
    for reading in _READINGS:
        plain = reading.sub(lambda m: "''" if m["quoted"] else " ", query).strip()
        plain = plain.rstrip(";").strip()
        if not re.match(r"(?:select|with|values)\b", plain, re.IGNORECASE):
            raise DataError("the query is no SELECT.", todo=todo)
        if ";" in plain:
            raise DataError("the query holds more than one statement.", todo=todo)
        if found := _WRITES.search(plain):
            what = f"the query says {found[0].upper()}, which writes."
            raise DataError(what, todo=f"{todo} Put a column of that name in quotes.")
        if found := _REACHES.search(plain):
            what = f"the query calls {found[0].rstrip('( ')}, which acts beyond the query."
            raise DataError(what, todo=todo)
    if found := _HIDES.search(query):
        what = f"the query holds {found[0][:20]}, which databases read differently."
        raise DataError(what, todo="Leave out comments in comments, /*! and $$.")


@contextmanager
def _read_only(address: URL, where: str) -> Iterator[Connection]:
    kind = address.get_backend_name()
    try:
        if kind == "sqlite":
            engine = create_engine(
                "sqlite://", creator=lambda: _open_sqlite(address, where), poolclass=NullPool
            )
        elif kind in ("postgresql", "mysql", "mariadb"):
            engine = create_engine(address, poolclass=NullPool)
        else:
            todo = "Export a CSV there; sqlite, postgresql, mysql and mariadb can be locked."
            raise DataError(f"{kind} cannot be locked against writing.", where=where, todo=todo)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        todo = f"Install the driver that SQLAlchemy names for {kind}."
        raise DataError(f"cannot be reached: {error}.", where=where, todo=todo) from None
    with engine.connect() as connection:
        if kind == "sqlite":  # only now: SQLAlchemy asks a pragma when it connects
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.set_authorizer(_may)
        elif kind == "postgresql":
            connection = connection.execution_options(postgresql_readonly=True)
        else:
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            connection.rollback()  # the next transaction is the first that is read-only
        try:
            yield connection
        finally:
            connection.rollback()
    engine.dispose()


def _open_sqlite(address: URL, where: str) -> sqlite3.Connection:
    path = Path(address.database or "")
    if not path.is_file():
        raise DataError("is no file.", where=where, todo="Check the path behind sqlite:///.")
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _may(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


def _plain(value: Any) -> Any:
    """A value of a column as JSON has it: dates, decimals and bytes are texts."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < 10**100 else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            raw = bytes(value)
            try:
                return raw.decode()
            except UnicodeDecodeError:
                return f"\\x{raw.hex()}"
        case Mapping():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return str(value)
