"""Records that `data prepare --add` kept of files, as the domain learns from them ever after."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sadari.data.augment import is_variant
from sadari.data.formats import record_from_json
from sadari.data.ledger import LEDGER, SIDES
from sadari.data.types import DataError, Record, SetAside, Step


@dataclass(frozen=True)
class Added:
    """Records beside the domain's own, how many more there are, and the folder they lie in."""

    records: tuple[Record, ...] = ()
    left: int = 0
    folder: str = ""

    def behind(self, own: list[Record]) -> tuple[list[Record], Step]:
        """The records behind the domain's `own`, whose ids win, and the account."""
        taken = {record.id for record in own}
        fresh = [record for record in self.records if record.id not in taken]
        aside = [
            SetAside(record.source, f"the id {record.id[:60]} is one of the domain's own")
            for record in self.records
            if record.id in taken
        ]
        aside += [SetAside(self.folder, "more than `[data] added` takes")] * self.left
        together = [*own, *fresh]
        made = len(self.records) + self.left
        return together, Step("add", len(own), len(together), made, set_aside=aside)


def records_folder(home: Path, domain_id: str) -> Path:
    """Where a domain's prepared records lie in the state at `home`."""
    return home / "data" / domain_id


def read_added(folder: Path, most: int, seed: int) -> Added:
    """What the last `data prepare` into `folder` kept of the files it was given, without variants:
    at most `most` records, drawn by a seeded hash of their lines, in their order. Memory holds no
    more than those. Raises DataError for lines that were spoilt since."""
    path = folder / LEDGER
    if not path.is_file() and any((folder / name).is_file() for name in SIDES):
        todo = "Run it again, with what was added."
        raise DataError("`data prepare` was ended half-way.", where=str(folder), todo=todo)
    ledger = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if "added" not in ledger:
        return Added()
    salt = f"{seed}".encode()
    drawn: list[tuple[int, int, str, bytes]] = []
    seen = 0
    for seen, (where, line) in enumerate(_lines(folder, ledger["added"]["own"]), start=1):
        digest = hashlib.blake2b(line, digest_size=8, key=salt).digest()
        entry = (-int.from_bytes(digest), -seen, where, line)
        if len(drawn) < most:
            heapq.heappush(drawn, entry)
        else:
            heapq.heappushpop(drawn, entry)
    drawn.sort(key=lambda entry: -entry[1])
    records = tuple(_record(line, where) for _, _, where, line in drawn)
    return Added(records, seen - len(records), str(folder))


def _lines(folder: Path, own: tuple[int, int]) -> Iterator[tuple[str, bytes]]:
    """(file:line, line) of each added record; the domain's own come first and are left out."""
    for name, before in zip(SIDES, own, strict=True):
        path = folder / name
        if not path.is_file():
            raise DataError("is gone.", where=str(path), todo="Run `data prepare --add` again.")
        with path.open("rb") as file:
            for number, line in enumerate(islice(file, before, None), start=before + 1):
                where = f"{path}:{number}"
                if b'"parent"' not in line or not is_variant(_record(line, where)):
                    yield where, line


def _record(line: bytes, where: str) -> Record:
    try:
        return record_from_json(json.loads(line), where)
    except ValueError as error:
        todo = "Run `data prepare --add` again."
        raise DataError(f"is no record any more: {error}", where=where, todo=todo) from None
