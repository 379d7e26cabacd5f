"""The climb: each rung is built, its prompt chosen on the dev questions, and measured on the test
questions, until one meets the target or the ladder ends. Then the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sadari.assistant import Assistant, Recipe, bundle, index_for, model_spec, recipe_for
from sadari.data import Dataset, pick_groups, prepare
from sadari.domain import Domain, Question
from sadari.evaluation import Score, evaluate, questions_digest
from sadari.jobs import Tuned, plan, tune_all
from sadari.ladder.improve import Trial, improve
from sadari.ladder.judgement import Judgement
from sadari.ladder.record import rung_record, write_json
from sadari.ladder.types import LadderError, Rung, Training, Watch
from sadari.ladder.verdict import judge
from sadari.llm import Failure, LanguageModel, open_model
from sadari.retrieval import recall_at_k
from sadari.store import Store
from sadari.text import normalise
from sadari.tuning import TuningError

RUNGS = ("prompt", "rag", "tuned", "tuned+rag")
CONTROL = "shuffled+rag"
TIMED = 12  # questions asked one at a time, for the seconds that a single user waits


@dataclass(frozen=True)
class Climb:
    """Everything that a climb found out."""

    domain: str
    run: str
    judgement: Judgement
    trials: dict[str, tuple[Trial, ...]]
    skipped: dict[str, str]
    data: Dataset | None
    curves: dict[str, tuple[tuple[int, float], ...]]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the report should know besides the verdict."""
        found = [f"{name} was not measured: {reason}." for name, reason in self.skipped.items()]
        for name, trials in self.trials.items():
            if trials:
                best = max(trial.right for trial in trials)
                worst = min(trial.right for trial in trials)
                found.append(
                    f"{name}: {len(trials)} wordings were tried on the dev questions, "
                    f"{worst:.0%} to {best:.0%} right; the best took the test."
                )
        for rung in self.judgement.rungs:
            share = rung.facts.get("verbatim_training_answers")
            if share is not None:
                found.append(f"{rung.name}: {share:.0%} of answers are training answers verbatim.")
        return tuple(found)


@dataclass
class _Ascent:
    """What the climb carries from rung to rung."""

    domain: Domain
    store: Store
    model: LanguageModel
    watch: Watch
    dev: tuple[Question, ...]
    test: tuple[Question, ...]
    index: Path | None = None
    rungs: list[Rung] = field(default_factory=list)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    trials: dict[str, tuple[Trial, ...]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    data: Dataset | None = None
    tuned: list[Tuned] = field(default_factory=list)
    curves: dict[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)


async def climb(
    domain: Domain, store: Store, *, everything: bool, until: str, watch: Watch
) -> Climb:
    """Climbs from the prompt to the rung `until`, stopping at the first that meets the domain's
    target unless `everything` is asked for, and judges each rung against its parent. Raises
    LadderError when there is nothing to measure with."""
    test = domain.exam("test")
    if not test:
        where = str(domain.path / "questions")
        todo = "Write some: a climb is a measurement."
        raise LadderError("there are no test questions.", where=where, todo=todo)
    if until not in RUNGS:
        raise LadderError(f"there is no rung {until!r}.", todo=f"Choose from {', '.join(RUNGS)}.")
    model = open_model(model_spec(domain), allow_remote=domain.settings.models.remote)
    settings = {"everything": everything, "until": until, "target": domain.settings.target}
    exam = questions_digest(test)
    run = store.start_run("climb", domain.id, {"model": model.info.name, "exam": exam}, settings)
    ascent = _Ascent(domain, store, model, watch, domain.exam("dev"), test)
    held_out = pick_groups(
        (d.id for d in domain.documents), domain.settings.data.held_out_share, seed=0
    )
    try:
        for name in RUNGS[: RUNGS.index(until) + 1]:
            await _climb_to(name, ascent, held_out)
            if _meets_target(ascent) and not everything:
                break
        if everything and "tuned+rag" in ascent.recipes:
            await _control(ascent, held_out)
    except BaseException:
        store.finish_run(run.id, "failed", outputs={}, metrics={})
        raise
    judgement = judge(
        ascent.rungs,
        target=domain.settings.target,
        held_out={q.id for q in test if q.evidence and held_out.issuperset(q.evidence)},
        questions=test,
        look=store.next_look(domain.id, exam),
        language=domain.settings.language,
    )
    record = {
        "domain": domain.id,
        "run": run.id,
        "exam": exam,
        "choice": judgement.choice,
        "rungs": [rung_record(rung, judgement, test, exam) for rung in ascent.rungs],
        "skipped": ascent.skipped,
    }
    write_json(record, store.run_folder(run.id) / "climb.json")
    outputs = {"record": "climb.json", "report": "report.html"}
    store.finish_run(run.id, "done", outputs=outputs, metrics={"choice": judgement.choice})
    return Climb(
        domain.id,
        run.id,
        judgement,
        ascent.trials,
        ascent.skipped,
        ascent.data,
        ascent.curves,
    )


async def _climb_to(name: str, ascent: _Ascent, held_out: frozenset[str]) -> None:
    """Builds and measures one rung; a rung that cannot be is skipped with the reason."""
    domain = ascent.domain
    if "rag" in name and not domain.documents:
        ascent.skipped[name] = "the domain has no documents"
        return
    if "rag" in name and ascent.index is None:
        ascent.index = index_for(
            domain,
            ascent.store.home / "indexes",
            on_progress=lambda done, total: ascent.watch("index", done, total),
        )
    if "tuned" not in name:
        recipe = recipe_for(domain, name, index=ascent.index or Path())
        ascent.recipes[name] = await _choose(recipe, ascent)
        ascent.rungs.append(await _measure(ascent.recipes[name], ascent))
        return
    if ascent.model.info.remote:
        ascent.skipped[name] = "the model lies at an endpoint and is not tuned here"
        return
    if "tuned" in ascent.skipped:
        ascent.skipped[name] = ascent.skipped["tuned"]
        return
    try:
        ascent.tuned = ascent.tuned or await _tune(ascent, held_out, domain.settings.tuning.seeds)
    except TuningError as error:
        ascent.skipped[name] = str(error)
        return
    tuned = ascent.tuned
    parent = ascent.recipes["rag" if "rag" in name else "prompt"]
    base = replace(parent, prompt=replace(parent.prompt, examples=()))
    ascent.recipes[name] = base
    ascent.rungs.append(await _measure_seeds(name, base, tuned, ascent))


async def _choose(recipe: Recipe, ascent: _Ascent) -> Recipe:
    async def measure(candidate: Recipe, questions: Sequence[Question]) -> Sequence[Score]:
        return await _exam(candidate, questions, ascent, f"{recipe.name}: choosing a prompt")

    best, trials = await improve(recipe, ascent.domain, ascent.dev, measure)
    ascent.trials[recipe.name] = trials
    return best


async def _tune(
    ascent: _Ascent, held_out: frozenset[str], seeds: Sequence[int], shuffled: bool = False
) -> list[Tuned]:
    """One adapter per seed, trained without the held-out documents."""
    domain = ascent.domain
    if ascent.data is None:
        ascent.data = prepare(domain, held_out=held_out)
    jobs = plan(
        domain,
        ascent.data,
        ascent.store.home / "adapters",
        closed=ascent.recipes["prompt"],
        open_book=ascent.recipes.get("rag"),
        seeds=seeds,
        shuffled=shuffled,
    )
    steps: dict[str, tuple[int, int]] = {}

    def on_step(name: str, step: int, total: int, loss: float) -> None:
        steps[name] = (step, total)
        done = sum(s for s, _ in steps.values())
        ascent.watch("tuning", done, total * len(jobs))

    tuned = await asyncio.to_thread(tune_all, jobs, domain, ascent.data, on_step)
    for one in tuned:
        ascent.curves[one.name] = tuple(enumerate(one.result["train_losses"], start=1))
    return tuned


async def _control(ascent: _Ascent, held_out: frozenset[str]) -> None:
    """The same adapter trained on shuffled answers: it must gain nothing."""
    tuned = await _tune(ascent, held_out, ascent.domain.settings.tuning.seeds[:1], shuffled=True)
    recipe = replace(ascent.recipes["tuned+rag"], name=CONTROL, parent="rag")
    rung = await _measure_seeds(CONTROL, recipe, tuned, ascent)
    ascent.rungs.append(replace(rung, control=True))


async def _measure_seeds(
    name: str, recipe: Recipe, tuned: Sequence[Tuned], ascent: _Ascent
) -> Rung:
    """A tuned rung: every seed's adapter takes the exam; the first one's bundle stands for it."""
    measured = []
    for repeat, one in enumerate(tuned):
        parent = "rag" if "rag" in name else "prompt"
        own = replace(recipe, name=name, parent=parent, adapter=str(one.adapter))
        measured.append(await _measure(own, ascent, repeat))
    first = measured[0]
    ascent.recipes[name] = replace(
        recipe, name=name, parent=first.parent, adapter=str(tuned[0].adapter)
    )
    return replace(
        first,
        scores=tuple(score for rung in measured for score in rung.scores),
        training=tuple(_training(one) for one in tuned),
        facts={"verbatim_training_answers": _verbatim(measured, ascent)},
    )


async def _measure(recipe: Recipe, ascent: _Ascent, repeat: int = 0) -> Rung:
    stage = recipe.name if repeat == 0 else f"{recipe.name}, seed {repeat + 1}"
    scores = await _exam(recipe, ascent.test, ascent, stage, repeat)
    seconds = await _wait_times(recipe, ascent) if repeat == 0 else ()
    recall = None
    if recipe.retrieval is not None:
        assistant = Assistant(recipe, ascent.model)
        assert assistant.index is not None
        recall = recall_at_k(assistant.index, ascent.test, recipe.retrieval.k)
    price = ascent.model.info.price
    return Rung(
        name=recipe.name,
        parent=recipe.parent,
        bundle=scores[0].bundle,
        scores=scores,
        seconds=seconds,
        price_per_thousand=_price(scores, ascent.model),
        currency=price.currency if price else "KRW",
        recall_at_k=recall,
        recipe=recipe.as_dict(),
    )


async def _exam(
    recipe: Recipe, questions: Sequence[Question], ascent: _Ascent, stage: str, repeat: int = 0
) -> tuple[Score, ...]:
    digest = bundle(recipe, ascent.model).digest
    assistant = Assistant(recipe, ascent.model, release=digest)
    documents = {d.id: d for d in ascent.domain.documents}
    return await evaluate(
        assistant,
        questions,
        documents,
        repeat=repeat,
        kept=ascent.store.home / "scores",
        on_progress=lambda done, total: ascent.watch(stage, done, total),
    )


async def _wait_times(recipe: Recipe, ascent: _Ascent) -> tuple[float, ...]:
    """Seconds from question to whole answer, one question at a time."""
    loop = asyncio.get_running_loop()
    assistant = Assistant(recipe, ascent.model)
    seconds = []
    for question in ascent.test[:: max(1, len(ascent.test) // TIMED)][:TIMED]:
        began = loop.time()
        done = (await assistant.answer_all([question.messages]))[0]
        if not isinstance(done, Failure):
            seconds.append(loop.time() - began)
    return tuple(seconds)


def _meets_target(ascent: _Ascent) -> bool:
    if not ascent.rungs:
        return False
    scores = [s.right for s in ascent.rungs[-1].scores if s.right is not None]
    return bool(scores) and sum(scores) / len(scores) >= ascent.domain.settings.target


def _price(scores: Sequence[Score], model: LanguageModel) -> float | None:
    """Money for 1,000 answers of these lengths; None where the model has no price."""
    if model.info.price is None:
        return None
    read = sum(s.prompt_tokens for s in scores) / len(scores)
    written = sum(s.completion_tokens for s in scores) / len(scores)
    price = model.info.price
    return (read * price.input_per_million + written * price.output_per_million) / 1000


def _verbatim(measured: Sequence[Rung], ascent: _Ascent) -> float:
    """Share of answers that are a training answer word for word, refusals left out."""
    assert ascent.data is not None
    learned = {normalise(r.messages[-1].content) for r in ascent.data.train}
    learned.discard(normalise(ascent.domain.settings.refusal))
    answers = [normalise(s.answer) for rung in measured for s in rung.scores]
    return sum(answer in learned for answer in answers) / max(1, len(answers))


def _training(tuned: Tuned) -> Training:
    result: Any = tuned.result
    return Training(
        seed=tuned.seed,
        adapter=str(tuned.adapter),
        examples=result["examples"],
        seconds=result["seconds"],
        tokens_per_second=result["tokens_per_second"],
        trainable=result["trainable"],
        total=result["total"],
        validation_loss=result["best_validation_loss"],
    )
