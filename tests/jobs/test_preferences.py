"""From pairs and thumbs in a domain to a tuning that starts where the one before ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sadari.assistant import Recipe, recipe_for
from sadari.data import Dataset, Record, prepare
from sadari.domain import Domain, read_domain
from sadari.domain.message import assistant, user
from sadari.jobs import Job, JobError, plan, tune_all
from sadari.jobs.lessons import Asking, lessons
from sadari.jobs.preferences import opinions, plan_preference, preferred
from sadari.llm.weights import load_tokenizer
from tests.domains import SUBJECTS, small_domain

PAIRS = [
    {
        "id": f"pair-{name}-{number}",
        "question": f"{ask} {title} 기준 좀 알려 줘요",
        "chosen": f"네, {fact}.",
        "rejected": "모릅니다." if number else f"네, {fact}.",
        "evidence": [name],
    }
    for name, (title, fact, *_) in SUBJECTS.items()
    for number, ask in enumerate(("급한데", "처음인데"))
]
THUMBS = [
    {
        "id": f"thumb-{name}-{rating}",
        "question": f"{title} 담당이 {ask}?",
        "answer": answer,
        "rating": rating,
        "evidence": [name],
    }
    for name, (title, *_) in SUBJECTS.items()
    for rating, ask, answer in (
        ("up", "어디예요", "고객 센터가 문의를 받습니다."),
        ("down", "누구야", "그런 것은 없습니다."),
    )
]


@pytest.fixture(scope="module")
def make_domain(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Any:
    def make(name: str, rows: list[dict[str, Any]]) -> Domain:
        folder = small_domain(
            tmp_path_factory.mktemp(name) / "shop", tiny, data="validation_share = 0.3"
        )
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        for old in (folder / "feedback").glob("*"):
            old.unlink()
        (folder / "feedback" / "said.jsonl").write_text(lines, encoding="utf-8")
        return read_domain(folder)

    return make


@pytest.fixture(scope="module")
def domain(make_domain: Any) -> Domain:
    return make_domain("both", [*PAIRS, *THUMBS])


@pytest.fixture(scope="module")
def data(domain: Domain) -> Dataset:
    return prepare(domain)


def first(domain: Domain, data: Dataset, home: Path) -> tuple[Job, Recipe]:
    closed = recipe_for(domain, "prompt")
    jobs = plan(domain, data, home / "adapters", closed=closed, open_book=None, seeds=[1])
    return jobs[0], closed


def planned(loss: Any, domain: Domain, data: Dataset, home: Path) -> tuple[Job, Any]:
    job, closed = first(domain, data, home)
    return plan_preference(loss, domain, data, home, job, closed=closed, open_book=None)


def test_pairs_come_from_corrections_and_equal_ones_are_counted(
    domain: Domain, data: Dataset, tmp_path: Path
) -> None:
    job, left_out = planned("dpo", domain, data, tmp_path)
    tokenizer = load_tokenizer(job.base)
    assert len(job.train) + len(job.validation) == len(SUBJECTS)
    assert left_out["its two answers are equal"] == len(SUBJECTS)
    assert left_out["one answer alone; kto learns from those"] == len(THUMBS)
    for pair in (*job.train, *job.validation):
        said = tokenizer.decode(
            [i for i, on in zip(pair.rejected.ids, pair.rejected.trained, strict=True) if on]
        )
        assert said.startswith("모릅니다.")
        assert domain.settings.persona in tokenizer.decode(pair.chosen.ids)


def test_thumbs_are_ratings_and_a_pair_is_two(
    domain: Domain, data: Dataset, tmp_path: Path
) -> None:
    job, _ = planned("kto", domain, data, tmp_path)
    rated = [*job.train, *job.validation]
    assert sum(one.liked for one in rated) == len(SUBJECTS) * 2
    assert sum(not one.liked for one in rated) == len(SUBJECTS) * 2


def test_bad_answers_without_a_correction_stay_on_the_side_of_their_document(
    domain: Domain, data: Dataset, tmp_path: Path
) -> None:
    found = opinions(domain, data, tmp_path)
    apart = {record.group for record in data.validation}
    assert {r.group for r in found.validation} <= apart
    assert apart.isdisjoint(r.group for r in found.train)
    bad = [r for r in (*found.train, *found.validation) if r.rating == "down" and not r.rejected]
    assert len(bad) == len(SUBJECTS)
    assert not any(r in data.train or r in data.validation for r in bad)


def test_a_disliked_answer_is_never_imitated(domain: Domain) -> None:
    bad = Record("x", (user("왜요?"), assistant("몰라요")), "g", "file:1", rating="down")
    recipe = recipe_for(domain, "prompt")
    tokenizer = load_tokenizer(Path(domain.settings.models.base))
    made = lessons([bad], tokenizer, Asking(recipe), seed=0)
    assert made == []


def test_ratings_of_one_sort_are_said(make_domain: Any, tmp_path: Path) -> None:
    ups = make_domain("ups", [row for row in THUMBS if row["rating"] == "up"])
    with pytest.raises(JobError, match=r"All \d ratings are thumbs up.*feedback|feedback.*thumbs"):
        planned("kto", ups, prepare(ups), tmp_path)


def test_no_pairs_are_said_before_anything_is_trained(make_domain: Any, tmp_path: Path) -> None:
    thumbs = make_domain("thumbs", THUMBS)
    with pytest.raises(JobError, match="needs 2 pairs to learn from and 1 held out; there are 0"):
        planned("ipo", thumbs, prepare(thumbs), tmp_path)


def test_a_whole_model_starts_from_the_tuning_before(make_domain: Any, tmp_path: Path) -> None:
    domain = make_domain("full", PAIRS)
    tuning = domain.settings.tuning.model_copy(update={"method": "full"})
    settings = domain.settings.model_copy(update={"tuning": tuning})
    domain = Domain(**{**vars(domain), "settings": settings})
    data = prepare(domain)
    before, closed = first(domain, data, tmp_path)
    job, _ = plan_preference("dpo", domain, data, tmp_path, before, closed=closed, open_book=None)
    assert job.settings.peak_rate == pytest.approx(before.settings.peak_rate / 40)
    assert (job.settings.epochs, job.settings.beta) == (1, 0.1)
    tune_all([before], domain, data)
    (tuned,) = tune_all([job], domain, data)
    assert tuned.result["train_losses"][0] == pytest.approx(0.6931, abs=1e-4)
    assert tuned.result["validation_losses"][0] == pytest.approx(0.6931, abs=1e-4)
    assert len(tuned.result["preferred"]) == 2
    assert "the likelier one in" in preferred(tuned.result)
