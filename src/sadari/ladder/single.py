"""One evaluation on its own, kept as a run that later ones can be compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sadari.assistant import Assistant, bundle, index_for, model_spec, recipe_for
from sadari.domain import Domain, Split
from sadari.evaluation import (
    EvaluationError,
    Score,
    evaluate,
    lay_over,
    mean_parts,
    questions_digest,
    read_verdicts,
    verdicts_path,
    with_people,
)
from sadari.ladder.people import count_overruled, share_by_scorer
from sadari.ladder.standing import stand
from sadari.ladder.tasks import by_kind, by_task
from sadari.ladder.types import Rung, Watch
from sadari.llm import cores, open_model
from sadari.retrieval import recall_at_k
from sadari.store import Store, write_json


async def evaluate_one(
    domain: Domain,
    store: Store,
    *,
    rung: str,
    adapter: Path | None,
    split: Split,
    task: str = "",
    watch: Watch,
) -> dict[str, Any]:
    """Asks the rung's recipe, with `adapter` if given, the questions of `split`, of one `task` if
    one is named; returns its figures. The scores are kept under the run's id. A look at the test
    questions is counted."""
    questions = domain.exam(split, task)
    if not questions:
        of = f" of the task {task!r}" if task else ""
        raise EvaluationError(f"there are no {split} questions{of}.", where=str(domain.path))
    path = index_for(domain, store.home / "indexes") if rung == "rag" else None
    model = open_model(
        model_spec(domain), allow_remote=domain.settings.models.remote, workers=cores()
    )
    recipe = recipe_for(domain, rung, index=path, adapter=adapter, home=store.home)
    digest = bundle(recipe, model.info).digest
    assistant = Assistant(recipe, model, release=digest)
    verdicts = read_verdicts(verdicts_path(store, domain.id))
    settings = {"rung": rung, "adapter": str(adapter or ""), "split": split, "task": task}
    exam = questions_digest(questions)
    inputs = {"exam": exam, "bundle": digest}
    with store.running("evaluate", domain.id, inputs, settings) as run:
        scores = await evaluate(
            assistant,
            questions,
            {d.id: d for d in domain.documents},
            kept=store.home / "scores",
            on_progress=lambda done, total: watch(rung, done, total),
        )
        scores = lay_over(scores, questions, verdicts)
        recall = None
        if assistant.index is not None and any(q.evidence for q in questions):
            recall = recall_at_k(assistant.index, questions, domain.settings.retrieval.k)
        measured = Rung(rung, None, digest, scores, recall_at_k=recall)
        standing = stand(measured, target=domain.settings.target)
        write_json([asdict(s) for s in scores], store.run_folder(run.id) / "scores.json")
        people = with_people(verdicts, questions, scores)
        figures = {
            "run": run.id,
            "bundle": digest,
            "right": standing.all.share.estimate,
            "interval": [standing.all.share.low, standing.all.share.high],
            "overruled": count_overruled(scores),
            "right_by_scorer": share_by_scorer(scores),
            "agreement": people,
            "asked": standing.all.n,
            "unasked": standing.unasked,
            "not_found": standing.failures.not_found,
            "found_wrong": standing.failures.found_wrong,
            "recall_at_k": recall,
            "parts": mean_parts(scores),
            "kinds": by_kind(scores, questions),
            "tasks": by_task(scores, questions),
        }
        if split == "test":
            figures["look"] = store.next_look(domain.id, questions_digest(domain.exam(split)))
        store.finish_run(run.id, "done", outputs={"scores": "scores.json"}, metrics=plain(figures))
        return figures


def plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of `evaluate_one`, ready for JSON."""
    people = figures["agreement"]
    parts = {
        by: {name: asdict(part) for name, part in figures[by].items()} for by in ("kinds", "tasks")
    }
    return {**figures, "agreement": people and asdict(people), **parts}


def read_scores(store: Store, run: str) -> tuple[Score, ...]:
    """The scores that an evaluation kept. Raises EvaluationError when there are none."""
    path = store.run_folder(run) / "scores.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        todo = "`sadari evaluate` prints the run's name."
        raise EvaluationError(
            f"there is no evaluation {run}.", where=str(path), todo=todo
        ) from error
    return tuple(Score(**row) for row in rows)


def scores_of(store: Store, domain: str, adapter: str) -> dict[str, str]:
    """What was last measured with the adapter in the folder called `adapter`, by rung: the share
    right with its interval, in words. Climbs take their first seed's adapter."""
    found = {}
    for run in store.runs(domain=domain):
        if run.kind == "evaluate" and run.status == "done":
            if Path(run.settings["adapter"]).name == adapter:
                rung, split = run.settings["rung"], run.settings["split"]
                found[f"{rung}, {split} questions"] = _share(run.metrics, run.metrics["asked"])
        elif run.kind == "climb" and run.status == "done":
            path = store.run_folder(run.id) / "climb.json"
            for row in json.loads(path.read_text(encoding="utf-8"))["rungs"]:
                if row["recipe"]["adapter"] and Path(row["recipe"]["adapter"]).name == adapter:
                    figures = row["figures"]
                    found[f"{row['name']}, climb"] = _share(figures, figures["questions"])
    return found


def _share(figures: Mapping[str, Any], questions: int) -> str:
    low, high = figures["interval"]
    return f"{figures['right']:.1%} ({low:.1%} to {high:.1%}), {questions} questions"
