"""The story from a domain folder to training records: collect, hold documents out, clean,
deduplicate, keep the exam out, split. Every row is accounted for in the ledger."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from sadari.data.collect import from_documents, from_feedback, refusals
from sadari.data.formats import record_to_json
from sadari.data.leakage import LeakageIndex, question_of, refuse_leaks
from sadari.data.split import split_by_group
from sadari.data.types import DataError, Dataset, Ledger, Record, SetAside, Step
from sadari.domain import Domain
from sadari.text import normalise

LONGEST_TURN = 8_000  # characters; a longer one is a pasted file, not a turn


def prepare(domain: Domain, *, held_out: frozenset[str] = frozenset()) -> Dataset:
    """Records of `domain`, none from the document groups in `held_out`. The same folder and seed
    give the same records. Raises DataError when nothing is left to learn from, or when the user's
    own feedback repeats a test question."""
    settings = domain.settings.data
    made = from_documents(domain.documents, settings.variants, settings.seed)
    told = from_feedback(domain.feedback)
    refuse_leaks(told, domain.questions)
    refused = refusals(
        domain.documents, domain.settings.refusal, settings.refusals, len(made), settings.seed
    )
    records = [*made, *told, *refused]
    unused = tuple(
        SetAside(f.source, "a bad answer without a correction")
        for f in domain.feedback
        if f.rating == "down" and not f.correction
    )
    ledger = Ledger().add(
        Step("collect", len(domain.feedback), len(records), len(made) + len(refused), 0, unused)
    )
    ledger, records = _hold_out(ledger, records, domain, held_out)
    ledger, records = _clean(ledger, records)
    ledger, records = _deduplicate(ledger, records)
    ledger, records = _keep_exam_out(ledger, records, domain)
    if not records:
        todo = "Add documents with full sentences, or feedback with good answers."
        raise DataError("no training record could be made.", where=str(domain.path), todo=todo)
    train, validation = split_by_group(records, settings.validation_share, settings.seed)
    if not train or not validation:
        todo = "Training needs at least two documents or feedback groups."
        raise DataError("all records belong to one group.", where=str(domain.path), todo=todo)
    digest = digest_of([*train, *validation])
    return Dataset(tuple(train), tuple(validation), held_out, ledger, digest)


def digest_of(records: Sequence[Record]) -> str:
    """SHA-256 over the records in order, wherever their files lie: names the data that an adapter
    was trained on."""
    plain = (record_to_json(replace(record, source="")) for record in records)
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) for row in plain)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _step(
    ledger: Ledger, name: str, records: list[Record], judge: Callable[[Record], str | None]
) -> tuple[Ledger, list[Record]]:
    """Keeps what `judge` has no reason against."""
    kept: list[Record] = []
    aside: list[SetAside] = []
    for record in records:
        reason = judge(record)
        if reason is None:
            kept.append(record)
        else:
            aside.append(SetAside(f"{record.source} ({record.id})", reason))
    return ledger.add(Step(name, len(records), len(kept), set_aside=tuple(aside))), kept


def _clean(ledger: Ledger, records: list[Record]) -> tuple[Ledger, list[Record]]:
    cleaned = [
        replace(r, messages=tuple(replace(m, content=_tidy(m.content)) for m in r.messages))
        for r in records
    ]

    def judge(record: Record) -> str | None:
        if any(not m.content for m in record.messages):
            return "an empty turn"
        if any(len(m.content) > LONGEST_TURN for m in record.messages):
            return f"a turn of more than {LONGEST_TURN} characters"
        return None

    return _step(ledger, "clean", cleaned, judge)


def _deduplicate(ledger: Ledger, records: list[Record]) -> tuple[Ledger, list[Record]]:
    """Merges records that ask and answer the same; sets aside a second answer to a question."""
    first: dict[str, Record] = {}
    kept: list[Record] = []
    aside: list[SetAside] = []
    merged = 0
    for record in sorted(records, key=lambda r: r.task != "feedback"):  # people's words win
        question = normalise(question_of(record))
        same = first.get(question)
        if same is None:
            first[question] = record
            kept.append(record)
        elif normalise(same.messages[-1].content) == normalise(record.messages[-1].content):
            merged += 1
        else:
            reason = f"another answer to the question of {same.id}"
            aside.append(SetAside(f"{record.source} ({record.id})", reason))
    step = Step("deduplicate", len(records), len(kept), merged=merged, set_aside=tuple(aside))
    return ledger.add(step), sorted(kept, key=lambda r: r.id)


def _hold_out(
    ledger: Ledger, records: list[Record], domain: Domain, held_out: frozenset[str]
) -> tuple[Ledger, list[Record]]:
    """Drops what comes from a held-out document, also feedback that rests on one among others."""
    evidence = {f.id: {*f.evidence} for f in domain.feedback}

    def judge(record: Record) -> str | None:
        groups = {record.group, *evidence.get(record.id, ())}
        return "its document is held out of tuning" if groups & held_out else None

    return _step(ledger, "hold documents out", records, judge) if held_out else (ledger, records)


def _keep_exam_out(
    ledger: Ledger, records: list[Record], domain: Domain
) -> tuple[Ledger, list[Record]]:
    exam = LeakageIndex(domain.questions)

    def judge(record: Record) -> str | None:
        same = exam.same_as(question_of(record))
        return f"repeats the exam question {same}" if same else None

    return _step(ledger, "keep the exam out", records, judge)


def _tidy(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()
