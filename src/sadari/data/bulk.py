"""Records by the million: the same steps as `prepare`, over files that no memory holds.

Two passes. The first reads rows in parts, each on whatever core is free: import, clean, keep the
exam out; lines and hashes go to disk. Then duplicates are decided from the hashes of all. The
second pass writes what stays, with its variants. Memory grows by some 60 bytes a record.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sadari.data.augment import augment
from sadari.data.duplicates import (
    KEPT,
    OTHER_ANSWER,
    Fingerprints,
    answer_of,
    decide,
    left_twins,
    other_answer,
)
from sadari.data.formats import record_from_json
from sadari.data.formats.hub import is_hub_folder
from sadari.data.leakage import LeakageIndex, question_of
from sadari.data.ledger import LEDGER, SET_ASIDE, SIDES, write_accounts
from sadari.data.parts import Done, Task, line_of, read_part, tasks_of
from sadari.data.redact import Vault, redact_records
from sadari.data.split import topics_of, validates
from sadari.data.spool import Part, SetAsideFile, Spool
from sadari.data.types import DataError, Ledger, Own, SetAside, Step
from sadari.domain import Domain
from sadari.llm import cores, end_with_parent

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Prepared:
    """What was written: how many records on each side, the ledger, the SHA-256 of the lines."""

    train: int
    validation: int
    ledger: Ledger
    digest: str


def prepare_files(
    domain: Domain,
    files: Sequence[Path],
    out: Path,
    *,
    own: Own | None = None,
    vault: Vault | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Reads the rows of `files` behind the domain's `own` records, and writes `train.jsonl`,
    `validation.jsonl`, `ledger.json` and `set_aside.jsonl` into `out`. The same rows, settings and
    seed give the same bytes, whatever the number of `workers` (by default the cores). Raises
    DataError where no row can be used."""
    total = sum(_count_lines(path) for path in files)
    try:
        out.mkdir(parents=True, exist_ok=True)
        work = _workplace(out)
    except OSError as error:
        what = f"records cannot be written here: {error.strerror}."
        raise DataError(what, where=str(out), todo="Name another folder with --out.") from error
    try:
        with (
            closing(Spool(work / "spool")) as spool,
            closing(SetAsideFile(work / SET_ASIDE)) as aside,
        ):
            run = _Run(domain, own or Own(), vault, work, spool, aside, progress or _unheard)
            run.read(files, total, workers or cores())
            if not spool.rows:
                todo = "Look at set_aside.jsonl for the reasons."
                raise DataError("no row can be used.", where=", ".join(map(str, files)), todo=todo)
            run.decide()
            run.write()
        return run.finish(files, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _unheard(stage: str, done: int, total: int) -> None:
    pass


class _Run:
    """One preparation, method by method in the order of its story."""

    def __init__(
        self,
        domain: Domain,
        own: Own,
        vault: Vault | None,
        work: Path,
        spool: Spool,
        aside: SetAsideFile,
        heard: Progress,
    ) -> None:
        self.settings = domain.settings.data
        self.topics = {d.id: d.topic for d in domain.documents}
        self.exam = LeakageIndex(domain.questions)
        self.vault = vault if self.settings.redact else None
        self.own, self.work, self.spool, self.aside, self.heard = own, work, spool, aside, heard
        self.rows_in = self.own_rows = self.merged = self.made = 0
        self.kept: NDArray[np.bool_] = np.zeros(0, bool)
        self.validates: NDArray[np.bool_] = np.zeros(0, bool)
        self.lines, self.own_lines = [0, 0], [0, 0]  # in training, in validation
        self.seen = hashlib.sha256()

    def read(self, files: Sequence[Path], total: int, workers: int) -> None:
        """The steps over each row alone: lines and hashes of what is usable go to the spool."""
        for step in self.own.steps:
            for row in step.set_aside:
                self.aside.add(step.name, row)
        records, private = self.own.records, self.vault is not None
        for done in _spread(tasks_of(records, files, self.exam, private), workers):
            part = done.part
            if done.personal and self.vault is not None:
                part = _redacted(part, done.personal, self.vault)
            self.spool.add(part)
            for name, row in done.aside:
                self.aside.add(name, row)
            self.rows_in += done.rows_in
            if self.rows_in <= len(records):
                self.own_rows = self.spool.rows
            self.heard("reading records", min(self.rows_in, total), total)
        self.spool.seal()

    def decide(self) -> None:
        """Which records stay, and which of those validate."""
        self.heard("comparing records", 0, 1)
        spool, threshold = self.spool, self.settings.near_duplicates
        prints = Fingerprints(
            spool.column("asks"), spool.column("answers"), spool.band, spool.column("single")
        )
        order = np.argsort(~spool.column("trusted"), kind="stable")
        made = decide(prints, self._texts, threshold=threshold, order=order)
        for row in np.flatnonzero(made.fate == OTHER_ANSWER).tolist():
            first = spool.record(int(made.first[row]))
            self.aside.add("deduplicate", other_answer(spool.record(row), first))
        self.kept = made.fate == KEPT
        self.merged = int((~self.kept & (made.fate != OTHER_ANSWER)).sum())
        names = spool.column("names")
        order = np.flatnonzero(self.kept)
        _, first_of = np.unique(names[order], return_index=True)
        twice = np.setdiff1d(order, order[first_of])
        for row in twice.tolist():
            record = spool.record(row)
            reason = f"the id {record.id[:60]} is taken by a row before"
            self.aside.add("deduplicate", SetAside(record.source, reason))
        self.kept[twice] = False
        self.validates = self._sides(left_twins(prints, self._texts, threshold, self.kept))
        self.heard("comparing records", 1, 1)

    def _texts(self, row: int) -> tuple[str, str]:
        record = self.spool.record(row)
        return question_of(record), answer_of(record)

    def _sides(self, twins: Iterator[tuple[int, int]]) -> NDArray[np.bool_]:
        """Which records validate; none that does not stay."""
        kept, place = self.kept, np.cumsum(self.kept) - 1
        groups = self.spool.column("groups")[kept]
        side = np.zeros(len(kept), bool)
        side[kept] = validates(
            groups,
            (self.spool.column("tasks")[kept], topics_of(groups, self.topics)),
            self.settings.validation_share,
            self.settings.seed,
            ((int(place[i]), int(place[j])) for i, j in twins),
        )
        return side

    def write(self) -> None:
        """Writes what stays, in order, the domain's own records first, each before its variants."""
        rows = self.spool.rows
        with (
            (self.work / SIDES[0]).open("wb") as train,
            (self.work / SIDES[1]).open("wb") as held,
        ):
            for row, line in enumerate(self.spool.lines()):
                if not self.kept[row]:
                    continue
                side = int(self.validates[row])
                lines = [line, *self._variants(row)]
                for written in lines:
                    (held if side else train).write(written)
                    self.seen.update(written)
                self.lines[side] += len(lines)
                self.own_lines[side] += len(lines) if row < self.own_rows else 0
                if row % 10_000 == 0:
                    self.heard("writing records", row, rows)
        self.heard("writing records", rows, rows)

    def _variants(self, row: int) -> Iterator[bytes]:
        if not self.settings.augment:
            return
        records, step = augment(
            [self.spool.record(row)], self.settings.augment, self.settings.seed, self.exam
        )
        self.made += step.made
        for aside in step.set_aside:
            self.aside.add(step.name, aside)
        yield from map(line_of, records[1:])

    def finish(self, files: Sequence[Path], out: Path) -> Prepared:
        """Puts the files in place, and the ledger beside them."""
        (out / LEDGER).unlink(missing_ok=True)  # it counts the lines of the files before
        for name in (*SIDES, SET_ASIDE):
            (self.work / name).replace(out / name)
        ledger = self._ledger(out / SET_ASIDE)
        write_accounts(ledger, out, {"files": [str(path) for path in files], "own": self.own_lines})
        train, validation = self.lines
        return Prepared(train, validation, ledger, self.seen.hexdigest())

    def _ledger(self, place: Path) -> Ledger:
        own, spooled, kept, end = (
            len(self.own.records), self.spool.rows, int(self.kept.sum()), sum(self.lines)
        )  # fmt: skip
        clean_out = spooled + self.aside.counts.get("keep the exam out", 0)
        imported = clean_out + self.aside.counts.get("clean", 0)

        def step(name: str, rows: int, after: int, *, made: int = 0, merged: int = 0) -> Step:
            over_all = name in ("deduplicate", "split")
            kind: Literal["map", "over_all"] = "over_all" if over_all else "map"
            return Step(name, rows, after, made, merged, self.aside.of(name, place), kind)

        steps = [
            *self.own.steps,
            step("import", own, imported, made=self.rows_in - own),
            step("clean", imported, clean_out),
            step("keep the exam out", clean_out, spooled),
            *([step("redact", spooled, spooled)] if self.vault is not None else []),
            step("deduplicate", spooled, kept, merged=self.merged),
            *([step("augment", kept, end, made=self.made)] if self.settings.augment else []),
            step("split", end, end),
        ]
        return Ledger(tuple(steps))


def _workplace(out: Path) -> Path:
    """A new folder in `out`; those of processes that were killed are removed."""
    for left in out.glob(".preparing-*"):
        process = left.name.split("-")[1]
        if not (process.isdecimal() and _runs(int(process))):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f".preparing-{os.getpid()}-", dir=out))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another's
        return True
    return True


def _count_lines(path: Path) -> int:
    if is_hub_folder(path):
        return 0
    if not path.is_file():
        what = "is no file of records." if path.exists() else "does not exist."
        raise DataError(what, where=str(path), todo="Check the path.")
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(2**20), b""))


def _spread(tasks: Iterator[Task], workers: int) -> Iterator[Done]:
    """The parts read, in order, on `workers` processes; no more wait than two a process."""
    if workers == 1:
        yield from map(read_part, tasks)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent) as pool:
        waiting: deque[Future[Done]] = deque()
        for task in tasks:
            waiting.append(pool.submit(read_part, task))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _redacted(part: Part, personal: Sequence[int], vault: Vault) -> Part:
    records = [record_from_json(json.loads(part.lines[i]), "") for i in personal]
    lines = list(part.lines)
    for row, record in zip(personal, redact_records(records, vault)[0], strict=True):
        lines[row] = line_of(record)
    length = np.fromiter(map(len, lines), np.uint32, len(lines))
    return replace(part, lines=lines, columns={**part.columns, "length": length})
