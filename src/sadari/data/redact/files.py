"""Files and folders, redacted or restored into a second place; what is read is never written."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from sadari.data.formats.source import encoding_of
from sadari.data.formats.table import csv_line
from sadari.data.redact.redact import redact, restore
from sadari.data.redact.span import Kind
from sadari.data.redact.vault import Vault
from sadari.data.types import DataError, SetAside, Step
from sadari.domain.files import parse_json
from sadari.store import whole_file

TEXTS = (".txt", ".md", ".log", ".html", ".xml", ".yaml", ".yml", ".toml", ".json", ".jsonl")
TABLES = (".csv", ".tsv")

Progress = Callable[[str, int, int], None]  # (what, done, total)
Change = Callable[[str, str], str]  # (text, its heading or "") → text


class FileRedactor:
    """Redacts or restores files with one vault, and counts what was found."""

    def __init__(self, vault: Vault, *, back: bool = False) -> None:
        self.counts: Counter[Kind] = Counter()
        self._vault = vault
        self._back = back

    def run(self, source: Path, target: Path, heard: Progress | None = None) -> Step:
        """Writes `source`, a file or a folder, to `target`. What is no readable text, or a link
        that leads out of the folder, is set aside and not copied. Raises DataError where `target`
        lies within `source`, or there is nothing to read."""
        if not source.exists():
            raise DataError("does not exist.", where=str(source), todo="Check the path.")
        if target.resolve().is_relative_to(source.resolve()):
            todo = "Name another place with --out."
            raise DataError("would be written over itself.", where=str(target), todo=todo)
        files = list(_files(source)) if source.is_dir() else [source]
        aside: list[SetAside] = []
        for number, path in enumerate(files, start=1):
            place = target / path.relative_to(source) if source.is_dir() else target
            if reason := self._one(path, place, source, heard if source == path else None):
                aside.append(SetAside(str(path), reason))
            if heard is not None and source != path:
                heard("restoring" if self._back else "redacting", number, len(files))
        name = "restore" if self._back else "redact"
        done = len(files) - len(aside)
        return Step(name, len(files), done, set_aside=tuple(aside), unit="files")

    def text(self, text: str, heading: str = "") -> str:
        """One text. `heading` is the name of the column or member that holds it: it says what a
        text without context is."""
        if self._back:
            return restore(text, self._vault)
        done = redact(text, self._vault, heading)
        self.counts.update(done.counts)
        return done.text

    def _one(self, path: Path, place: Path, source: Path, heard: Progress | None) -> str | None:
        """Why the file was set aside; None when it was written. `heard` is told of kilobytes."""
        if path != source and path.name.startswith("."):
            return "hidden"
        if path.is_symlink() and not path.resolve().is_relative_to(source.resolve()):
            return "a link that leads out of the folder"
        if not path.is_file():
            return "no ordinary file"
        suffix = path.suffix.lower()
        if suffix not in (*TEXTS, *TABLES):
            return f"{suffix or 'a file without suffix'} is no text that I know"
        try:
            with path.open("rb") as peek:
                head = peek.read(8192)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "holds NUL bytes: no text"
        encoding = encoding_of(path)
        with path.open("rb") as raw, self._vault.batch():
            file = io.TextIOWrapper(raw, encoding=encoding, newline="")
            try:
                with whole_file(place) as out:
                    size = path.stat().st_size // 1024
                    for number, piece in enumerate(_pieces(file, suffix, self.text), start=1):
                        out.write(piece)
                        if heard is not None and number % 500 == 0:
                            heard(f"{path.name}, KB", raw.tell() // 1024, size)
            except UnicodeDecodeError:
                return "is neither UTF-8, UTF-16 nor CP949"
            except (ValueError, csv.Error, RecursionError) as error:
                return f"is no {suffix.lstrip('.').upper()}: {error}"
        return None


def _pieces(file: TextIO, suffix: str, change: Change) -> Iterator[str]:
    if suffix == ".json":
        value = _walk(parse_json(file.read()), "", change)
        yield json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    elif suffix == ".jsonl":
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    value = _walk(parse_json(line), "", change)
                except ValueError as error:
                    raise ValueError(f"line {number}: {error}") from error
                yield json.dumps(value, ensure_ascii=False) + "\n"
    elif suffix in TABLES:
        yield from _table(file, "\t" if suffix == ".tsv" else ",", change)
    else:
        for line in file:
            yield change(line, "")


def _table(file: TextIO, delimiter: str, change: Change) -> Iterator[str]:
    rows = csv.reader(file, delimiter=delimiter, strict=True)
    header: list[str] = []
    for row in rows:
        cells = [change(cell, header[n] if n < len(header) else "") for n, cell in enumerate(row)]
        header = header or row
        yield csv_line(cells, delimiter)


def _walk(value: Any, heading: str, change: Change) -> Any:
    if isinstance(value, str):
        return change(value, heading)
    if isinstance(value, dict):
        return {name: _walk(inner, name, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_walk(inner, heading, change) for inner in value]
    return value


def _files(folder: Path) -> Iterator[Path]:
    """The files below `folder`, and the links and hidden folders that are not gone into."""

    def stop(error: OSError) -> None:
        raise DataError(f"cannot be read: {error.strerror}.", where=str(error.filename))

    for place, folders, names in os.walk(folder, onerror=stop):
        shut = [n for n in folders if n.startswith(".") or (Path(place) / n).is_symlink()]
        folders[:] = sorted(set(folders) - set(shut))
        yield from (Path(place) / name for name in sorted([*names, *shut]))
