"""The story from a domain folder to training records: clean the documents, collect, hold documents
out, clean, keep the exam out, redact, deduplicate, augment, split. Every row is accounted for in
the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sadari.data.added import Added, read_added, records_folder
from sadari.data.augment import augment
from sadari.data.clean import clean, sift, without_furniture
from sadari.data.collect import from_documents, from_feedback, refusals
from sadari.data.dialogues import from_sessions
from sadari.data.duplicates import answer_of, deduplicate, fingerprints, left_twins
from sadari.data.formats import record_to_json
from sadari.data.leakage import LeakageIndex, question_of, refuse_leaks
from sadari.data.redact import Vault, redact_records, vault_path
from sadari.data.split import split_by_group
from sadari.data.types import DataError, Dataset, Ledger, Own, Record, SetAside, Step
from sadari.domain import Domain

Progress = Callable[[str, int, int], None]
STEPS = 10  # at most


def prepare(
    domain: Domain,
    *,
    held_out: frozenset[str] = frozenset(),
    vault: Vault | None = None,
    added: Added | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Records of `domain`, none from the document groups in `held_out`. The same folder and seed
    give the same records. With a `vault` personal data become placeholders, whose meaning stays in
    the vault; nothing else is read or written. `added` records take the same way as the domain's
    own. `progress` hears (step, done, total). Raises DataError when nothing is left to learn from,
    or when the user's own feedback repeats a test question."""
    settings = domain.settings.data
    exam = LeakageIndex(domain.questions)
    ledger = Ledger()

    def account(step: Step) -> None:
        nonlocal ledger
        ledger = ledger.add(step)
        if progress is not None:
            progress("preparing records", len(ledger.steps), STEPS)

    own = own_records(domain)
    records = list(own.records)
    for step in own.steps:
        account(step)
    if added is not None and added.folder:
        records, step = added.behind(records)
        account(step)
    if held_out:
        records, step = _hold_out(records, domain, held_out)
        account(step)
    records, step = clean(records)
    account(step)
    records, step = keep_exam_out(records, exam, vault)
    account(step)
    if vault is not None and settings.redact:
        records, step = redact_records(records, vault)
        account(step)
    records, step = deduplicate(records, threshold=settings.near_duplicates)
    account(step)
    if settings.augment:
        records, step = augment(records, settings.augment, settings.seed, exam)
        account(step)
    if not records:
        todo = "Add documents with full sentences, or feedback with good answers."
        raise DataError("no training record could be made.", where=str(domain.path), todo=todo)
    train, validation, step = split(records, domain)
    account(step)
    if not train or not validation:
        todo = "Training needs at least two documents or feedback groups."
        raise DataError("all records belong to one group.", where=str(domain.path), todo=todo)
    if progress is not None:
        progress("preparing records", STEPS, STEPS)
    digest = digest_of([*train, *validation])
    return Dataset(tuple(train), tuple(validation), held_out, ledger, digest)


def prepare_in(
    home: Path,
    domain: Domain,
    *,
    held_out: frozenset[str] = frozenset(),
    progress: Progress | None = None,
) -> Dataset:
    """As `prepare`, with what the state at `home` keeps of the domain: its map of personal data,
    and what `data prepare --add` kept of files, of which `[data] added` records at most."""
    settings = domain.settings.data
    added = read_added(records_folder(home, domain.id), settings.added, settings.seed)
    with Vault.open(vault_path(home, domain.id)) as vault:
        return prepare(domain, held_out=held_out, vault=vault, added=added, progress=progress)


def split(records: Sequence[Record], domain: Domain) -> tuple[list[Record], list[Record], Step]:
    """(train, validation) by group and near copies, each task and topic on both sides."""
    settings = domain.settings.data
    texts = [(question_of(r), answer_of(r)) for r in records]
    everything = np.ones(len(records), bool)
    train, validation = split_by_group(
        records,
        settings.validation_share,
        settings.seed,
        topics={d.id: d.topic for d in domain.documents},
        joined=left_twins(
            fingerprints(records), texts.__getitem__, settings.near_duplicates, everything
        ),
    )
    return train, validation, Step("split", len(records), len(records), kind="over_all")


def digest_of(records: Sequence[Record]) -> str:
    """SHA-256 over the records in order, wherever their files lie: names the data that an adapter
    was trained on."""
    plain = (record_to_json(replace(record, source="")) for record in records)
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) for row in plain)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def own_records(domain: Domain) -> Own:
    """What the domain's own files give. Raises DataError where the user's own feedback repeats a
    test question."""
    documents, cleaned = without_furniture(domain.documents)
    records, collected = collect(replace(domain, documents=tuple(documents)))
    return Own(tuple(records), (cleaned, collected))


def told_by_people(domain: Domain) -> list[Record]:
    """What the user's own feedback and sessions give."""
    language = domain.settings.language
    return [*from_feedback(domain.feedback), *from_sessions(domain.dialogues, language)]


def collect(domain: Domain) -> tuple[list[Record], Step]:
    """What the documents give, what people said, and honest refusals."""
    settings = domain.settings.data
    made = from_documents(domain.documents, settings.variants, settings.seed)
    told = told_by_people(domain)
    refuse_leaks(told, domain.questions)
    refused = refusals(
        domain.documents, domain.settings.refusal, settings.refusals, len(made), settings.seed
    )
    unused = tuple(
        SetAside(f.source, "a bad answer without a correction")
        for f in domain.feedback
        if f.rating == "down" and not f.correction
    )
    records = [*made, *told, *refused]
    given = len(domain.feedback) + len(domain.dialogues)
    return records, Step("collect", given, len(records), len(made) + len(refused), set_aside=unused)


def _hold_out(
    records: Sequence[Record], domain: Domain, held_out: frozenset[str]
) -> tuple[list[Record], Step]:
    """Drops what comes from a held-out document, also feedback and dialogues that rest on one
    among others."""
    evidence = {f.id: {*f.evidence} for f in domain.feedback}
    evidence |= {s.id: {*s.evidence} for s in domain.dialogues}

    def judge(record: Record) -> Record | str:
        groups = {record.group, *evidence.get(record.id, ())}
        return "its document is held out of tuning" if groups & held_out else record

    return sift("hold documents out", records, judge)


def keep_exam_out(
    records: Sequence[Record], exam: LeakageIndex, vault: Vault | None = None
) -> tuple[list[Record], Step]:
    """Drops what repeats a question of the exam, dev or test; `vault` gives back what placeholders
    of records that were redacted before stand for."""

    def judge(record: Record) -> Record | str:
        return exam.against(record, vault) or record

    return sift("keep the exam out", records, judge)
