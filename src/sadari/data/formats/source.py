"""Rows out of files as they come: in UTF-8, UTF-16 or CP949, with lines of any length.

A row that cannot be read is handed on as what it is, a SetAside with file:line and reason, so that
it can be counted; the rest of the file is still read. Memory is bounded by the longest line."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from sadari.data.types import DataError, SetAside
from sadari.domain.files import parse_json, parse_json_list
from sadari.domain.problem import Problems

LONGEST_LINE = 16 * 2**20  # characters; a longer line is no example
LARGEST_LIST = 512 * 2**20  # bytes of a JSON list, which must be read at once

_NO_TEXT = "is neither UTF-8, UTF-16 nor CP949"

Placed = tuple[str, dict[str, Any]]  # file:line, row


def read_rows(path: Path) -> Iterator[Placed | SetAside]:
    """The objects of a .jsonl file or of a .json list, each with its file:line. Raises DataError
    where nothing of the file can be read."""
    if path.suffix.lower() == ".json":
        yield from _list_rows(path)
    else:
        yield from _line_rows(path)


def encoding_of(path: Path) -> str:
    """`utf-16` or `utf-8-sig` by their marks, `utf-8` or `cp949` where the whole file is valid,
    else `utf-8`. Raises DataError for what is no readable file."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        todo = "Write it to a file first."
        raise DataError("is a pipe or a device, not a file.", where=str(path), todo=todo)
    try:
        with path.open("rb") as file:
            return _encoding(file)
    except OSError as error:
        todo = "Check that it is a file."
        raise DataError(f"cannot be read: {error.strerror}.", where=str(path), todo=todo) from error


def decode(raw: bytes, where: str) -> str:
    """The text of `raw`, in whichever of these encodings it is. Raises DataError where in none."""
    try:
        return raw.decode(_encoding(io.BytesIO(raw)))
    except UnicodeDecodeError:
        raise DataError(f"{_NO_TEXT}.", where=where, todo="Convert it to UTF-8.") from None


def _encoding(file: BinaryIO) -> str:
    head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    for encoding in ("utf-8", "cp949"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(2**20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return "utf-8"


def read_lines(path: Path) -> Iterator[tuple[str, str] | SetAside]:
    """(file:line, text without its \n) of every line, also blank ones."""
    encoding = encoding_of(path)
    errors, lost = _losses(encoding)
    with path.open(encoding=encoding, errors=errors, newline="\n") as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            where = f"{path}:{number}"
            if len(line) == LONGEST_LINE and not line.endswith("\n"):
                while (more := file.readline(LONGEST_LINE)) and not more.endswith("\n"):
                    pass
                yield SetAside(where, f"a line of more than {LONGEST_LINE:,} characters")
                continue
            line = line.removesuffix("\n")
            if "\x00" in line:
                yield SetAside(where, "holds a NUL byte")
            elif lost.search(line):
                yield SetAside(where, _NO_TEXT)
            else:
                yield where, line


def _losses(encoding: str) -> tuple[str, re.Pattern[str]]:
    """How to decode bytes that are no text, and what then shows them. UTF-8 may hold a U+FFFD of
    its own, which nobody failed to read."""
    if encoding.startswith("utf-8"):
        return "surrogateescape", re.compile("[\udc80-\udcff]")
    return "replace", re.compile("\ufffd")


def _line_rows(path: Path) -> Iterator[Placed | SetAside]:
    for line in read_lines(path):
        if isinstance(line, SetAside):
            yield line
            continue
        where, text = line
        if not text.strip():
            continue
        try:
            value = parse_json(text)
        except json.JSONDecodeError as error:
            yield SetAside(where, f"is not JSON: {error.msg} at column {error.colno}")
        except ValueError as error:
            yield SetAside(where, str(error).rstrip("."))
        else:
            if isinstance(value, dict):
                yield where, value
            else:
                yield SetAside(where, f"is a {type(value).__name__}, not an object")


def _list_rows(path: Path) -> Iterator[Placed | SetAside]:
    encoding = encoding_of(path)
    if path.stat().st_size > LARGEST_LIST:
        todo = "Write it as JSON lines (.jsonl), which are read one by one."
        raise DataError("is too large for a JSON list.", where=str(path), todo=todo)
    errors, lost = _losses(encoding)
    text = path.read_text(encoding=encoding, errors=errors)
    spoilt = lost.search(text) is not None
    problems = Problems()
    rows = list(parse_json_list(text, path, problems))
    if problems and not rows:
        first = problems[0]
        raise DataError(first.what, where=first.where, todo=first.todo)
    on_line = Counter(where for where, _ in rows)
    for number, (where, row) in enumerate(rows, start=1):
        # a place names a record that has no id: it must be the only one there
        place = where if on_line[where] == 1 else f"{where} row {number}"
        if spoilt and lost.search(json.dumps(row, ensure_ascii=False)):
            yield SetAside(place, _NO_TEXT)
        else:
            yield place, row
    for problem in problems:
        yield SetAside(problem.where, problem.what.rstrip("."))
