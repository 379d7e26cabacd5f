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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sadari.data.added import SIDES
from sadari.data.augment import variants_of
from sadari.data.duplicates import (
    KEPT,
    OTHER_ANSWER,
    Fingerprints,
    answer_of,
    decide,
    left_twins,
)
from sadari.data.formats import record_from_json
from sadari.data.formats.hub import is_hub_folder
from sadari.data.leakage import LeakageIndex, question_of
from sadari.data.ledger import LEDGER, SET_ASIDE, write_accounts
from sadari.data.parts import Done, Task, line_of, read_part, tasks_of
from sadari.data.redact import Vault, redact_records
from sadari.data.split import topics_of, validates
from sadari.data.spool import Part, SetAsideFile, Spool
from sadari.data.types import DataError, Ledger, Record, SetAside, Step
from sadari.domain import Domain
from sadari.llm import end_with_parent

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class _Counts:
    """Rows before and behind each step."""

    rows_in: int
    spooled: int
    kept: int
    merged: int


@dataclass(frozen=True)
class _Written:
    """Lines in training and validation, variants among them, lines of the domain's own records,
    and the SHA-256 of all."""

    lines: tuple[int, int]
    made: int
    own: tuple[int, int]
    digest: str


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
    own: Iterable[Record] = (),
    vault: Vault | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Reads the rows of `files` behind the records `own`, and writes `train.jsonl`,
    `validation.jsonl`, `ledger.json` and `set_aside.jsonl` into `out`. The same rows, settings and
    seed give the same bytes, whatever the number of `workers` (by default the cores). Raises
    DataError where no row can be used."""
    total = sum(_count_lines(path) for path in files)
    out.mkdir(parents=True, exist_ok=True)
    settings = domain.settings.data
    exam = LeakageIndex(domain.questions)
    private = vault is not None and settings.redact
    heard = progress or (lambda stage, done, total: None)
    work = _workplace(out)
    try:
        with Spool(work / "spool") as spool:
            aside = SetAsideFile(work / SET_ASIDE)
            own = tuple(own)
            rows_in = own_rows = 0
            for done in _spread(
                tasks_of(own, files, exam, private), workers or os.cpu_count() or 1
            ):
                part = done.part
                if done.personal and vault is not None:
                    part = _redacted(part, done.personal, vault)
                spool.add(part)
                for step, row in done.aside:
                    aside.add(step, row)
                rows_in += done.rows_in
                if rows_in <= len(own):
                    own_rows = spool.rows
                heard("reading records", min(rows_in, total), total)
            spool.seal()
            if not spool.rows:
                todo = "Look at set_aside.jsonl for the reasons."
                raise DataError("no row can be used.", where=", ".join(map(str, files)), todo=todo)
            heard("comparing records", 0, 1)
            kept, merged = _decided(spool, aside, settings.near_duplicates)
            validation = _sides(spool, kept, domain)
            heard("comparing records", 1, 1)
            written = _write(spool, kept, validation, own_rows, domain, exam, work, aside, heard)
        aside.close()
        counts = _Counts(rows_in, spool.rows, int(kept.sum()), merged)
        added = {"files": [str(path) for path in files], "own": written.own}
        return _finish(work, out, aside, counts, written, added, domain, private)
    finally:
        shutil.rmtree(work, ignore_errors=True)


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


def _prints(spool: Spool) -> Fingerprints:
    return Fingerprints(
        spool.column("asks"), spool.column("answers"), spool.band, spool.column("single")
    )


def _texts(spool: Spool) -> Callable[[int], tuple[str, str]]:
    def texts(row: int) -> tuple[str, str]:
        record = spool.record(row)
        return question_of(record), answer_of(record)

    return texts


def _decided(spool: Spool, aside: SetAsideFile, threshold: float) -> tuple[NDArray[np.bool_], int]:
    """Which records stay, and how many were merged into others."""
    order = np.argsort(~spool.column("trusted"), kind="stable")
    made = decide(_prints(spool), _texts(spool), threshold=threshold, order=order)
    for row in np.flatnonzero(made.fate == OTHER_ANSWER).tolist():
        record, first = spool.record(row), spool.record(int(made.first[row]))
        reason = f"another answer to the question of {first.id}"
        aside.add("deduplicate", SetAside(f"{record.source} ({record.id})", reason))
    kept = made.fate == KEPT
    merged = int((~kept & (made.fate != OTHER_ANSWER)).sum())
    names = spool.column("names")
    order = np.flatnonzero(kept)
    _, first_of = np.unique(names[order], return_index=True)
    twice = np.setdiff1d(order, order[first_of])
    for row in twice.tolist():
        record = spool.record(row)
        reason = f"the id {record.id[:60]} is taken by a row before"
        aside.add("deduplicate", SetAside(record.source, reason))
    kept[twice] = False
    return kept, merged


def _sides(spool: Spool, kept: NDArray[np.bool_], domain: Domain) -> NDArray[np.bool_]:
    """Which records validate; none that does not stay."""
    settings = domain.settings.data
    place = np.cumsum(kept) - 1
    twins = left_twins(_prints(spool), _texts(spool), settings.near_duplicates, kept)
    groups = spool.column("groups")[kept]
    topics = topics_of(groups, {d.id: d.topic for d in domain.documents})
    side = np.zeros(len(kept), bool)
    side[kept] = validates(
        groups,
        (spool.column("tasks")[kept], topics),
        settings.validation_share,
        settings.seed,
        ((int(place[i]), int(place[j])) for i, j in twins),
    )
    return side


def _write(
    spool: Spool,
    kept: NDArray[np.bool_],
    validation: NDArray[np.bool_],
    own_rows: int,
    domain: Domain,
    exam: LeakageIndex,
    work: Path,
    aside: SetAsideFile,
    heard: Progress,
) -> _Written:
    """Writes what stays, in order, the domain's own records first, each before its variants."""
    settings = domain.settings.data
    seen, counts, own, made = hashlib.sha256(), [0, 0], [0, 0], 0
    with (
        (work / SIDES[0]).open("wb") as train,
        (work / SIDES[1]).open("wb") as held,
    ):
        for row, line in enumerate(spool.lines()):
            if not kept[row]:
                continue
            side = int(validation[row])
            lines = [line]
            if settings.augment:
                record = spool.record(row)
                for variant in variants_of(record, settings.augment, settings.seed):
                    made += 1
                    if same := exam.same_as(question_of(variant)):
                        reason = f"repeats the exam question {same}"
                        where = f"{variant.source} ({variant.id})"
                        aside.add("augment", SetAside(where, reason))
                    else:
                        lines.append(line_of(variant))
            for written in lines:
                (held if side else train).write(written)
                seen.update(written)
            counts[side] += len(lines)
            own[side] += len(lines) if row < own_rows else 0
            if row % 10_000 == 0:
                heard("writing records", row, spool.rows)
    heard("writing records", spool.rows, spool.rows)
    return _Written((counts[0], counts[1]), made, (own[0], own[1]), seen.hexdigest())


def _finish(
    work: Path,
    out: Path,
    aside: SetAsideFile,
    counts: _Counts,
    written: _Written,
    added: Mapping[str, object],
    domain: Domain,
    private: bool,
) -> Prepared:
    """Puts the files in place, and the ledger beside them."""
    place = out / SET_ASIDE
    (out / LEDGER).unlink(missing_ok=True)  # it counts the lines of the files before
    for name in (*SIDES, SET_ASIDE):
        (work / name).replace(out / name)
    clean_out = counts.spooled + aside.counts.get("keep the exam out", 0)
    imported = clean_out + aside.counts.get("clean", 0)
    end = sum(written.lines)

    def step(name: str, rows: int, after: int, *, made: int = 0, merged: int = 0) -> Step:
        over_all = name in ("deduplicate", "split")
        kind: Literal["map", "over_all"] = "over_all" if over_all else "map"
        return Step(name, rows, after, made, merged, aside.of(name, place), kind)

    steps = [
        step("import", counts.rows_in, imported),
        step("clean", imported, clean_out),
        step("keep the exam out", clean_out, counts.spooled),
        *([step("redact", counts.spooled, counts.spooled)] if private else []),
        step("deduplicate", counts.spooled, counts.kept, merged=counts.merged),
    ]
    if domain.settings.data.augment:
        steps.append(step("augment", counts.kept, end, made=written.made))
    ledger = Ledger((*steps, step("split", end, end)))
    write_accounts(ledger, out, added)
    return Prepared(*written.lines, ledger, written.digest)
