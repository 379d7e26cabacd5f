"""Every format by name, and which of them a row is in."""

from __future__ import annotations

from sadari.data.formats.chat import record_from_json, record_to_json
from sadari.data.formats.format import Format, Row, RowError, check_turns, to_record, to_row
from sadari.data.formats.openai import OPENAI
from sadari.data.formats.plain import ALPACA, PAIR
from sadari.data.formats.preference import KTO, PREFERENCE
from sadari.data.formats.session import SESSION
from sadari.data.formats.sharegpt import SHAREGPT
from sadari.data.types import DataError, Record

OWN = "sadari"
FORMATS: tuple[Format, ...] = (SESSION, PREFERENCE, KTO, ALPACA, SHAREGPT, PAIR, OPENAI)
NAMES: tuple[str, ...] = (OWN, *(form.name for form in FORMATS))


def named(name: str) -> str:
    """`name`, if there is such a format. Raises DataError with the names there are."""
    if name not in NAMES:
        raise DataError(f"there is no format {name}.", todo=f"There are: {', '.join(NAMES)}.")
    return name


def format_of(row: Row) -> str | None:
    """The name of the format that a row is in, by the names of its members."""
    turns = row.get("messages")
    if isinstance(turns, list):
        if any(isinstance(t, dict) and ("order_state" in t or "state" in t) for t in turns):
            return SESSION.name
        if "group" in row and "source" in row:
            return OWN
    return next((f.name for f in FORMATS if any(mark <= row.keys() for mark in f.marks)), None)


def read_row(name: str, row: Row, where: str) -> Record:
    """The record of a row in the format `name`. Raises RowError with the reason it is none."""
    if name != OWN:
        return to_record(_format(name), row, where)
    try:
        record = record_from_json(row, where)
    except ValueError as error:
        raise RowError(str(error).rstrip(".")) from None
    check_turns(record.messages)
    return record


def write_row(name: str, record: Record) -> dict[str, object]:
    """The record as a row of the format `name`. Raises RowError where it does not fit."""
    return record_to_json(record) if name == OWN else to_row(_format(name), record)


def _format(name: str) -> Format:
    return next(form for form in FORMATS if form.name == name)
