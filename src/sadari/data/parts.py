"""Rows to parts of a preparation: what can be done to each row alone, on whatever core is free."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sadari.data.clean import clean_record
from sadari.data.duplicates import fingerprints, hashes_of
from sadari.data.formats import Account, Source, record_to_json, stream_records
from sadari.data.formats.format import RowError
from sadari.data.formats.known import format_of, read_row
from sadari.data.formats.source import read_lines, read_rows
from sadari.data.leakage import LeakageIndex
from sadari.data.redact import find
from sadari.data.spool import Part
from sadari.data.types import DataError, Record, SetAside
from sadari.domain.files import parse_json

ROWS = 4_000  # of a part
LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Task:
    """One part of the rows and what reading it takes: lines with their place in the format
    `form`, or records."""

    rows: Sequence[tuple[str, str] | SetAside | Record]
    form: str
    exam: LeakageIndex
    private: bool


@dataclass(frozen=True)
class Done:
    """A part that was read, the rows of it that hold personal data, and what was set aside."""

    part: Part
    personal: tuple[int, ...]
    aside: tuple[tuple[str, SetAside], ...]
    rows_in: int


def tasks_of(
    own: Iterable[Record], files: Sequence[Path], exam: LeakageIndex, private: bool
) -> Iterator[Task]:
    """The rows of everything, in order, in parts. `private` says to look for personal data.
    Raises DataError for a file that holds no row in a known format."""
    rows: Iterator[tuple[str, str] | SetAside | Record]
    sources: list[tuple[str, Iterator[tuple[str, str] | SetAside | Record]]] = [("", iter(own))]
    for path in files:
        if path.suffix.lower() in LINES:
            sources.append((_format(path), read_lines(path)))
        else:
            sources.append(("", _streamed(path)))
    for form, rows in sources:
        while part := tuple(islice(rows, ROWS)):
            yield Task(part, form, exam, private)


def _format(path: Path) -> str:
    """The format of the first good row."""
    good = (row for row in read_rows(path) if not isinstance(row, SetAside))
    name = next((found for _, row in good if (found := format_of(row))), None)
    if name is None:
        raise DataError("holds no row in a format that I know.", where=str(path))
    return name


def _streamed(path: Path) -> Iterator[Record | SetAside]:
    """Records of a table or a list, and the rows of it that are none, as they come."""
    account = Account("import")
    told = 0
    for record in stream_records(Source(path), account):
        while told < len(account.set_aside):
            yield account.set_aside[told]
            told += 1
        yield record
    yield from account.set_aside[told:]


def read_part(task: Task) -> Done:
    """The `map` steps over one part: import, clean, keep the exam out; then its hashes."""
    kept: list[Record] = []
    aside: list[tuple[str, SetAside]] = []
    rows_in = 0
    for row in task.rows:
        if isinstance(row, tuple) and not row[1].strip():
            continue
        rows_in += 1
        try:
            record = _imported(row, task.form)
        except RowError as error:
            where = row[0] if isinstance(row, tuple) else getattr(row, "source", "")
            aside.append(("import", SetAside(where, str(error))))
            continue
        cleaned = clean_record(record)
        if isinstance(cleaned, str):
            aside.append(("clean", SetAside(record.place, cleaned)))
        elif reason := task.exam.against(cleaned):
            aside.append(("keep the exam out", SetAside(record.place, reason)))
        else:
            kept.append(cleaned)
    personal = tuple(i for i, r in enumerate(kept) if _is_personal(r)) if task.private else ()
    return Done(_part(kept), personal, tuple(aside), rows_in)


def _imported(row: tuple[str, str] | SetAside | Record, form: str) -> Record:
    if isinstance(row, Record):
        return row
    if isinstance(row, SetAside):
        raise RowError(row.reason)
    where, text = row
    try:
        value = parse_json(text)
    except json.JSONDecodeError as error:
        raise RowError(f"is not JSON: {error.msg} at column {error.colno}") from None
    except ValueError as error:
        raise RowError(str(error).rstrip(".")) from None
    if not isinstance(value, dict):
        raise RowError(f"is a {type(value).__name__}, not an object")
    return read_row(form, value, where)


def _is_personal(record: Record) -> bool:
    beside = {record.id, record.group, record.rejected or ""} - {record.source, ""}
    calls = [str(call.arguments) for m in record.messages for call in m.tool_calls]
    return any(find(text) for text in (*(m.content for m in record.messages), *beside, *calls))


def _part(records: Sequence[Record]) -> Part:
    prints = fingerprints(records)
    lines = [line_of(r) for r in records]
    columns: dict[str, NDArray[Any]] = {
        "asks": prints.asks,
        "answers": prints.answers,
        "names": hashes_of([r.id for r in records]),
        "groups": hashes_of([r.group for r in records]),
        "tasks": hashes_of([r.task for r in records]),
        "length": np.fromiter(map(len, lines), np.uint32, len(lines)),
        "single": prints.single,
        "trusted": np.fromiter((r.from_people for r in records), bool, len(lines)),
    }
    assert isinstance(prints.bands, np.ndarray)  # those of records in memory are
    return Part(lines, columns, (prints.bands >> np.uint64(32)).astype(np.uint32))


def line_of(record: Record) -> bytes:
    """The record as a JSON line."""
    return (json.dumps(record_to_json(record), ensure_ascii=False) + "\n").encode()
