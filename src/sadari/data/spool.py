"""Records on disk between two passes: their lines in one file, what is known of each in columns of
fixed width, so that memory holds a few bytes a record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, overload

import numpy as np
from numpy.typing import NDArray

from sadari.data.formats import record_from_json
from sadari.data.near import BANDS, Hashes
from sadari.data.types import Record, SetAside

COLUMNS = {
    "asks": np.uint64,
    "answers": np.uint64,
    "names": np.uint64,
    "groups": np.uint64,
    "tasks": np.uint64,
    "length": np.uint32,
    "single": np.bool_,
    "trusted": np.bool_,
}


@dataclass(frozen=True)
class Part:
    """Some records in order: JSON lines, and for each what `COLUMNS` name, shape (n,), and its
    bucket numbers, shape (n, BANDS)."""

    lines: Sequence[bytes]
    columns: dict[str, NDArray[Any]]
    bands: NDArray[np.uint32]


class Spool:
    """The records of one preparation in `folder`, which the caller removes. First every part is
    added, then `seal` is called, then records and columns can be read."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._lines = (folder / "lines").open("wb")
        self._files = {name: (folder / name).open("wb") for name in (*COLUMNS, *map(str, _bands()))}
        self._reader: BinaryIO | None = None
        self._offsets = np.zeros(1, np.int64)
        self.rows = 0

    def add(self, part: Part) -> None:
        """Appends the records of `part`."""
        self._lines.write(b"".join(part.lines))
        for name, values in part.columns.items():
            values.tofile(self._files[name])
        for band in _bands():
            np.ascontiguousarray(part.bands[:, band]).tofile(self._files[str(band)])
        self.rows += len(part.lines)

    def seal(self) -> None:
        """Ends writing."""
        self.close()
        self._offsets = np.zeros(self.rows + 1, np.int64)
        np.cumsum(self.column("length"), out=self._offsets[1:])
        self._reader = (self._folder / "lines").open("rb")

    def column(self, name: str) -> NDArray[Any]:
        """A column of all records."""
        return np.fromfile(self._folder / name, COLUMNS[name])

    def band(self, band: int) -> Hashes:
        """The bucket numbers of all records in one band."""
        return np.fromfile(self._folder / str(band), np.uint32).astype(np.uint64)

    def record(self, row: int) -> Record:
        """One record."""
        if self._reader is None:
            raise RuntimeError("seal the spool before reading it")
        self._reader.seek(int(self._offsets[row]))
        return _record(self._reader.read(int(self._offsets[row + 1] - self._offsets[row])))

    def lines(self) -> Iterator[bytes]:
        """Every record's line, in order."""
        with (self._folder / "lines").open("rb") as file:
            yield from file

    def close(self) -> None:
        """Closes all files; more than once does no harm."""
        for file in (self._lines, *self._files.values()):
            file.close()
        if self._reader is not None:
            self._reader.close()


class SetAsideFile:
    """Rows that go no further, written as they are met: `{"step", "source", "reason"}` a line."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("w", encoding="utf-8")
        self.counts: dict[str, int] = {}

    def add(self, step: str, row: SetAside) -> None:
        """Notes one row."""
        line = {"step": step, "source": row.source, "reason": row.reason}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.counts[step] = self.counts.get(step, 0) + 1

    def close(self) -> None:
        """Ends writing."""
        self._file.close()

    def of(self, step: str, path: Path) -> SetAsideRows:
        """The rows of one step, read from `path` when they are asked for."""
        return SetAsideRows(path, step, self.counts.get(step, 0))


@dataclass(frozen=True)
class SetAsideRows(Sequence[SetAside]):
    """The rows that one step set aside, on disk."""

    path: Path
    step: str
    rows: int

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[SetAside]:
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if row["step"] == self.step:
                    yield SetAside(row["source"], row["reason"])

    @overload
    def __getitem__(self, index: int) -> SetAside: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SetAside]: ...
    def __getitem__(self, index: int | slice) -> SetAside | Sequence[SetAside]:
        if isinstance(index, slice):
            return tuple(self)[index]
        place = range(self.rows)[index]
        return next(islice(self, place, None))


def _bands() -> range:
    return range(BANDS)


def _record(line: bytes) -> Record:
    return record_from_json(json.loads(line), "")
