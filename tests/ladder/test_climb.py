"""The whole climb, for real, with a tiny random model: it must run, measure, and claim nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sadari.assistant import model_spec
from sadari.domain import Question, read_domain
from sadari.evaluation import Score
from sadari.ladder import LadderError, as_dict, climb, write_report
from sadari.ladder.climb import _Ascent, _judge
from sadari.ladder.measure import Measure
from sadari.ladder.types import Rung, Training, exposure
from sadari.llm import open_model
from sadari.store import Store
from tests.domains import small_domain


def test_every_rung_is_measured_and_kept(tmp_path: Path, tiny: Path) -> None:
    folder = small_domain(tmp_path / "shop", tiny)
    domain, store = read_domain(folder), Store.open(tmp_path / "home")
    seen: set[str] = set()

    def watch(stage: str, done: int, total: int) -> None:
        assert 0 <= done <= total
        seen.add(stage)

    done = asyncio.run(climb(domain, store, everything=True, until="tuned+rag", watch=watch))
    names = [rung.name for rung in done.judgement.rungs]
    assert names == ["prompt", "rag", "tuned", "tuned+rag", "shuffled+rag"]
    test = domain.exam("test")
    for rung in done.judgement.rungs:
        repeats = len(rung.training) or 1
        assert len(rung.scores) == repeats * len(test)
        assert all(score.right is not None for score in rung.scores)
        assert bool(rung.seconds) != rung.control, "nobody waits for a control"
    tuned = done.judgement.rungs[3]
    assert {t.seed for t in tuned.training} == set(domain.settings.tuning.seeds)
    assert done.judgement.rungs[1].recall_at_k is not None
    assert done.judgement.rungs[4].control
    assert {"index", "tuning", "prompt", "rag"} <= seen
    run = store.runs(kind="climb")[0]
    record = json.loads((store.run_folder(run.id) / "climb.json").read_text(encoding="utf-8"))
    assert run.status == "done"
    assert record["choice"] == done.judgement.choice
    json.dumps(as_dict(done.judgement), default=str)
    page = write_report(
        done.judgement, tmp_path / "report.html", curves=done.curves, notes=done.notes
    )
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")

    again = asyncio.run(climb(domain, store, everything=True, until="tuned+rag", watch=watch))
    assert again.judgement.look == 2
    afresh = Store.open(tmp_path / "another home")  # where nothing is kept that could be read
    again = asyncio.run(climb(domain, afresh, everything=True, until="tuned+rag", watch=watch))
    assert again.judgement.look == 1
    for one, other in zip(done.judgement.rungs, again.judgement.rungs, strict=True):
        timeless = [[replace(s, seconds=0.0) for s in rung.scores] for rung in (one, other)]
        assert timeless[0] == timeless[1], f"{one.name}: the same data gave other scores"
        assert one.bundle == other.bundle


def test_held_out_documents_teach_nothing(tmp_path: Path, tiny: Path) -> None:
    domain = read_domain(small_domain(tmp_path / "shop", tiny))
    store = Store.open(tmp_path / "home")
    done = asyncio.run(climb(domain, store, everything=True, until="tuned", watch=lambda *_: None))
    assert done.data is not None
    assert done.data.held_out
    assert not {r.group for r in (*done.data.train, *done.data.validation)} & done.data.held_out


def test_it_stops_where_the_target_is_met(tmp_path: Path) -> None:
    """The practice model refuses what it has no passages for: right for one of the questions."""
    price = 'input_per_million = 100\noutput_per_million = 300\nsource = "our bill of May"'
    folder = small_domain(tmp_path / "shop", "practice", **{"models.price": price})
    toml = folder / "domain.toml"
    text = toml.read_text(encoding="utf-8").replace("target = 0.8 ", "target = 0.1 ")
    toml.write_text(text.replace("max_tokens = 12", "max_tokens = 24"), encoding="utf-8")
    store = Store.open(tmp_path / "home")
    climbing = climb(
        read_domain(folder), store, everything=False, until="tuned+rag", watch=lambda *_: None
    )
    done = asyncio.run(climbing)
    assert [rung.name for rung in done.judgement.rungs] == ["prompt"]
    assert done.judgement.rungs[0].price_per_thousand
    assert "Prices: our bill of May." in done.notes


def scored(questions: Sequence[Question], right: Callable[[Question], bool]) -> tuple[Score, ...]:
    return tuple(Score(q.id, q.group, "digest", "key", right(q), "…") for q in questions)


def test_what_was_memorised_does_not_end_a_climb(tmp_path: Path, tiny: Path) -> None:
    """The climb stops by the verdict's rule: a tuned rung meets the target on answers that tuning
    cannot have seen, and two hours of training are the one-time cost."""
    folder = small_domain(tmp_path / "shop", tiny, tuning="per_hour = 5000")
    domain, store = read_domain(folder), Store.open(tmp_path / "home")
    test = domain.exam("test")
    held_out = frozenset(sorted({name for q in test for name in q.evidence})[:2])
    model = open_model(model_spec(domain))
    measure = Measure(domain, store, model, test, lambda *_: None)
    ascent = _Ascent(domain, store, measure.watch, measure, (), held_out, everything=False)
    known = exposure(test, held_out)
    assert known is not None
    hours = [Training(seed, "adapter", 9, 3600.0, 1.0, 1, 2, 0.1) for seed in (1, 2)]
    base = Rung("prompt", None, "a", scored(test, lambda q: False), price_per_thousand=300.0)
    tuned = Rung(
        "tuned",
        "prompt",
        "b",
        tuple(
            replace(score, repeat=repeat)
            for repeat in (0, 1)
            for score in scored(test, lambda q: q.id not in known.unseen)
        ),
        price_per_thousand=100.0,
        training=tuple(hours),
    )
    judgement = _judge(ascent, [base, tuned])
    standing = judgement.standing("tuned")
    assert standing.all.share.estimate > 0
    assert (standing.deciding.share.estimate, judgement.why) == (0, "nothing paid")
    assert standing.break_even == pytest.approx(10_000 / 0.2)


def test_without_an_exam_there_is_no_climb(tmp_path: Path, tiny: Path) -> None:
    folder = small_domain(tmp_path / "shop", tiny)
    (folder / "questions" / "test.jsonl").unlink()
    climbing = climb(
        read_domain(folder), Store.open(tmp_path), everything=False, until="rag", watch=print
    )
    with pytest.raises(LadderError, match="no test questions"):
        asyncio.run(climbing)
