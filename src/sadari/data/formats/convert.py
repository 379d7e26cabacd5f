"""From whatever file a company has to records, and from records to whatever a trainer reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from sadari.data.formats.format import RowError
from sadari.data.formats.hub import is_hub_folder, read_hub, write_hub
from sadari.data.formats.known import format_of, named, read_row, write_row
from sadari.data.formats.source import Placed, read_rows
from sadari.data.formats.table import Columns, columns_of, conversations, csv_line, read_csv_rows
from sadari.data.types import DataError, Record, SetAside, Step
from sadari.domain.files import parse_json
from sadari.store import whole_file

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_TABLES = (".csv", ".tsv")
_OF_TURNS = ("role", "from", "function", "name")  # a turn or a tool has one of them
_TEXTS = ("messages", "conversations", "prompt", "chosen", "rejected", "completion", "tools")


@dataclass
class Account:
    """What happened to the rows so far."""

    name: str
    rows_in: int = 0
    rows_out: int = 0
    merged: int = 0
    set_aside: list[SetAside] = field(default_factory=list)

    def step(self) -> Step:
        """The account as a step of the ledger."""
        return Step(self.name, self.rows_in, self.rows_out, 0, self.merged, tuple(self.set_aside))


@dataclass(frozen=True)
class Source:
    """Where records come from: a file, a `datasets` folder, or a query on a database. `format` is
    found out from the first good row unless it is given; `columns` names those of a table."""

    path: Path | None = None
    url: str = ""
    query: str = ""
    format: str | None = None
    columns: Mapping[str, str] | None = None


def import_records(source: Source) -> tuple[list[Record], Step]:
    """The records of `source`, and the step for the ledger: every row that is no record is set
    aside with its place and reason. Raises DataError where nothing can be read at all."""
    account = Account("import")
    return list(stream_records(source, account)), account.step()


def stream_records(
    source: Source, account: Account, heard: Callable[[int], None] | None = None
) -> Iterator[Record]:
    """The records of `source` one by one, in memory that does not grow with the file; `account`
    is kept on the way. `heard` is told the count of rows now and then."""
    name = named(source.format) if source.format else None
    taken: set[str] = set()
    for row, count in _rows(source):
        account.rows_in += count
        account.merged += count - 1
        if heard is not None and account.rows_in % 256 < count:
            heard(account.rows_in)
        if isinstance(row, SetAside):
            account.set_aside.append(row)
            continue
        where, members = row
        name = name or format_of(members)
        if name is None:
            known = ", ".join(sorted(members)[:8])
            account.set_aside.append(SetAside(where, f"is in no format that I know ({known})"))
            continue
        try:
            record = read_row(name, members, where)
            if record.id in taken:
                raise RowError(f"the id {record.id[:60]} is taken by a row before")
        except RowError as error:
            account.set_aside.append(SetAside(where, str(error)))
            continue
        taken.add(record.id)
        account.rows_out += 1
        yield record


def export_records(records: Iterable[Record], path: Path, format: str) -> Step:
    """Writes records to `path` by its suffix (.jsonl, .json, .csv; without one a `datasets`
    folder) and says in a step which the format cannot hold. The file is there whole or not."""
    named(format)
    account = Account("export")
    rows = _written(records, format, account)
    if path.suffix.lower() in _TABLES:
        _write_csv(rows, path)
    elif path.suffix.lower() == ".json":
        with whole_file(path) as file:
            first = True
            for row in rows:
                file.write(f"{'[' if first else ','}\n{json.dumps(row, ensure_ascii=False)}")
                first = False
            file.write("[]\n" if first else "\n]\n")
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        with whole_file(path) as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    elif not path.suffix:
        write_hub(rows, path)
    else:
        todo = f"Use {', '.join(SUFFIXES)}, or no suffix for a datasets folder."
        raise DataError(f"{path.suffix} cannot be written.", where=str(path), todo=todo)
    return account.step()


def _written(records: Iterable[Record], name: str, account: Account) -> Iterator[dict[str, Any]]:
    for record in records:
        account.rows_in += 1
        try:
            row = write_row(name, record)
        except RowError as error:
            reason = f"{name}: {error}"
            account.set_aside.append(SetAside(f"{record.source} ({record.id})", reason))
            continue
        account.rows_out += 1
        yield row


def _rows(source: Source) -> Iterator[tuple[Placed | SetAside, int]]:
    if source.url:
        from sadari.data.formats.sql import read_sql  # SQLAlchemy is slow to import

        yield from _table_or_rows(read_sql(source.url, source.query), source)
        return
    path = source.path
    if path is None or not path.exists():
        raise DataError("does not exist.", where=str(path), todo="Check the path.")
    if is_hub_folder(path):
        yield from ((_whole(row), 1) for row in read_hub(path))
    elif path.suffix.lower() in _TABLES:
        rows = read_csv_rows(path)
        before: list[Placed | SetAside] = []
        header: list[str] = []
        for item in rows:
            if isinstance(item, list):
                header = item
                break
            before.append(item)
        if not header:
            raise DataError("holds no header.", where=str(path), todo="Name its columns.")
        columns = _columns(header, source, f"{path}:1")
        body = (row for row in rows if not isinstance(row, list))
        yield from _by(columns, chain(before, body))
    elif path.suffix.lower() in SUFFIXES:
        yield from ((row, 1) for row in read_rows(path))
    else:
        what = f"is not read: {path.suffix or 'a folder that save_to_disk did not write'}."
        raise DataError(what, where=str(path), todo=f"Give {', '.join(SUFFIXES)}.")


def _table_or_rows(
    rows: Iterator[Placed], source: Source
) -> Iterator[tuple[Placed | SetAside, int]]:
    first = next(rows, None)
    if first is None:
        return
    columns = _columns(first[1], source, source.query)
    yield from _by(columns, map(_whole, chain([first], rows)))


def _whole(row: Placed) -> Placed | SetAside:
    """The row, unless a text of it is none: databases keep NUL bytes and half characters too."""
    written = json.dumps(row[1], ensure_ascii=False).replace("\\\\", "")
    if "\\u0000" in written or any("\ud800" <= c <= "\udfff" for c in written):
        return SetAside(row[0], "holds a NUL or half a character")
    return row


def _columns(header: Iterable[str], source: Source, where: str) -> Columns | None:
    """None where the columns are the members of a JSON format."""
    header = list(header)
    found = format_of(dict.fromkeys(header)) if source.columns is None else None
    if found in (None, "qa"):
        return columns_of(header, source.columns, where)
    return None


def _by(
    columns: Columns | None, rows: Iterable[Placed | SetAside]
) -> Iterator[tuple[Placed | SetAside, int]]:
    if columns is not None:
        yield from conversations(rows, columns)
        return
    for row in rows:
        yield (row if isinstance(row, SetAside) else (row[0], _parsed(row[1]))), 1


def _parsed(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Cells that hold JSON, as the values they hold; empty ones are left out."""
    found = {}
    for name, cell in cells.items():
        value = cell
        if name in _TEXTS and isinstance(cell, str) and cell.startswith("["):
            value = _objects(cell)
        elif name == "label" and str(cell).lower() in ("true", "false"):
            value = str(cell).lower() == "true"
        if value not in (None, ""):
            found[name] = value
    return found


def _objects(cell: str) -> Any:
    """The list of turns or tools that a cell holds; the cell itself where it is a text that only
    looks like JSON."""
    try:
        value = parse_json(cell)
    except ValueError:
        return cell
    turns = [isinstance(v, dict) and not v.keys().isdisjoint(_OF_TURNS) for v in value]
    return value if turns and all(turns) else cell


def _write_csv(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Cells that are no texts are JSON. The header is that of the first row."""
    with whole_file(path) as file:
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        header: list[str] = []
        for row in rows:
            if not header:
                header = list(row)
                file.write(csv_line(header, delimiter))
            more = row.keys() - set(header)
            if more:
                what = f"{', '.join(sorted(more))} stands in some rows and not in the first."
                raise DataError(what, where=str(path), todo="Write .jsonl instead.")
            cells = [row.get(name, "") for name in header]
            texts = [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in cells]
            file.write(csv_line(texts, delimiter))
