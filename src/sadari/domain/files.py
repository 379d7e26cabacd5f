"""Reading the user's files: text in UTF-8, JSON lines and JSON lists with line numbers, CSV."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from sadari.domain.problem import Problems, quoted

DEEPEST = 100  # brackets within brackets; a key or a state needs four


def read_text(path: Path, problems: Problems) -> str | None:
    """The file's text with `\\n` line ends, or None after noting why it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.error(path, f"cannot be read: {error.strerror}.", "Check that it is a file.")
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
        line = text.count("\n", 0, text.index("\x00")) + 1
        problems.error(f"{path}:{line}", "holds a NUL byte.", "Remove it; the file may be binary.")
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json_lines(path: Path, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file:line, object) for each good line; broken lines become problems."""
    text = read_text(path, problems)
    # Only \n ends a line: JSON strings may hold the other line ends that splitlines knows.
    for number, line in enumerate((text or "").split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            value = parse_json(line)
        except json.JSONDecodeError as error:
            what = f"is not JSON: {error.msg} at column {error.colno}."
            problems.error(where, what, "Mend or drop the line.")
        except ValueError as error:
            problems.error(where, str(error), "Mend or drop the line.")
        else:
            yield from _objects([(where, value)], problems)


def read_json_list(path: Path, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file:line, object) for each element of a JSON list of objects."""
    text = read_text(path, problems)
    if text is not None:
        yield from parse_json_list(text, path, problems)


def parse_json_list(
    text: str, path: Path, problems: Problems
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file:line, object) for each element of a JSON list of objects that `path` held."""
    try:
        values = parse_json(text)
    except json.JSONDecodeError as error:
        problems.error(f"{path}:{error.lineno}", f"is not JSON: {error.msg}.", "Mend the line.")
        return
    except ValueError as error:
        problems.error(path, str(error), "Mend it.")
        return
    if not isinstance(values, list):
        problems.error(path, "must be a JSON list of objects.", "Put [ and ] around them.")
        return
    places = (f"{path}:{line}" for line in _element_lines(text))
    yield from _objects(zip(places, values, strict=True), problems)


def read_csv(
    path: Path, columns: tuple[str, ...], problems: Problems
) -> Iterator[tuple[str, dict[str, str]]]:
    """(file:line, row) of a CSV with a header that holds `columns`. A missing last field is ""."""
    text = read_text(path, problems)
    if text is None:
        return
    rows = _csv_rows(path, text, problems)
    _, header = next(rows, ("", []))
    header = [name.strip() for name in header]
    missing = [name for name in columns if name not in header]
    if missing:
        problems.error(f"{path}:1", f"lacks the column {', '.join(missing)}.", "Add a header.")
        return
    if len(set(header)) < len(header):
        problems.error(f"{path}:1", "names a column twice.", "Rename or drop one.")
        return
    for where, row in rows:
        if len(row) > len(header):
            what = f"has {len(row)} fields under {len(header)} columns."
            problems.error(where, what, "Put fields that hold a comma in quotes.")
        else:
            yield where, dict.fromkeys(header, "") | dict(zip(header, row, strict=False))


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError with a sentence for what JSON's grammar allows
    and no file of ours can mean: NaN, a name given twice, endless depth, half characters."""
    depth = "is nested too deeply."
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError(depth) from None
    if _deeper_than(value, DEEPEST):
        raise ValueError(depth)
    if re.search(r"\\u(?:[dD][89a-fA-F]|0000)", text):
        written = json.dumps(value, ensure_ascii=False).replace("\\\\", "")
        if "\\u0000" in written or any("\ud800" <= c <= "\udfff" for c in written):
            raise ValueError("holds a NUL or half a character, such as \\u0000 or \\ud800.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is no number in JSON.")


def _real_number(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"holds {quoted(digits)}, which is too large.")
    return value


def _whole_number(digits: str) -> int:
    if len(digits) > 100:
        raise ValueError(f"holds a number of {len(digits)} digits.")
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"names {quoted(twice)} twice in one object.")
    return found


_DECODER = json.JSONDecoder(
    parse_constant=_no_constant,
    parse_float=_real_number,
    parse_int=_whole_number,
    object_pairs_hook=_unique,
)


def _deeper_than(value: Any, depth: int) -> bool:
    layer = [value]
    while layer and depth >= 0:
        inner: list[Any] = []
        for item in layer:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        layer, depth = inner, depth - 1
    return bool(layer)


def _objects(
    rows: Iterable[tuple[str, Any]], problems: Problems
) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, value in rows:
        if isinstance(value, dict):
            yield where, value
        else:
            problems.error(where, f"is a {type(value).__name__}, not an object.", "Write {…}.")


def _csv_rows(path: Path, text: str, problems: Problems) -> Iterator[tuple[str, list[str]]]:
    """(file:first line, fields) of every row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield f"{path}:{line}", row
            line = reader.line_num + 1
    except csv.Error as error:
        what = f"is not CSV from here on: {error}."
        problems.error(f"{path}:{line}", what, 'Close the quote; a quote inside one is "".')


def _guess_encoding(raw: bytes) -> str | None:
    try:
        raw.decode("cp949")
    except UnicodeDecodeError:
        return None
    return "CP949"


_SPACE = re.compile(r"[ \t\r\n,]*")


def _element_lines(text: str) -> Iterator[int]:
    """The line on which each element of the outermost list starts; the text is good JSON."""
    position, line = text.index("[") + 1, 1 + text.count("\n", 0, text.index("["))
    while True:
        gap = _SPACE.match(text, position)
        start = gap.end() if gap else position
        line += text.count("\n", position, start)
        if text[start] == "]":
            return
        yield line
        _, position = _DECODER.raw_decode(text, start)
        line += text.count("\n", start, position)
