"""The climb: each rung is built, its prompt chosen on the dev questions, and measured on the test
questions, until one meets the target or the ladder ends. Then the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from sadari.assistant import (
    TOOLS_FILE,
    Recipe,
    index_for,
    model_spec,
    recipe_for,
)
from sadari.data import Dataset, pick_groups, prepare_in
from sadari.data.leakage import refuse_leaks
from sadari.data.prepare import told_by_people
from sadari.domain import Domain, Question
from sadari.evaluation import Score, questions_digest, read_verdicts, verdicts_path
from sadari.jobs import Job, Tuned, plan, tune_all
from sadari.ladder.improve import Trial, improve
from sadari.ladder.judgement import Judgement
from sadari.ladder.measure import Measure
from sadari.ladder.people import with_said
from sadari.ladder.record import rung_record
from sadari.ladder.tasks import compare_tasks, split_advice
from sadari.ladder.types import LadderError, Rung, Watch, exposure
from sadari.ladder.verdict import judge
from sadari.llm import cores, open_model
from sadari.store import Store, write_json
from sadari.tuning import TuningError

RUNGS = ("prompt", "rag", "tools", "tuned", "tuned+rag")
CONTROL = "shuffled+rag"


@dataclass(frozen=True)
class Climb:
    """Everything that a climb found out."""

    domain: str
    folder: Path
    run: str
    judgement: Judgement
    trials: dict[str, tuple[Trial, ...]]
    skipped: dict[str, str]
    data: Dataset | None
    curves: dict[str, tuple[tuple[int, float], ...]]
    prices_from: str = ""

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
            found.extend(self._task_notes(rung))
        if self.prices_from:
            found.append(f"Prices: {self.prices_from}.")
        return tuple(found)

    def _task_notes(self, rung: Rung) -> list[str]:
        """Which tasks one adapter for all of them makes worse."""
        parent = next((r for r in self.judgement.rungs if r.name == rung.parent), None)
        if parent is None or not rung.training or rung.control:
            return []
        compared = compare_tasks(parent.scores, rung.scores, self.judgement.questions)
        advice = split_advice(compared, str(self.folder))
        return [f"{rung.name}, {advice}"] if advice else []


@dataclass
class _Ascent:
    """What the climb carries from rung to rung."""

    domain: Domain
    store: Store
    watch: Watch
    measure: Measure
    dev: tuple[Question, ...]
    held_out: frozenset[str]
    everything: bool
    index: Path | None = None
    rungs: list[Rung] = field(default_factory=list)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    trials: dict[str, tuple[Trial, ...]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    data: Dataset | None = None
    tuned: list[Tuned] = field(default_factory=list)
    control: list[Tuned] = field(default_factory=list)
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
    refuse_leaks(told_by_people(domain), domain.questions)  # before the exam is looked at
    model = open_model(
        model_spec(domain), allow_remote=domain.settings.models.remote, workers=cores()
    )
    settings = {"everything": everything, "until": until, "target": domain.settings.target}
    verdicts = read_verdicts(verdicts_path(store, domain.id))
    exam = questions_digest(test)
    held_out = pick_groups(
        (d.id for d in domain.documents), domain.settings.data.held_out_share, seed=0
    )
    measure = Measure(domain, store, model, test, watch, verdicts)
    ascent = _Ascent(domain, store, watch, measure, domain.exam("dev"), held_out, everything)
    inputs = {"model": model.info.name, "exam": exam}
    with store.running("climb", domain.id, inputs, settings) as run:
        # Rung by rung, to the first that meets the target or to the top.
        for name in RUNGS[: RUNGS.index(until) + 1]:
            await _climb_to(name, ascent)
            if not everything and ascent.rungs and _judge(ascent, ascent.rungs).why == "meets":
                break
        if everything and "tuned+rag" in ascent.recipes:
            await _control(ascent)

        # The verdict, and its record.
        judge_rungs = partial(_judge, ascent, look=store.next_look(domain.id, exam))
        judgement = with_said(judge_rungs(ascent.rungs), verdicts, judge_rungs)
        record = {
            "domain": domain.id,
            "run": run.id,
            "exam": exam,
            "choice": judgement.choice,
            "rungs": [rung_record(rung, judgement, test, exam) for rung in ascent.rungs],
            "skipped": ascent.skipped,
            "people": asdict(judgement.people) if judgement.people else None,
        }
        write_json(record, store.run_folder(run.id) / "climb.json")
        outputs = {"record": "climb.json", "report": "report.html"}
        store.finish_run(run.id, "done", outputs=outputs, metrics={"choice": judgement.choice})
    return Climb(
        domain.id,
        domain.path,
        run.id,
        judgement,
        ascent.trials,
        ascent.skipped,
        ascent.data,
        ascent.curves,
        model.info.price.source if model.info.price else "",
    )


async def _climb_to(name: str, ascent: _Ascent) -> None:
    """Builds and measures one rung; a rung that cannot be is skipped with the reason."""
    domain = ascent.domain
    if "rag" in name and not domain.documents:
        ascent.skipped[name] = "the domain has no documents"
        return
    if name == "tools" and not (domain.path / TOOLS_FILE).is_file():
        return
    if "rag" in name and ascent.index is None:
        ascent.index = index_for(
            domain,
            ascent.store.home / "indexes",
            on_progress=lambda done, total: ascent.watch("index", done, total),
        )
    if "tuned" not in name:
        recipe = recipe_for(domain, name, index=ascent.index, home=ascent.store.home)
        ascent.recipes[name] = await _choose(recipe, ascent)
        ascent.rungs.append(await ascent.measure.rung(ascent.recipes[name]))
        return
    if ascent.measure.model.info.remote:
        ascent.skipped[name] = "the model lies at an endpoint and is not tuned here"
        return
    if "tuned" in ascent.skipped:
        ascent.skipped[name] = ascent.skipped["tuned"]
        return
    try:
        if not ascent.tuned:
            await _tune(ascent)
    except TuningError as error:
        ascent.skipped[name] = str(error)
        return
    below = "rag" if "rag" in name else "prompt"
    prompt = replace(ascent.recipes[below].prompt, examples=())
    recipe = replace(ascent.recipes[below], name=name, parent=below, prompt=prompt)
    ascent.recipes[name] = recipe
    assert ascent.data is not None
    ascent.rungs.append(await ascent.measure.tuned_rung(recipe, ascent.tuned, ascent.data))


async def _choose(recipe: Recipe, ascent: _Ascent) -> Recipe:
    async def measure(candidate: Recipe, questions: Sequence[Question]) -> Sequence[Score]:
        stage = f"{recipe.name}: choosing a prompt"
        return await ascent.measure.exam(candidate, questions, stage)

    best, trials = await improve(recipe, ascent.domain, ascent.dev, measure)
    ascent.trials[recipe.name] = trials
    return best


async def _tune(ascent: _Ascent) -> None:
    """One adapter per seed, trained without the held-out documents; and the control's beside
    them, for a core would be idle where it came after."""
    domain, seeds = ascent.domain, ascent.domain.settings.tuning.seeds
    ascent.data = data = prepare_in(ascent.store.home, domain, held_out=ascent.held_out)

    def jobs_for(seeds: Sequence[int], shuffled: bool) -> list[Job]:
        return plan(
            domain,
            data,
            ascent.store.home / "adapters",
            closed=ascent.recipes["prompt"],
            open_book=ascent.recipes.get("rag"),
            seeds=seeds,
            shuffled=shuffled,
        )

    jobs = [*jobs_for(seeds, False), *(jobs_for(seeds[:1], True) if ascent.everything else ())]
    steps: dict[str, tuple[int, int]] = {}

    def on_step(name: str, step: int, total: int, loss: float) -> None:
        steps[name] = (step, total)
        done = sum(s for s, _ in steps.values())
        ascent.watch("tuning", done, total * len(jobs))

    tuned = await asyncio.to_thread(tune_all, jobs, domain, data, on_step)
    for one in tuned:
        ascent.curves[one.name] = tuple(enumerate(one.result["train_losses"], start=1))
    ascent.tuned, ascent.control = tuned[: len(seeds)], tuned[len(seeds) :]


async def _control(ascent: _Ascent) -> None:
    """The same adapter trained on shuffled answers: it must gain nothing."""
    recipe = replace(ascent.recipes["tuned+rag"], name=CONTROL, parent="rag")
    assert ascent.data is not None
    rung = await ascent.measure.tuned_rung(recipe, ascent.control, ascent.data, control=True)
    ascent.rungs.append(rung)


def _judge(ascent: _Ascent, rungs: Sequence[Rung], look: int = 1) -> Judgement:
    """The verdict on these rungs, by which the climb also knows where to stop."""
    settings, test = ascent.domain.settings, ascent.measure.test
    hour = settings.tuning.per_hour or 0.0
    trained = {r.name: hour * sum(t.seconds for t in r.training) / 3600 for r in rungs}
    return judge(
        rungs,
        target=settings.target,
        exposure=exposure(test, ascent.held_out),
        questions=test,
        setup_costs={name: cost for name, cost in trained.items() if cost},
        look=look,
        language=settings.language,
    )
