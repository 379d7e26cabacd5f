"""Reading the user's files: text in UTF-8, JSON lines and JSON lists with line numbers, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sadari.domain.problem import Problems


def read_text(path: Path, problems: Problems) -> str | None:
    """The file's text, or None after noting why it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.error(path, f"cannot be read: {error.strerror}.", "Check the permissions.")
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.error(path, "is UTF-16.", "Save it as UTF-8.")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        kin = _guess_encoding(raw)
        problems.error(
            f"{path}:{line}",
            f"is not UTF-8{f' (it reads as {kin})' if kin else ''}.",
            f"Convert it: iconv -f {kin or 'CP949'} -t UTF-8.",
        )
        return None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        problems.error(f"{path}:{line}", "holds a NUL byte.", "Remove it; the file may be binary.")
        return None
    return text


def read_json_lines(path: Path, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file:line, object) for each good line; broken lines become problems."""
    text = read_text(path, problems)
    for number, line in enumerate((text or "").splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            problems.error(
                where,
                f"is not JSON: {error.msg} at column {error.colno}.",
                "Mend or drop the line.",
            )
            continue
        if isinstance(value, dict):
            yield where, value
        else:
            problems.error(where, f"is a {type(value).__name__}, not an object.")


def read_json_list(path: Path, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file:line, object) for each element of a JSON list of objects."""
    text = read_text(path, problems)
    if text is None:
        return
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        problems.error(f"{path}:{error.lineno}", f"is not JSON: {error.msg}.", "Mend the line.")
        return
    if not isinstance(values, list):
        problems.error(path, "must be a JSON list of objects.")
        return
    lines = _element_lines(text)
    for index, value in enumerate(values):
        where = f"{path}:{lines[index] if index < len(lines) else 1}"
        if isinstance(value, dict):
            yield where, value
        else:
            problems.error(where, f"is a {type(value).__name__}, not an object.")


def read_csv(
    path: Path, columns: tuple[str, ...], problems: Problems
) -> Iterator[tuple[str, dict[str, str]]]:
    """(file:line, row) of a CSV with a header that holds `columns`."""
    text = read_text(path, problems)
    if text is None:
        return
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        missing = [name for name in columns if name not in (reader.fieldnames or [])]
        if missing:
            problems.error(f"{path}:1", f"lacks the column {', '.join(missing)}.", "Add a header.")
            return
        for row in reader:
            yield f"{path}:{reader.line_num}", {k: v or "" for k, v in row.items() if k}
    except csv.Error as error:
        problems.error(f"{path}:{reader.line_num}", f"is not CSV: {error}.", "Check the quotes.")


def _guess_encoding(raw: bytes) -> str | None:
    try:
        raw.decode("cp949")
    except UnicodeDecodeError:
        return None
    return "CP949"


def _element_lines(text: str) -> list[int]:
    """The line on which each element of the outermost list starts."""
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    lines: list[int] = []
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if position >= len(text) or text[position] == "]":
            return lines
        lines.append(text.count("\n", 0, position) + 1)
        _, position = decoder.raw_decode(text, position)
