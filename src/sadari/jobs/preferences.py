"""What people thought of answers, from records to a tuning that starts where the last one ended."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sadari.assistant import Recipe
from sadari.data import Dataset, Record
from sadari.data.clean import clean
from sadari.data.leakage import LeakageIndex
from sadari.data.prepare import keep_exam_out
from sadari.data.redact import Vault, redact_records, vault_path
from sadari.domain import Domain, Message
from sadari.domain.message import assistant, user
from sadari.jobs.lessons import Asking, prompts, unlearned
from sadari.jobs.tune import Job, name_of
from sadari.jobs.types import JobError
from sadari.llm import Rendered
from sadari.llm.render import render
from sadari.llm.weights import load_tokenizer
from sadari.tuning import Lesson, Pair, Rated, TuneSettings
from sadari.tuning.settings import PREFERENCE_RATE, PreferenceLoss

log = logging.getLogger("sadari.jobs")


@dataclass(frozen=True)
class Opinions:
    """Records that say what somebody thought of an answer, for training and held out of it."""

    train: tuple[Record, ...]
    validation: tuple[Record, ...]


def opinions(domain: Domain, data: Dataset, home: Path) -> Opinions:
    """Those among `data`, and the bad answers without a correction, which no other training has a
    use for: cleaned, redacted and kept apart from the exam and from held-out documents as `data`
    is, each on the side of its document."""
    bad = [
        Record(
            id=said.id,
            messages=(user(said.question), assistant(said.answer)),
            group=said.evidence[0] if said.evidence else said.id,
            source=said.source,
            task=said.task or "feedback",
            rating="down",
        )
        for said in domain.feedback
        if said.rating == "down" and not said.correction
    ]
    bad, _ = clean([record for record in bad if record.group not in data.held_out])
    bad, _ = keep_exam_out(bad, LeakageIndex(domain.questions))
    if domain.settings.data.redact:
        with Vault.open(vault_path(home, domain.id)) as vault:
            bad, _ = redact_records(bad, vault)
    apart = {record.group for record in data.validation}
    return Opinions(
        (*filter(_says, data.train), *(r for r in bad if r.group not in apart)),
        (*filter(_says, data.validation), *(r for r in bad if r.group in apart)),
    )


def _says(record: Record) -> bool:
    return record.rejected is not None or record.rating is not None


def plan_preference(
    loss: PreferenceLoss,
    domain: Domain,
    data: Dataset,
    home: Path,
    tuned: Job,
    *,
    closed: Recipe,
    open_book: Recipe | None,
) -> tuple[Job, Counter[str]]:
    """The job that learns preferences from where the job `tuned` will have ended, and why records
    with an opinion teach it nothing. Raises JobError where there is too little to learn from or to
    measure by."""
    tokenizer = load_tokenizer(tuned.base)
    found = opinions(domain, data, home)
    asking = Asking(closed, open_book, domain.settings.data.with_passages)
    left_out: Counter[str] = Counter()
    train, validation = (
        tuple(_lessons(loss, records, tokenizer, asking, tuned.settings.seed, left_out))
        for records in (found.train, found.validation)
    )
    _check(loss, domain, train, validation)
    settings = _settings(loss, domain, tuned.settings)
    for warning in settings.warnings():
        if warning not in tuned.settings.warnings():
            log.warning("%s", warning)
    folder = tuned.folder.with_name(name_of(tuned.base, train, validation, settings))
    title = f"{loss}, {tuned.name}"
    job = Job(title, tuned.base, train, validation, settings, folder, domain.id)
    job = replace(job, prompts=tuned.prompts)
    return starting_from(job, tuned.folder), left_out


def starting_from(job: Job, tuned: Path) -> Job:
    """The job with its start in the adapter `tuned`: of other weights another adapter is made."""
    if job.start_from == tuned:
        return job
    own = job.folder.name if job.start_from is None else job.folder.name[16:]
    return replace(job, folder=tuned.with_name(f"{tuned.name[:16]}{own[:16]}"), start_from=tuned)


def preferred(result: Mapping[str, Any]) -> str:
    """One phrase on the held-out pairs, before and after, of a result that has them."""
    kept = result["validation_losses"].index(result["best_validation_loss"])
    before, after = result["preferred"][0], result["preferred"][kept]
    return f"the chosen answer is the likelier one in {before:.0%} → {after:.0%}"


def _settings(loss: PreferenceLoss, domain: Domain, start: TuneSettings) -> TuneSettings:
    chosen = domain.settings.preference
    return replace(
        start,
        preference=loss,
        beta=chosen.beta,
        epochs=chosen.epochs,
        learning_rate=chosen.learning_rate or start.peak_rate * PREFERENCE_RATE,
    )


def _lessons(
    loss: PreferenceLoss,
    records: Sequence[Record],
    tokenizer: Any,
    asking: Asking,
    seed: int,
    left_out: Counter[str],
) -> list[Lesson]:
    told = asking.template_kwargs
    lessons: list[Lesson] = []
    for record, prompt in zip(records, prompts(records, asking, seed), strict=True):
        good, bad = (
            _answered(tokenizer, prompt, answer, record, told) if answer else None
            for answer in _answers(record)
        )
        if good is not None and good == bad:
            left_out["its two answers are equal"] += 1
        elif loss == "kto":
            rated = [Rated(answer, answer is good) for answer in (good, bad) if answer is not None]
            lessons.extend(rated)
        elif good is None or bad is None:
            left_out["one answer alone; kto learns from those"] += 1
        else:
            lessons.append(Pair(good, bad))
    return lessons


def _answers(record: Record) -> tuple[Message | None, Message | None]:
    """The answer that somebody liked and the one that somebody did not."""
    last = record.messages[-1]
    if record.rejected is not None:
        return last, assistant(record.rejected)
    return (last, None) if record.rating == "up" else (None, last)


def _answered(
    tokenizer: Any,
    prompt: Sequence[Message],
    answer: Message,
    record: Record,
    told: Mapping[str, Any],
) -> Rendered:
    turns = (*unlearned(prompt), replace(answer, train=None))
    return replace(render(tokenizer, turns, record.tools, False, told), source=record.source)


def _check(
    loss: PreferenceLoss, domain: Domain, train: Sequence[Lesson], validation: Sequence[Lesson]
) -> None:
    where = str(domain.path / "feedback")
    what = "rated answers" if loss == "kto" else "pairs"
    if len(train) < 2 or not validation:
        raise JobError(
            f"{loss} needs 2 {what} to learn from and 1 held out; there are {len(train)} and "
            f"{len(validation)}.",
            where=where,
            todo="Add answers with a rating and, for pairs, the better one (docs/preference.md).",
        )
    thumbs = {lesson.liked for lesson in train if isinstance(lesson, Rated)}
    if len(thumbs) == 1:
        raise JobError(
            f"All {len(train)} ratings are thumbs {'up' if thumbs == {True} else 'down'}; kto "
            "learns from the difference between both sorts.",
            where=where,
            todo="Add ratings of the other sort.",
        )
