"""A search tries settings on a part, goes on after a kill, and ends with the best; a curve says
whether more data would pay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sadari.data import prepare
from sadari.domain import read_domain
from sadari.jobs import Job, JobError, plan, tune_all
from sadari.jobs.curve import Point, advice, curve_jobs, points
from sadari.jobs.search import Trial, chosen, search, with_settings
from tests.domains import small_domain


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    return small_domain(tmp_path_factory.mktemp("search") / "shop", tiny)


def _job(folder: Path, adapters: Path) -> Job:
    from sadari.assistant import recipe_for

    domain = read_domain(folder)
    closed = recipe_for(domain, "prompt")
    (job,) = plan(domain, prepare(domain), adapters, closed=closed, open_book=None, seeds=[1])
    return replace(job, settings=replace(job.settings, dtype="float32"))


def test_a_search_ends_with_the_best_trial_and_repeats_none(shop: Path, tmp_path: Path) -> None:
    job = _job(shop, tmp_path / "adapters")
    heard: list[Trial] = []

    class KilledError(Exception):
        pass

    def kill_after_two(trial: Trial, trials: int) -> None:
        heard.append(trial)
        if len(heard) == 2:
            raise KilledError

    with pytest.raises(KilledError):
        search(job, tmp_path / "searches", trials=4, on_trial=kill_after_two)
    found = search(job, tmp_path / "searches", trials=4, on_trial=lambda t, n: heard.append(t))
    assert [trial.number for trial in heard] == [0, 1, 2, 3]
    assert found.trials == tuple(heard)
    first = found.trials[0]  # what the domain asks for
    assert first.choice == {"rank": 16, "learning_rate": 2e-4, "epochs": 1}
    whole = [trial for trial in found.trials if trial.state == "whole"]
    assert all(len(trial.losses) == 3 for trial in whole)
    best = min(whole, key=lambda trial: trial.losses[-1])
    assert found.settings.rank == best.choice["rank"]
    assert found.settings.alpha == 2 * best.choice["rank"]  # the same scale
    assert found.settings.learning_rate == best.choice["learning_rate"]
    kept = json.loads(next((tmp_path / "searches").glob("*/trials.json")).read_text())
    assert [trial["number"] for trial in kept] == [0, 1, 2, 3]
    again = search(job, tmp_path / "searches", trials=4, on_trial=lambda t, n: heard.append(t))
    assert again == found
    assert len(heard) == 4
    assert with_settings(job, found.settings).folder.parent == job.folder.parent


def test_a_trial_that_was_killed_is_tried_again_with_what_it_has(
    shop: Path, tmp_path: Path
) -> None:
    """As its database stands after kill -9: one trial running, a quarter of its subset done."""
    import optuna

    job = _job(shop, tmp_path / "adapters")
    search(job, tmp_path / "searches", trials=1)
    (database,) = (tmp_path / "searches").glob("*/study.db")
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{database}")
    choice = {"rank": 8, "learning_rate": 1e-3, "epochs": 2}
    study.enqueue_trial(choice)
    running = study.ask()
    running.suggest_categorical("rank", [4, 8, 16, 32])
    running.suggest_float("learning_rate", 2e-4 / 8, 2e-4 * 8, log=True)
    running.suggest_categorical("epochs", [1, 2, 3, 5])
    running.report(0.123, 1)
    found = search(job, tmp_path / "searches", trials=2)
    last = found.trials[-1]
    assert last.choice == choice
    assert last.losses[0] == 0.123


def test_a_method_without_rank_is_searched_by_its_own_size(shop: Path, tmp_path: Path) -> None:
    job = _job(shop, tmp_path / "adapters")
    soft = replace(job, settings=replace(job.settings, method="prompt", learning_rate=None))
    (first,) = search(soft, tmp_path / "searches", trials=1).trials
    assert first.choice["virtual_tokens"] == soft.settings.virtual_tokens
    assert "rank" not in first.choice
    whole = chosen(replace(job.settings, method="full"), {"epochs": 2, "learning_rate": 1e-5})
    assert whole == replace(job.settings, method="full", epochs=2, learning_rate=1e-5)


def test_a_search_needs_examples_to_judge_by(shop: Path, tmp_path: Path) -> None:
    job = replace(_job(shop, tmp_path / "adapters"), validation=())
    with pytest.raises(JobError, match="held-out examples"):
        search(job, tmp_path / "searches")


def test_a_curve_is_of_nested_parts_and_ends_with_the_job_itself(
    shop: Path, tmp_path: Path
) -> None:
    domain, job = read_domain(shop), _job(shop, tmp_path / "adapters")
    jobs = curve_jobs(job)
    assert jobs[-1] is job
    sizes = [len(one.train) for one in jobs]
    assert sizes == [round(share * len(job.train)) for share in (0.25, 0.5, 1)]
    assert set(jobs[0].train) <= set(jobs[1].train) <= set(job.train)
    tuned = tune_all(jobs, domain, prepare(domain))
    curve = points(jobs, tuned, [None] * 3)
    assert [point.examples for point in curve] == sizes
    assert all(point.loss > 0 for point in curve)


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ((2.0, 1.6, 1.3), "about 0.225 more: collecting pays"),
        ((2.0, 1.6, 1.59), "hardly pays"),
        ((2.0, 1.6, 1.7), "look at its quality"),
        ((1.5, 1.6, 1.3), "about 0.300 more: collecting pays"),
    ],
)
def test_what_the_next_doubling_should_bring(losses: tuple[float, ...], said: str) -> None:
    curve = [Point(share, 100, loss) for share, loss in zip((0.25, 0.5, 1), losses, strict=True)]
    assert said in advice(curve)
