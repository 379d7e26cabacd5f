"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A text file to write, which takes the place of `path` at the end of the block: written
    beside it, synced, renamed. If the block raises or the process dies, `path` stays as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_json(value: Any, path: Path) -> None:
    """Writes `value` as JSON into a `whole_file`; what JSON does not know (dates, paths) as its
    text."""
    with whole_file(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=1, default=str)


def settle(unfinished: Path, place: Path) -> None:
    """Renames a folder, or a file, once every byte of it is on the disk."""
    for path in [*unfinished.rglob("*"), unfinished]:
        sync(path)
    unfinished.rename(place)
    sync(place.parent)


def file_digest(path: Path, *, anew: bool = False) -> str:
    """The file's SHA-256 in hex. One with the size and time of change that it had before in this
    process is not read again (indexes and weights are named often, and large), unless somebody
    checks that it is what was written, and asks for it `anew`."""
    if anew:
        return _read_digest(path)
    state = path.stat()
    return _known_digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1024)
def _known_digest(path: Path, size: int, changed: int) -> str:
    return _read_digest(path)


def _read_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Waits until a file, or what a folder lists, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
