"""A climb in which people overruled the scorer says so, and what it would have said without."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sadari.domain import Key, Question, read_domain
from sadari.domain.message import user
from sadari.evaluation import keep_verdict, lay_over, verdict_on
from sadari.ladder import as_dict, climb, judge
from sadari.ladder.judgement import Judgement
from sadari.ladder.people import people_sentences, with_said
from sadari.ladder.record import rung_record
from sadari.ladder.report import render_report
from sadari.ladder.types import Rung
from sadari.store import Store
from tests.domains import small_domain
from tests.ladder.climbs import first, rung

N = 20
EXAM = tuple(
    Question(f"q{i}", f"g{i}", (user(f"Q{i}?"),), "answer", Key(must=((f"k{i}",),)), "test")
    for i in range(N)
)


def climbed(overruled: int) -> Judgement:
    """prompt 10 of 20 and rag 15 of 20 right, then so many of the prompt's wrong ones overruled."""
    rungs = [rung("prompt", None, [first(10, N)]), rung("rag", "prompt", [first(15, N)])]
    verdicts = tuple(
        replace(
            verdict_on(EXAM[i], rungs[0].scores[i], True, "맞는 답", True),
            scorer="key/1",
        )
        for i in range(10, 10 + overruled)
    )
    laid = [replace(r, scores=lay_over(r.scores, EXAM, verdicts)) for r in rungs]

    def judged(rungs: list[Rung]) -> Judgement:
        return judge(rungs, target=0.7, questions=EXAM)

    return with_said(judged(laid), verdicts, lambda rungs: judged(list(rungs)))


def test_nobody_judged_nothing_said() -> None:
    judgement = climbed(0)
    assert judgement.people is None
    assert people_sentences(judgement, "en") == ()


def test_overruled_answers_are_told_apart_everywhere() -> None:
    judgement = climbed(2)
    assert judgement.standing("prompt").all.share.estimate == pytest.approx(0.6)
    sentence, agreed = people_sentences(judgement, "en")
    assert "2 answers overruled by a person (prompt 2)" in sentence
    assert "prompt 50%, rag 75%" in sentence
    assert "agree on 0 of 2 answers judged" in agreed
    assert sentence in as_dict(judgement)["sentences"]
    assert as_dict(judgement)["people"]["overruled"] == {"prompt": 2, "rag": 0}
    page = render_report(judgement)
    assert "2 answers overruled by a person" in page
    figures = rung_record(judgement.rungs[0], judgement, EXAM, "exam")["figures"]
    assert (figures["overruled"], figures["right_by_scorer"]) == (2, 0.5)


def test_a_choice_that_people_made_is_said() -> None:
    judgement = climbed(5)
    assert judgement.choice == "prompt", "75% right with people's verdicts, and cheaper"
    assert judgement.people is not None
    assert judgement.people.choice_by_scorer == "rag"
    assert "It alone would choose rag" in people_sentences(judgement, "en")[0]
    assert "채점기만으로는 rag" in people_sentences(judgement, "ko")[0]


def test_korean_sentences_count_too() -> None:
    sentence, agreed = people_sentences(climbed(1), "ko")
    assert sentence.startswith("사람이 뒤집은 답 1개")
    assert "판정한 답 1개 중 0개 일치" in agreed


def test_the_report_gives_the_persons_reason() -> None:
    rungs = [rung("prompt", None, [first(10, N)]), rung("rag", "prompt", [first(15, N)])]
    verdict = verdict_on(EXAM[0], rungs[0].scores[0], False, "단위가 틀림", True)
    laid = [replace(r, scores=lay_over(r.scores, EXAM, [verdict])) for r in rungs]
    page = render_report(judge(laid, target=0.7, questions=EXAM))
    assert "A person: 단위가 틀림" in page


def test_a_climb_applies_what_was_said_before(tmp_path: Path, tiny: Path) -> None:
    domain, store = read_domain(small_domain(tmp_path / "shop", tiny)), Store.open(tmp_path)

    def climbed_to_prompt() -> Judgement:
        done = climb(domain, store, everything=False, until="prompt", watch=lambda *_: None)
        return asyncio.run(done).judgement

    before = climbed_to_prompt()
    score = before.rungs[0].scores[0]
    question = next(q for q in domain.exam("test") if q.id == score.question)
    keep_verdict(verdict_on(question, score, not score.right, "", True), store, domain.id)
    after = climbed_to_prompt()
    assert after.rungs[0].scores[0].right is not score.right
    assert after.rungs[0].scores[1:] == before.rungs[0].scores[1:]
    assert after.people is not None
    assert after.people.overruled == {"prompt": 1}
    run = store.runs(kind="climb")[-1]
    record = json.loads((store.run_folder(run.id) / "climb.json").read_text(encoding="utf-8"))
    assert record["people"]["overruled"] == {"prompt": 1}
